import type { Cell, Compiling, Reader } from '../compiling.ts'
import { VALUES_DEFAULT, type SpecOf, type Where } from '../spec.ts'

// distinct, revisits, entropy: a session remembers the hashes of the first `max` different values of a field. Two
// values with the same 32 bits count as one; among 16 values that happens once in 36 million sessions.

interface Values {
  readonly hashes: Cell
  readonly size: Cell
  /** How often a value repeated; absent when no feature needs it. */
  revisits?: Cell
}

export function compileDistinct(spec: SpecOf<'distinct'>, compiling: Compiling): Reader {
  const { size } = valuesOf(spec, compiling)
  return (cells, at) => cells.u16[(at >> 1) + size.index]!
}

export function compileRevisits(spec: SpecOf<'revisits'>, compiling: Compiling): Reader {
  const values = valuesOf(spec, compiling)
  const revisits = (values.revisits ??= compiling.cell(`${keyOf(spec, compiling)} revisits`, 2))
  return (cells, at) => cells.u16[(at >> 1) + revisits.index]!
}

type SetSpec = SpecOf<'distinct' | 'revisits' | 'entropy'>

/** Events without the field are left out. */
const filterOf = ({ of, where }: SetSpec): Where => ({ ...where, [of]: where?.[of] ?? { exists: true } })

function keyOf(spec: SetSpec, compiling: Compiling): string {
  return `values ${spec.of} ${compiling.filter(filterOf(spec))} ${spec.max ?? VALUES_DEFAULT}`
}

function valuesOf(spec: SetSpec, compiling: Compiling): Values {
  const max = spec.max ?? VALUES_DEFAULT
  const key = keyOf(spec, compiling)
  const values = compiling.shared<Values>(key, () => ({
    hashes: compiling.cell(`${key} hashes`, 4, max),
    size: compiling.cell(`${key} size`, 2),
  }))
  const { hashes, size } = values
  const hashOf = compiling.hash(spec.of)
  compiling.step(compiling.filter(filterOf(spec)), key, () => (cells, at, now) => {
    const hash = hashOf(now)
    const first = (at >> 2) + hashes.index
    const end = first + cells.u16[(at >> 1) + size.index]!
    for (let i = first; i < end; i++) {
      if (cells.u32[i] !== hash) continue
      if (values.revisits !== undefined) cells.u16[(at >> 1) + values.revisits.index]!++
      return
    }
    if (end - first === max) return
    cells.u32[end] = hash
    cells.u16[(at >> 1) + size.index]!++
  })
  return values
}

export function compileEntropy(spec: SpecOf<'entropy'>, compiling: Compiling): Reader {
  const max = spec.max ?? VALUES_DEFAULT
  const filter = compiling.filter(filterOf(spec))
  const key = `entropy ${spec.of} ${filter} ${max}`
  const hashes = compiling.cell(`${key} hashes`, 4, max)
  // One more than there are values: the last counts all others.
  const counts = compiling.cell(`${key} counts`, 2, max + 1)
  const hashOf = compiling.hash(spec.of)
  compiling.step(filter, key, () => (cells, at, now) => {
    const hash = hashOf(now)
    const first = (at >> 2) + hashes.index
    const count = (at >> 1) + counts.index
    let i = 0
    while (i < max && cells.u16[count + i] !== 0 && cells.u32[first + i] !== hash) i++
    if (i < max) cells.u32[first + i] = hash
    cells.u16[count + i]!++
  })
  return (cells, at) => {
    const count = (at >> 1) + counts.index
    let total = 0
    for (let i = 0; i <= max; i++) total += cells.u16[count + i]!
    if (total === 0) return NaN
    let bits = 0
    for (let i = 0; i <= max; i++) {
      const share = cells.u16[count + i]! / total
      if (share > 0) bits -= share * Math.log2(share)
    }
    return bits
  }
}
