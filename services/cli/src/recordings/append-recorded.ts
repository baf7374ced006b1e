import { heartbeatRecord } from '@sluicebox/collector/raw/heartbeat'
import { asCollectedTime } from '@sluicebox/event/instants'
import type { Codec } from '@sluicebox/event/codec'
import type { RawRecord } from '@sluicebox/event/records'
import { lastRecord } from '@sluicebox/stream/lag'
import type { Log, OutputRecord } from '@sluicebox/stream/log'
import type { RecordedEvent } from './events.ts'
import { createRecordReader, type RecordReader } from '../inspect/record-reader.ts'

const HEARTBEAT_MS = 10 * 60_000
const BATCH_RECORDS = 500

export interface ImportParts {
  readonly log: Log
  readonly codec: Codec<RawRecord>
  /** Name and version to record as the collector. */
  readonly collector: string
  readonly onProgress?: (share: number) => void
}

/**
 * Appends recorded events to `raw` as if each had been collected when it happened, with the heartbeats that a collector
 * would have written in between. Throws before it writes anything when the log has records that are newer than the
 * first event: time in a log only goes forward.
 */
export async function importEvents(events: readonly RecordedEvent[], parts: ImportParts): Promise<void> {
  const { log, codec, collector, onProgress } = parts
  const first = events[0]
  if (first === undefined) return
  const newestMs = await newestCollected(log, createRecordReader(codec))
  if (newestMs > first.timeMs)
    throw new Error(
      `the log has records up to ${new Date(newestMs).toISOString()}, but the recording begins at ${new Date(first.timeMs).toISOString()}: time in a log only goes forward, so import into an empty --data directory (or use "sluicebox send", which moves events to now)`,
    )

  const partitions = await log.partitionCount('raw')
  let batch: OutputRecord[] = []
  let nextHeartbeatMs = first.timeMs + HEARTBEAT_MS
  for (const [index, event] of events.entries()) {
    // A long silence needs one heartbeat, not one for every interval of it.
    if (event.timeMs >= nextHeartbeatMs) {
      const dueMs = event.timeMs - ((event.timeMs - first.timeMs) % HEARTBEAT_MS)
      batch.push(...heartbeats(dueMs, partitions, codec, collector))
      nextHeartbeatMs = dueMs + HEARTBEAT_MS
    }
    batch.push({ key: event.visitor, value: codec.encode(rawRecord(event, collector)) })
    if (batch.length >= BATCH_RECORDS) {
      await log.append('raw', batch)
      batch = []
      onProgress?.(index / events.length)
    }
  }
  await log.append('raw', batch)
  onProgress?.(1)
}

/** Writes a heartbeat of the given instant to each partition of `raw`. */
export async function appendHeartbeats(collectedMs: number, parts: ImportParts): Promise<void> {
  const partitions = await parts.log.partitionCount('raw')
  await parts.log.append('raw', heartbeats(collectedMs, partitions, parts.codec, parts.collector))
}

/** The newest collected instant at the end of any partition of `raw`; -Infinity for an empty log. */
export async function newestCollected(log: Log, reader: RecordReader<RawRecord>): Promise<number> {
  let newestMs = -Infinity
  for (let partition = 0; partition < (await log.partitionCount('raw')); partition++) {
    const last = await lastRecord(log, 'raw', partition)
    const read = last === undefined ? undefined : await reader(last.value)
    if (read !== undefined && 'record' in read) newestMs = Math.max(newestMs, read.record.collected_at)
  }
  return newestMs
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
