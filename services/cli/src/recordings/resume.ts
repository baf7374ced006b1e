import type { RawRecord } from '@sluicebox/event/records'
import type { Log } from '@sluicebox/stream/log'
import { partitionOf } from '@sluicebox/stream/partitioner'
import type { RecordReader } from '../inspect/record-reader.ts'
import type { RecordedEvent, Recording } from './events.ts'

// Where an import continues. It appends the events of each partition in one order, so the last one that a partition
// holds tells how many it has, however the earlier import ended.

/** The end of one partition of `raw`. */
export interface PartitionEnd {
  /** When its last record was collected, in epoch milliseconds; -Infinity for an empty partition. */
  readonly newestMs: number
  /** Its last record that is not a heartbeat. */
  readonly lastPayload: RawRecord | undefined
}

export interface PartitionPlace {
  readonly newestMs: number
  /** How many of the recording's events of this partition it holds, counted from the first. */
  readonly present: number
}

/** How far back a payload is looked for among heartbeats. */
const LOOK_BACK_MAX = 65_536n
const READ = { recordsMax: 1_000, bytesMax: 1 << 20 }

/** Returns the end of each partition of `raw`. */
export async function endsOf(log: Log, reader: RecordReader<RawRecord>): Promise<PartitionEnd[]> {
  const bounds = await log.bounds('raw')
  return Promise.all(
    bounds.map(async ({ start, end }, partition) => {
      for (let back = 1n; ; back *= 8n) {
        const from = end - back > start ? end - back : start
        let [newestMs, lastPayload]: [number, RawRecord | undefined] = [-Infinity, undefined]
        for (let at = from; at < end;) {
          const { records, next } = await log.read('raw', partition, at, READ)
          for (const { value } of records) {
            const read = await reader(value)
            if (!('record' in read)) continue
            newestMs = read.record.collected_at
            if (read.record.kind !== 'heartbeat') lastPayload = read.record
          }
          if (next <= at) break
          at = next
        }
        if (lastPayload !== undefined || from === start || back >= LOOK_BACK_MAX)
          return { newestMs, lastPayload }
      }
    }),
  )
}

/** The newest collected instant at the end of any partition; -Infinity for an empty log. */
export function newestOf(ends: readonly PartitionEnd[]): number {
  return Math.max(...ends.map(({ newestMs }) => newestMs))
}

/**
 * Returns how many of the recording's events each partition holds. Throws when a partition has records that are newer
 * than the next event for it.
 */
export async function findPlaces(
  recording: Recording,
  ends: readonly PartitionEnd[],
): Promise<PartitionPlace[]> {
  const partitions = ends.map(({ newestMs }) => ({
    newestMs,
    present: 0,
    seen: 0,
    nextMs: undefined as number | undefined,
  }))
  if (newestOf(ends) > -Infinity)
    for await (const event of recording.events()) {
      const number = partitionOf(event.visitor, ends.length)
      const partition = partitions[number]!
      partition.seen++
      partition.nextMs ??= event.timeMs
      if (partition.present > 0 || !isRecordOf(event, ends[number]!.lastPayload)) continue
      partition.present = partition.seen
      partition.nextMs = undefined
    }
  for (const { newestMs, nextMs } of partitions)
    if (nextMs !== undefined && newestMs > nextMs) {
      const present = partitions.reduce((sum, { present: there }) => sum + there, 0)
      throw new Error(tooLate(recording.count, { present, newestMs, nextMs }))
    }
  return partitions
}

interface Behind {
  /** Events of the recording that the log holds. */
  readonly present: number
  readonly newestMs: number
  readonly nextMs: number
}

function tooLate(count: number, { present, newestMs, nextMs }: Behind): string {
  const [newest, next] = [newestMs, nextMs].map(ms => new Date(ms).toISOString())
  const why =
    present === 0
      ? `the log has records up to ${newest}, and the next event of the recording is of ${next}: time in a log only goes forward. Nothing is written. Import`
      : `the log has ${present} of the ${count} events of the recording, but it can't take the others: it has records up to ${newest}, after the next event, which is of ${next}, and time in a log only goes forward. Sessions were closed (--close) before the import was complete, or other events came in. Nothing more is written. Import the whole recording`
  return `${why} into an empty log: another --data directory, or topics of their own by another log.kafka.prefix (or use "sluicebox send", which moves events to now)`
}

function isRecordOf(event: RecordedEvent, record: RawRecord | undefined): boolean {
  return (
    record !== undefined &&
    record.collected_at === event.timeMs &&
    record.visitor === event.visitor &&
    Buffer.from(record.body ?? '').toString() === event.json
  )
}
