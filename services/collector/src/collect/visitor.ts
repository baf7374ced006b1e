/** An event as it was sent: JSON of which nothing is known yet. */
export type PlainEvent = Record<string, unknown>

/** Indexes of events by visitor, in the order of their first events. */
export function groupByVisitor(visitors: readonly string[]): Map<string, number[]> {
  const groups = new Map<string, number[]>()
  visitors.forEach((visitor, index) => {
    const group = groups.get(visitor)
    if (group === undefined) groups.set(visitor, [index])
    else group.push(index)
  })
  return groups
}
