import type { Cell, Codes, Compiling, Reader } from '../compiling.ts'
import type { TextField } from '../fields.ts'
import type { SpecOf, Where } from '../spec.ts'

// first_touch, sequence, transition: where the visitor came from and which path they took. Cells hold a value's code +
// 1, so that 0 means none yet.

export function compileFirstTouch(spec: SpecOf<'first_touch'>, compiling: Compiling): Reader {
  const codes = compiling.codes(spec.of, namedValues(spec))
  const filter = compiling.filter(spec.where)
  const cell = compiling.cell(`first ${spec.of} ${filter}`, 1)
  compiling.step(filter, `first ${spec.of} ${filter}`, () => (cells, at, now) => {
    if (cells.u8[at + cell.index] === 0) cells.u8[at + cell.index] = now.codes[codes.number]! + 1
  })
  const table = tableOf(spec, codes)
  return (cells, at) => table[cells.u8[at + cell.index]!]!
}

export function compileSequence(spec: SpecOf<'sequence'>, compiling: Compiling): Reader {
  const back = spec.back ?? 1
  const codes = compiling.codes(spec.of, namedValues(spec))
  const filter = compiling.filter(spec.where)
  const key = `latest ${spec.of} ${filter}`
  const cell = compiling.cell(key, 1, back)
  compiling.step(filter, key, () => (cells, at, now) => {
    const first = at + cell.index
    for (let i = first + cell.length - 1; i > first; i--) cells.u8[i] = cells.u8[i - 1]!
    cells.u8[first] = now.codes[codes.number]! + 1
  })
  const table = tableOf(spec, codes)
  return (cells, at) => table[cells.u8[at + cell.index + back - 1]!]!
}

interface Named {
  readonly of: TextField
  readonly where?: Where | undefined
  readonly is?: string | string[] | undefined
  readonly values?: string[] | undefined
}

const namedValues = ({ is, values }: Named): string[] => values ?? [is ?? []].flat()

/** The feature's value, by the content of a cell. */
function tableOf(spec: Named, codes: Codes): Float64Array {
  const table = new Float64Array(256)
  // Nothing yet, and (for a code among values, not for a yes or no) an event without the field.
  table[0] = NaN
  if (spec.values !== undefined) table[1] = NaN
  namedValues(spec).forEach((value, i) => {
    table[codes.code(value) + 1] = spec.values === undefined ? 1 : i + 1
  })
  return table
}

export function compileTransition(spec: SpecOf<'transition'>, compiling: Compiling): Reader {
  const codes = compiling.codes(spec.of, [spec.from ?? [], spec.to].flat())
  const filter = compiling.filter(spec.where)
  const key = `transition ${spec.of} ${filter}`
  const count = compiling.cell(`${key} ${JSON.stringify([spec.from ?? null, spec.to])}`, 2)
  const before = compiling.cell(`${key} before`, 1)
  // All transitions of a field under one filter are one step: it looks up what it has to count.
  const counts = compiling.shared(key, () => new Map<number, Cell>())
  const from = spec.from === undefined ? NO_CODE : codes.code(spec.from)
  counts.set(pairOf(from, codes.code(spec.to)), count)
  compiling.step(filter, key, () => (cells, at, now) => {
    const code = now.codes[codes.number]!
    const from = cells.u8[at + before.index]! - 1
    cells.u8[at + before.index] = code + 1
    const counted = counts.get(pairOf(from, code))
    if (counted !== undefined) cells.u16[(at >> 1) + counted.index]!++
  })
  return (cells, at) => cells.u16[(at >> 1) + count.index]!
}

/** Of what is before the first event. */
const NO_CODE = -1

/** One number for two codes. */
function pairOf(from: number, to: number): number {
  return (from + 1) * 256 + to
}
