import { heartbeatRecord } from '@sluicebox/collector/raw/heartbeat'
import { asCollectedTime } from '@sluicebox/event/instants'
import type { Codec } from '@sluicebox/event/codec'
import type { RawRecord } from '@sluicebox/event/records'
import type { Log, OutputRecord } from '@sluicebox/stream/log'
import { partitionOf } from '@sluicebox/stream/partitioner'
import type { RecordedEvent, Recording } from './events.ts'
import type { RecordReader } from '../inspect/record-reader.ts'
import { endsOf, findPlaces } from './resume.ts'

const HEARTBEAT_MS = 10 * 60_000
/**
 * An append is one transaction of the log, so after a failure each partition holds its events up to some point without
 * a gap.
 */
const BATCH_RECORDS = 2_000
const BATCH_BYTES = 1024 * 1024

export interface HeartbeatParts {
  readonly log: Log
  readonly codec: Codec<RawRecord>
  /** Name and version to record as the collector. */
  readonly collector: string
}

export interface ImportParts extends HeartbeatParts {
  readonly reader: RecordReader<RawRecord>
  /** Stops after the append that is in flight. */
  readonly signal: AbortSignal
  readonly onProgress?: (share: number) => void
}

export interface Imported {
  /** Events that this import wrote, and those that an earlier one had written. */
  readonly written: number
  readonly present: number
  readonly isComplete: boolean
}

/**
 * Appends recorded events to `raw` as if each had been collected when it happened, with the heartbeats that a collector
 * would have written in between. Events of the recording that the log already has are left out, so that an interrupted
 * import continues where it stopped. Throws before it writes anything when the log has records that are newer than the
 * next event: time in a log only goes forward. When the log fails, the error says how many events are written.
 */
export async function importEvents(recording: Recording, parts: ImportParts): Promise<Imported> {
  const { log, codec, collector, onProgress, signal } = parts
  const { count, fromMs } = recording
  if (fromMs === undefined) return { written: 0, present: 0, isComplete: true }
  const places = await findPlaces(recording, await endsOf(log, parts.reader))
  const present = places.reduce((sum, { present: there }) => sum + there, 0)
  if (present === count) return { written: 0, present, isComplete: true }

  const seen = places.map(() => 0)
  let nextHeartbeatMs = fromMs + HEARTBEAT_MS
  let batch = newBatch()
  let written = 0
  /** One append at a time: a later one must not be in the log without an earlier one. */
  let inFlight = Promise.resolve()
  async function flush(): Promise<void> {
    await inFlight
    const { records, events } = batch
    batch = newBatch()
    if (records.length === 0) return
    inFlight = log.append('raw', records).then(() => {
      written += events
      onProgress?.((present + written) / count)
    })
    // It is awaited by the next call; until then a rejection must not count as unhandled.
    inFlight.catch(() => {})
  }

  try {
    for await (const event of recording.events()) {
      // A long silence needs one heartbeat, not one for every interval of it.
      if (event.timeMs >= nextHeartbeatMs) {
        const dueMs = event.timeMs - ((event.timeMs - fromMs) % HEARTBEAT_MS)
        nextHeartbeatMs = dueMs + HEARTBEAT_MS
        const late = heartbeats(dueMs, places.length, codec, collector)
        batch.records.push(...late.filter((_, partition) => dueMs >= places[partition]!.newestMs))
      }
      const partition = partitionOf(event.visitor, places.length)
      if (seen[partition]!++ < places[partition]!.present) continue
      const value = codec.encode(rawRecord(event, collector))
      if (batch.records.length > 0 && batch.bytes + value.length > BATCH_BYTES) await flush()
      batch.records.push({ key: event.visitor, value })
      batch.events++
      batch.bytes += value.length
      if (batch.records.length >= BATCH_RECORDS) await flush()
      if (signal.aborted) break
    }
    if (!signal.aborted) await flush()
    await inFlight
  } catch (cause) {
    throw new Error(
      `${present + written} of ${count} events are in the log, and the next could not be written: ${(cause as Error).message} When that is fixed, import the same files again: it continues after those`,
      { cause },
    )
  }
  return { written, present, isComplete: present + written === count }
}

interface Batch {
  readonly records: OutputRecord[]
  events: number
  bytes: number
}

const newBatch = (): Batch => ({ records: [], events: 0, bytes: 0 })

/** Writes a heartbeat of the given instant to each partition of `raw`. */
export async function appendHeartbeats(
  collectedMs: number,
  { log, codec, collector }: HeartbeatParts,
): Promise<void> {
  await log.append('raw', heartbeats(collectedMs, await log.partitionCount('raw'), codec, collector))
}

function heartbeats(
  collectedMs: number,
  partitions: number,
  codec: Codec<RawRecord>,
  collector: string,
): OutputRecord[] {
  const value = codec.encode({ ...heartbeatRecord(asCollectedTime(collectedMs)), collector })
  return Array.from({ length: partitions }, (_, partition) => ({ key: null, value, partition }))
}

function rawRecord(event: RecordedEvent, collector: string): RawRecord {
  return {
    ...heartbeatRecord(asCollectedTime(event.timeMs)),
    kind: 'payload',
    collector,
    visitor: event.visitor,
    path: '/v1/events',
    content_type: 'application/json',
    body: Buffer.from(event.json),
  }
}
