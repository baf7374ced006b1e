import type { Digest } from '../checker/history.ts'
import type { StreamContent } from '../checker/streams.ts'

/** What is at these shares of the sorted values; the last for 1. */
export function percentiles(values: readonly number[], shares: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b)
  return shares.map(
    share => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN,
  )
}

export interface Availability {
  readonly attempts: number
  /** Of all attempts but those that had to be refused. */
  readonly acceptedShare: number
  readonly acceptedMs: readonly number[]
}

/** How the collector answered while all that went on. */
export function availabilityOf({ attempts }: Digest): Availability {
  const counted = attempts.filter(({ outcome }) => outcome !== 'refused')
  const accepted = counted.filter(({ outcome }) => outcome === 'accepted')
  return {
    attempts: counted.length,
    acceptedShare: accepted.length / counted.length,
    acceptedMs: accepted.map(({ tookMs }) => tookMs),
  }
}

interface Update {
  readonly partition: number
  readonly collectedAt: number
  /** When the broker had it. */
  readonly at: number
}

function updatesOf(scored: StreamContent): Update[] {
  return scored.records
    .filter(({ fields }) => fields?.['kind'] === 'update')
    .map(({ partition, at, fields }) => ({ partition, at, collectedAt: fields?.['collected_at'] as number }))
}

/** From the moment when an event was collected to the moment when its score was written. */
export function freshnessOf(scored: StreamContent): number[] {
  return updatesOf(scored).map(({ at, collectedAt }) => Math.max(0, at - collectedAt))
}

/**
 * For each fault, how long it took until every partition had a score again of an event that came after it. Faults at the
 * end, after which not every partition got an event, are left out.
 */
export function recoveriesOf({ faults }: Digest, scored: StreamContent): number[] {
  const byPartition = Array.from({ length: scored.partitions }, (_, partition) =>
    updatesOf(scored)
      .filter(update => update.partition === partition)
      .sort((a, b) => a.collectedAt - b.collectedAt),
  )
  return faults.flatMap(({ at }) => {
    const firsts = byPartition.map(updates => updates[firstFrom(updates, at)]?.at)
    return firsts.includes(undefined) ? [] : [Math.max(0, ...firsts.map(first => first! - at))]
  })
}

/** The index of the first update that was collected at `at` or later. */
function firstFrom(updates: readonly Update[], at: number): number {
  let [low, high] = [0, updates.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (updates[middle]!.collectedAt < at) low = middle + 1
    else high = middle
  }
  return low
}
