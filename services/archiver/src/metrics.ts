import type { StreamName } from '@sluicebox/event/records'
import { Counter, Gauge, type Registry } from 'prom-client'

/** State of a partition, for the metrics. */
export interface PartitionStatus {
  readonly stream: StreamName
  readonly partition: number
  /** Every record below this position is archived. */
  readonly mark: bigint
  /** When the log appended the first record of the open object; undefined without one. */
  readonly waitingSince: number | undefined
}

export interface ArchiverMetrics {
  /** Counts an object that joined the archive, made by this archiver or by another one. */
  archived(
    stream: StreamName,
    object: { records: number; bytes: number },
    outcome: 'created' | 'adopted',
  ): void
  unreadable(stream: StreamName, records: number): void
  lost(stream: StreamName, positions: bigint): void
}

/** Registers the archiver's metrics. `statuses` and `ends` are called at each scrape. */
export function createArchiverMetrics(
  registers: readonly Registry[],
  statuses: () => Iterable<PartitionStatus>,
  ends: (stream: StreamName) => Promise<readonly bigint[]>,
): ArchiverMetrics {
  const common = { registers: [...registers] }
  const records = new Counter({
    ...common,
    name: 'sluicebox_archiver_records_total',
    help: 'Records in objects that were archived.',
    labelNames: ['stream'] as const,
  })
  const bytes = new Counter({
    ...common,
    name: 'sluicebox_archiver_bytes_total',
    help: 'Bytes of objects that were archived.',
    labelNames: ['stream'] as const,
  })
  const objects = new Counter({
    ...common,
    name: 'sluicebox_archiver_objects_total',
    help: 'Objects that were archived: created here, or adopted from another archiver that was first.',
    labelNames: ['stream', 'outcome'] as const,
  })
  const unreadable = new Counter({
    ...common,
    name: 'sluicebox_archiver_unreadable_total',
    help: 'Records archived only as bytes, because they could not be read.',
    labelNames: ['stream'] as const,
  })
  const lost = new Counter({
    ...common,
    name: 'sluicebox_archiver_lost_positions_total',
    help: 'Positions that the log had removed before they were archived.',
    labelNames: ['stream'] as const,
  })
  const lastObject = new Gauge({
    ...common,
    name: 'sluicebox_archiver_last_object_timestamp_seconds',
    help: 'When the last object was archived.',
    labelNames: ['stream'] as const,
  })
  new Gauge({
    ...common,
    name: 'sluicebox_archiver_position',
    help: 'Everything below this position is archived.',
    labelNames: ['stream', 'partition'] as const,
    collect() {
      for (const { stream, partition, mark } of statuses()) this.set({ stream, partition }, Number(mark))
    },
  })
  new Gauge({
    ...common,
    name: 'sluicebox_archiver_lag_records',
    help: 'Positions of the log that are not archived yet, those of open objects included.',
    labelNames: ['stream', 'partition'] as const,
    async collect() {
      const byStream = new Map<StreamName, readonly bigint[]>()
      for (const { stream, partition, mark } of [...statuses()]) {
        const found = byStream.get(stream) ?? (await ends(stream))
        byStream.set(stream, found)
        this.set({ stream, partition }, Number((found[partition] ?? mark) - mark))
      }
    },
  })
  new Gauge({
    ...common,
    name: 'sluicebox_archiver_lag_seconds',
    help: 'Age in the log of the oldest record that is in no object yet.',
    labelNames: ['stream'] as const,
    collect() {
      this.reset()
      const oldest = new Map<StreamName, number>()
      for (const { stream, waitingSince } of statuses())
        oldest.set(stream, Math.min(oldest.get(stream) ?? Infinity, waitingSince ?? Infinity))
      for (const [stream, since] of oldest)
        this.set({ stream }, since === Infinity ? 0 : Math.max(0, Date.now() - since) / 1000)
    },
  })

  return {
    archived(stream, object, outcome) {
      objects.inc({ stream, outcome })
      lastObject.set({ stream }, Date.now() / 1000)
      if (outcome === 'adopted') return
      records.inc({ stream }, object.records)
      bytes.inc({ stream }, object.bytes)
    },
    unreadable: (stream, count) => unreadable.inc({ stream }, count),
    lost: (stream, positions) => lost.inc({ stream }, Number(positions)),
  }
}
