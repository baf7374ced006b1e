/** Numbers that look random and depend on the seed alone. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** A whole number in [0, limit). */
  below(limit: number): number
}

/** A generator with 32 bits of state: a Weyl sequence whose steps are mixed until neighbours share nothing. */
export function createRandom(seed: number): Random {
  let state = seed | 0
  function next(): number {
    state = (state + 0x9e3779b9) | 0
    let z = state ^ (state >>> 16)
    z = Math.imul(z, 0x21f0aaad)
    z ^= z >>> 15
    z = Math.imul(z, 0x735a2d97)
    z ^= z >>> 15
    return (z >>> 0) / 2 ** 32
  }
  return { next, below: limit => Math.floor(next() * limit) }
}

/** `count` different whole numbers below `limit`, in ascending order. */
export function sampleBelow(limit: number, count: number, random: Random): Int32Array {
  const all = Int32Array.from({ length: limit }, (_, i) => i)
  if (count >= limit) return all
  for (let i = 0; i < count; i++) {
    const j = i + random.below(limit - i)
    const swapped = all[i]!
    all[i] = all[j]!
    all[j] = swapped
  }
  return all.slice(0, count).sort()
}
