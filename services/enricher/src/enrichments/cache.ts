/**
 * Remembers what `compute` made of a text: a pure function, so that whether an answer is remembered changes nothing
 * but the time it takes. Holds at most `entriesMax` results, the most recently used; texts longer than
 * `keyLengthMax` are never held.
 */
export function remember<T extends object>(
  compute: (key: string) => T,
  { entriesMax, keyLengthMax }: { entriesMax: number; keyLengthMax: number },
): (key: string) => T {
  // Two generations: what is asked for moves into the young one, and when that is full it becomes the old one, and
  // what was not used in the meantime is gone. No list to keep in order.
  const youngMax = Math.max(1, Math.floor(entriesMax / 2))
  let young = new Map<string, T>()
  let old = new Map<string, T>()

  return function remembered(key) {
    const known = young.get(key)
    if (known !== undefined) return known
    if (key.length > keyLengthMax) return compute(key)
    const value = old.get(key) ?? compute(key)
    if (young.size >= youngMax) {
      old = young
      young = new Map()
    }
    young.set(key, value)
    return value
  }
}
