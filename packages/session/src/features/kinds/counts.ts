import type { Cell, Compiling, Reader } from '../compiling.ts'
import type { SpecOf, Where } from '../spec.ts'

// count, share, rate: all made of how often a filter let an event through. A session has at most 65,535 events, so
// sixteen bits never overflow.

/** The cell that counts the events which `where` lets through. */
export function countCell(compiling: Compiling, where: Where | undefined): Cell {
  const filter = compiling.filter(where)
  const cell = compiling.cell(`count ${filter}`, 2)
  compiling.step(filter, `count ${filter}`, () => (cells, at) => {
    cells.u16[(at >> 1) + cell.index]!++
  })
  return cell
}

export function compileCount(spec: SpecOf<'count'>, compiling: Compiling): Reader {
  const count = countCell(compiling, spec.where)
  return (cells, at) => cells.u16[(at >> 1) + count.index]!
}

export function compileShare(spec: SpecOf<'share'>, compiling: Compiling): Reader {
  const count = countCell(compiling, spec.where)
  const all = countCell(compiling, undefined)
  // Without any event 0 / 0 is NaN, as it should be.
  return (cells, at) => cells.u16[(at >> 1) + count.index]! / cells.u16[(at >> 1) + all.index]!
}

const MINUTE_MS = 60_000

export function compileRate(spec: SpecOf<'rate'>, compiling: Compiling): Reader {
  const count = countCell(compiling, spec.where)
  const latest = latestCell(compiling, undefined)
  return (cells, at) => {
    const elapsedMs = cells.u32[(at >> 2) + latest.index]! - 1
    return cells.u16[(at >> 1) + count.index]! / (Math.max(elapsedMs, MINUTE_MS) / MINUTE_MS)
  }
}

/**
 * The cell that holds when the latest event was which `where` lets through: milliseconds since the session began,
 * plus 1, so that 0 is never.
 */
export function latestCell(compiling: Compiling, where: Where | undefined): Cell {
  const filter = compiling.filter(where)
  const cell = compiling.cell(`latest ${filter}`, 4)
  compiling.step(filter, `latest ${filter}`, () => (cells, at, now) => {
    cells.u32[(at >> 2) + cell.index] = now.offsetMs + 1
  })
  return cell
}
