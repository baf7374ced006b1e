import { firstTry } from '@sluicebox/enricher/retry'
import type { BadRecord } from '@sluicebox/event/records'
import type { Streams } from '../data.ts'
import { readStream } from './read-stream.ts'

/** A record of `bad` and its place there. */
export interface PlacedBad {
  /** Partition and position in `bad`: 0/17. */
  readonly place: string
  readonly record: BadRecord
  /** Whether it was sent again. A failure after that is another record. */
  readonly isRetried: boolean
}

export interface BadFilter {
  readonly reason?: string
  readonly since?: number
}

/** Lists the records of `bad` that match the filter, newest first. */
export async function listBad(streams: Streams, { reason, since }: BadFilter = {}): Promise<PlacedBad[]> {
  const retries = await countRetries(streams)
  const failures = new Map<string, number>()
  const found: PlacedBad[] = []
  for await (const { partition, position, record } of readStream({
    log: streams.log,
    stream: 'bad',
    reader: await streams.reader('bad'),
    from: 'start',
  })) {
    // The nth failure of an event is sent again by its nth retry.
    const first = firstTry(record)
    const nth = (failures.get(first) ?? 0) + 1
    failures.set(first, nth)
    if (reason !== undefined && record.reason !== reason) continue
    if (since !== undefined && record.collected_at < since) continue
    found.push({ place: `${partition}/${position}`, record, isRetried: (retries.get(first) ?? 0) >= nth })
  }
  return found.sort((a, b) => b.record.collected_at - a.record.collected_at)
}

/** A partition of a stream and a position in it. */
export interface Place {
  readonly partition: number
  readonly position: bigint
}

/** The record at a place. Throws when there is none. */
export async function readBad({ log, reader }: Streams, { partition, position }: Place): Promise<BadRecord> {
  const bounds = (await log.bounds('bad'))[partition]
  if (bounds === undefined)
    throw new Error(`bad has no partition ${partition}: "sluicebox bad ls" lists the places`)
  if (bounds.start === bounds.end)
    throw new Error(`partition ${partition} of bad is empty: "sluicebox bad ls" lists the places`)
  if (position < bounds.start || position >= bounds.end)
    throw new Error(
      `partition ${partition} of bad holds positions ${bounds.start} to ${bounds.end - 1n}, not ${position}${position < bounds.start ? ': older records were deleted by age or size' : ''}`,
    )
  const { records } = await log.read('bad', partition, position, { recordsMax: 1, bytesMax: 1 })
  const input = records[0]
  // A log may keep its own marks among the records. A read there returns the record after them.
  if (input?.position !== position)
    throw new Error(
      `there is no record at ${partition}/${position} of bad: "sluicebox bad ls" lists the places`,
    )
  const read = await (await reader('bad'))(input.value)
  if ('problem' in read) throw new Error(`the record at ${partition}/${position} of bad ${read.problem}`)
  return read.record
}

/** Counts how often each event was sent again, by the coordinates in raw of its first try. */
async function countRetries(streams: Streams): Promise<ReadonlyMap<string, number>> {
  const retries = new Map<string, number>()
  const reader = await streams.reader('raw', { project: ['retry_of'] })
  for await (const { record } of readStream({ log: streams.log, stream: 'raw', reader, from: 'start' }))
    if (record.retry_of !== null) retries.set(record.retry_of, (retries.get(record.retry_of) ?? 0) + 1)
  return retries
}
