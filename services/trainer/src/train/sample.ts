import type { Random } from '@sluicebox/event/random'

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
