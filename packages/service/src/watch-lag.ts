import type { Registry } from '@sluicebox/runtime/metrics'
import { lagAt, type PartitionLag } from '@sluicebox/stream/lag'
import type { Log } from '@sluicebox/stream/log'
import { Gauge } from 'prom-client'

export interface WatchLagParts {
  readonly log: Log
  readonly metrics: Registry
  /** How long a scrape waits for the log: when it is down, the other metrics must still be served. */
  readonly waitMs?: number
  readonly now?: () => number
}

interface Owned {
  readonly group: string
  readonly stream: string
  readonly partition: number
}

const WAIT_MS = 1_000

/**
 * Returns the same log, and adds two gauges to `metrics`: how far this process is behind in each partition that it owns,
 * measured when they are scraped. A partition has no value when the log does not answer within `waitMs`.
 */
export function watchLag({ log, metrics, waitMs = WAIT_MS, now = Date.now }: WatchLagParts): Log {
  const owned = new Set<Owned>()
  let underWay: Promise<void> | undefined

  const gauge = (name: string, help: string) =>
    new Gauge({
      registers: [metrics],
      name,
      help,
      labelNames: ['group', 'stream', 'partition'] as const,
      // Both gauges wait for one measurement, which sets both.
      collect: () => measured(),
    })
  const records = gauge(
    'sluicebox_log_lag_records',
    'Positions from the first record that is not done to the end, in the partitions that this process owns.',
  )
  const seconds = gauge(
    'sluicebox_log_lag_seconds',
    'How long the first record that is not done has been in the log; 0 when there is none.',
  )

  async function measured(): Promise<void> {
    if (underWay === undefined) {
      records.reset()
      seconds.reset()
      underWay = measure()
        .catch(() => {})
        .finally(() => (underWay = undefined))
    }
    const waiting = Promise.withResolvers<void>()
    const timer = setTimeout(waiting.resolve, waitMs)
    await Promise.race([underWay, waiting.promise])
    clearTimeout(timer)
  }

  async function measure(): Promise<void> {
    const inputs = Map.groupBy(owned, ({ group, stream }) => JSON.stringify([group, stream]))
    await Promise.all(
      [...inputs.values()].map(async partitions => {
        const { group, stream } = partitions[0] as Owned
        const committed = await log.committed(group, stream)
        const bounds = await log.bounds(stream)
        for (const { partition } of partitions)
          tell({ group, stream, partition }, await lagAt(log, { stream, partition, committed, bounds }))
      }),
    )
  }

  function tell(labels: Owned, { positions, waitingSince }: PartitionLag): void {
    records.set({ ...labels }, positions)
    seconds.set({ ...labels }, waitingSince === undefined ? 0 : Math.max(0, now() - waitingSince) / 1000)
  }

  return {
    ...log,
    consume: (options, own) =>
      log.consume(options, async partition => {
        const { group, stream } = options
        const mine: Owned = { group, stream, partition: partition.partition }
        owned.add(mine)
        try {
          await own(partition)
        } finally {
          owned.delete(mine)
        }
      }),
  }
}
