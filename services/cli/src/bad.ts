import { isMissingSchema } from '@sluicebox/event/codec'
import type { BadRecord } from '@sluicebox/event/records'
import { folderCodec } from '@sluicebox/registry/folder'
import type { Log } from '@sluicebox/stream/log'
import { followStream } from './follow.ts'

/** A record of `bad` and its place there. */
export interface PlacedBad {
  /** Partition and position in `bad`: 0/17. */
  readonly place: string
  readonly record: BadRecord
  /** Whether it was sent again already. */
  readonly isRetried: boolean
}

export interface BadFilter {
  readonly reason?: string
  readonly since?: number
}

/** The records of `bad` that fit, newest first. */
export async function listBad(log: Log, { reason, since }: BadFilter = {}): Promise<PlacedBad[]> {
  const retried = await retriedCoordinates(log)
  const found: PlacedBad[] = []
  for await (const { partition, position, record } of followStream({
    log,
    stream: 'bad',
    codec: folderCodec('bad'),
    from: 'start',
  })) {
    if (reason !== undefined && record.reason !== reason) continue
    if (since !== undefined && record.collected_at < since) continue
    found.push({ place: `${partition}/${position}`, record, isRetried: retried.has(firstTry(record)) })
  }
  return found.sort((a, b) => b.record.collected_at - a.record.collected_at)
}

/** The record at a place such as 0/17. Throws when there is none. */
export async function readBad(log: Log, place: string): Promise<BadRecord> {
  const [, partition, position] = /^(\d+)\/(\d+)$/.exec(place) ?? []
  if (partition === undefined || position === undefined)
    throw new Error(
      `"${place}" is no place in bad: write partition/position as "sluicebox bad ls" shows it, such as 0/17`,
    )
  const bounds = (await log.bounds('bad'))[Number(partition)]
  const from = BigInt(position)
  if (bounds === undefined || from < bounds.start || from >= bounds.end)
    throw new Error(
      bounds === undefined
        ? `bad has no partition ${partition}`
        : `partition ${partition} of bad holds positions ${bounds.start} to ${bounds.end - 1n}, not ${position}: older records were deleted by age or size`,
    )
  const { records } = await log.read('bad', Number(partition), from, { recordsMax: 1, bytesMax: 1 })
  const input = records[0]
  const record = input === undefined ? undefined : folderCodec('bad').decode(input.value)
  if (record === undefined || isMissingSchema(record))
    throw new Error(`the record at ${place} of bad can't be read`)
  return record
}

/** Coordinates in raw by which the event of a bad record was first known. */
function firstTry(record: BadRecord): string {
  return record.retry_of ?? `${record.source_partition}/${record.source_position}/${record.source_index}`
}

/** The coordinates of everything in raw that was sent again. */
async function retriedCoordinates(log: Log): Promise<ReadonlySet<string>> {
  const retried = new Set<string>()
  const codec = folderCodec('raw', { project: ['kind', 'retry_of'] })
  for await (const { record } of followStream({ log, stream: 'raw', codec, from: 'start' }))
    if (record.retry_of !== null) retried.add(record.retry_of)
  return retried
}
