import type { Cell, Compiling, Reader } from '../compiling.ts'
import { getNumber, type NumberField } from '../fields.ts'
import type { SpecOf, Where } from '../spec.ts'

// sum, mean, std, min, max, first, last of a field of numbers.

type NumberSpec = SpecOf<'sum' | 'mean' | 'std' | 'min' | 'max' | 'first' | 'last'>

/** What is kept of one field's numbers under one filter; a cell that no feature needs is absent. */
interface Kept {
  readonly count: Cell
  sum?: Cell
  squares?: Cell
  min?: Cell
  max?: Cell
  first?: Cell
  last?: Cell
}

export function compileNumber(spec: NumberSpec, compiling: Compiling): Reader {
  const kept = keptOf(spec.of, spec.where, compiling)
  const { count } = kept
  const cell = (name: string): Cell =>
    compiling.cell(`number ${spec.of} ${compiling.filter(filterOf(spec))} ${name}`, 8)
  switch (spec.kind) {
    case 'sum': {
      const sum = (kept.sum ??= cell('sum'))
      return (cells, at) => cells.f64[(at >> 3) + sum.index]!
    }
    case 'mean': {
      const sum = (kept.sum ??= cell('sum'))
      return (cells, at) => cells.f64[(at >> 3) + sum.index]! / cells.u16[(at >> 1) + count.index]!
    }
    case 'std': {
      const sum = (kept.sum ??= cell('sum'))
      const squares = (kept.squares ??= cell('squares'))
      return (cells, at) => {
        const n = cells.u16[(at >> 1) + count.index]!
        const mean = cells.f64[(at >> 3) + sum.index]! / n
        // Rounding may leave a little less than nothing.
        return Math.sqrt(Math.max(0, cells.f64[(at >> 3) + squares.index]! / n - mean * mean))
      }
    }
    case 'min':
      return readIfAny((kept.min ??= cell('min')), count)
    case 'max':
      return readIfAny((kept.max ??= cell('max')), count)
    case 'first':
      return readIfAny((kept.first ??= cell('first')), count)
    case 'last':
      return readIfAny((kept.last ??= cell('last')), count)
  }
}

function readIfAny(cell: Cell, count: Cell): Reader {
  return (cells, at) => (cells.u16[(at >> 1) + count.index] === 0 ? NaN : cells.f64[(at >> 3) + cell.index]!)
}

/** Events without the number are left out. */
function filterOf({ of, where }: { of: NumberField; where?: Where | undefined }): Where {
  return { ...where, [of]: { exists: true } }
}

function keptOf(of: NumberField, where: Where | undefined, compiling: Compiling): Kept {
  const filter = compiling.filter(filterOf({ of, where }))
  const key = `number ${of} ${filter}`
  const kept = compiling.shared<Kept>(key, () => ({ count: compiling.cell(`${key} count`, 2) }))
  const get = getNumber[of]
  compiling.step(filter, key, () => (cells, at, now) => {
    const value = get(now.event)!
    const { count, sum, squares, min, max, first, last } = kept
    const isFirst = cells.u16[(at >> 1) + count.index]!++ === 0
    const { f64 } = cells
    const base = at >> 3
    if (sum !== undefined) f64[base + sum.index]! += value
    if (squares !== undefined) f64[base + squares.index]! += value * value
    if (min !== undefined && (isFirst || value < f64[base + min.index]!)) f64[base + min.index] = value
    if (max !== undefined && (isFirst || value > f64[base + max.index]!)) f64[base + max.index] = value
    if (first !== undefined && isFirst) f64[base + first.index] = value
    if (last !== undefined) f64[base + last.index] = value
  })
  return kept
}
