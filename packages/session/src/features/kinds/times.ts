import type { Cell, Compiling, Reader } from '../compiling.ts'
import type { SpecOf, Where } from '../spec.ts'
import { countCell, latestCell } from './counts.ts'

// elapsed, time_since, gap, dwell, calendar: seconds, made of event time that never goes back.

const SECOND_MS = 1_000

export function compileElapsed(_spec: SpecOf<'elapsed'>, compiling: Compiling): Reader {
  return readPlusOne(latestCell(compiling, undefined))
}

export function compileTimeSince(spec: SpecOf<'time_since'>, compiling: Compiling): Reader {
  const matching = latestCell(compiling, spec.where)
  const all = latestCell(compiling, undefined)
  return (cells, at) => {
    const plusOne = cells.u32[(at >> 2) + matching.index]!
    return plusOne === 0 ? NaN : (cells.u32[(at >> 2) + all.index]! - plusOne) / SECOND_MS
  }
}

/** What is kept of the gaps between the events that one filter lets through; a cell that no feature needs is absent. */
interface Gaps {
  readonly filter: number
  /** When the event before was: milliseconds since the session began, plus 1; 0 is never. So for `first`. */
  readonly before: Cell
  first?: Cell
  /** A gap plus 1. */
  last?: Cell
  max?: Cell
  squares?: Cell
}

export function compileGap(spec: SpecOf<'gap'>, compiling: Compiling): Reader {
  const gaps = gapsOf(spec.where, compiling)
  const cell = (name: string, bytes: 4 | 8): Cell => compiling.cell(`gap ${gaps.filter} ${name}`, bytes)
  switch (spec.stat) {
    case 'last':
      return readPlusOne((gaps.last ??= cell('last', 4)))
    case 'max':
      return readPlusOne((gaps.max ??= cell('max', 4)))
    case 'mean':
    case 'std': {
      const count = countCell(compiling, spec.where)
      const { before } = gaps
      const first = (gaps.first ??= cell('first', 4))
      // The sum of all gaps is the way from the first event to the latest.
      const readMean: Reader = (cells, at) => {
        const gapCount = cells.u16[(at >> 1) + count.index]! - 1
        if (gapCount < 1) return NaN
        const wayMs = cells.u32[(at >> 2) + before.index]! - cells.u32[(at >> 2) + first.index]!
        return wayMs / gapCount / SECOND_MS
      }
      if (spec.stat === 'mean') return readMean
      const squares = (gaps.squares ??= cell('squares', 8))
      return (cells, at, startedAt) => {
        const mean = readMean(cells, at, startedAt)
        const gapCount = cells.u16[(at >> 1) + count.index]! - 1
        return Math.sqrt(Math.max(0, cells.f64[(at >> 3) + squares.index]! / gapCount - mean * mean))
      }
    }
  }
}

function gapsOf(where: Where | undefined, compiling: Compiling): Gaps {
  const filter = compiling.filter(where)
  const gaps = compiling.shared<Gaps>(`gaps ${filter}`, () => ({
    filter,
    before: compiling.cell(`gap ${filter} before`, 4),
  }))
  compiling.step(filter, `gap ${filter}`, () => (cells, at, now) => {
    const { before, first, last, max, squares } = gaps
    const plusOne = now.offsetMs + 1
    const beforePlusOne = cells.u32[(at >> 2) + before.index]!
    cells.u32[(at >> 2) + before.index] = plusOne
    if (beforePlusOne === 0) {
      if (first !== undefined) cells.u32[(at >> 2) + first.index] = plusOne
      return
    }
    const gapMs = plusOne - beforePlusOne
    if (last !== undefined) cells.u32[(at >> 2) + last.index] = gapMs + 1
    if (max !== undefined && gapMs + 1 > cells.u32[(at >> 2) + max.index]!)
      cells.u32[(at >> 2) + max.index] = gapMs + 1
    if (squares !== undefined)
      cells.f64[(at >> 3) + squares.index]! += (gapMs / SECOND_MS) * (gapMs / SECOND_MS)
  })
  return gaps
}

function readPlusOne(cell: Cell): Reader {
  return (cells, at) => {
    const plusOne = cells.u32[(at >> 2) + cell.index]!
    return plusOne === 0 ? NaN : (plusOne - 1) / SECOND_MS
  }
}

export function compileDwell(spec: SpecOf<'dwell'>, compiling: Compiling): Reader {
  const filter = compiling.filter(spec.where)
  const key = `dwell ${filter}`
  const sum = compiling.cell(`${key} sum`, 4)
  const isHere = compiling.cell(`${key} here`, 1)
  // Steps without a filter run first: at each event the time since the one before is added if that one matched.
  compiling.step(0, `${key} leave`, () => (cells, at, now) => {
    const i = at + isHere.index
    if (cells.u8[i] === 0) return
    cells.u8[i] = 0
    cells.u32[(at >> 2) + sum.index]! += now.gapMs
  })
  compiling.step(filter, `${key} enter`, () => (cells, at) => {
    cells.u8[at + isHere.index] = 1
  })
  return (cells, at) => cells.u32[(at >> 2) + sum.index]! / SECOND_MS
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export function compileCalendar(spec: SpecOf<'calendar'>): Reader {
  const offsetMs = (spec.utc_offset_minutes ?? 0) * MINUTE_MS
  // Day 0 of the epoch was a Thursday.
  const weekday = (startedAt: number): number =>
    modulo(Math.floor((startedAt + offsetMs) / DAY_MS) + 3, 7) + 1
  switch (spec.part) {
    case 'hour':
      return (_cells, _at, startedAt) => Math.floor(modulo(startedAt + offsetMs, DAY_MS) / HOUR_MS)
    case 'weekday':
      return (_cells, _at, startedAt) => weekday(startedAt)
    case 'weekend':
      return (_cells, _at, startedAt) => (weekday(startedAt) > 5 ? 1 : 0)
  }
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}
