import { STREAMS, type StreamName } from '@sluicebox/event/records'

/** Where an object starts. This identifies it: a partition has at most one object for each start. */
export interface ObjectStart {
  readonly stream: StreamName
  readonly partition: number
  readonly start: bigint
}

export type Extension = 'avro' | 'parquet'

// Padded like this, 64-bit positions sort as text in their numeric order. Longer ones (Kinesis) share one length.
const POSITION_DIGITS = 20

const OBJECT_KEY = new RegExp(
  `^(${STREAMS.join('|')})/event_date=\\d{4}-\\d\\d-\\d\\d/event_hour=\\d\\d/\\1\\+(\\d+)\\+(\\d{${POSITION_DIGITS},})\\.(avro|parquet)$`,
)
const MANIFEST_KEY = new RegExp(`^manifest/(${STREAMS.join('|')})/(\\d+)/(\\d{${POSITION_DIGITS},})\\.json$`)

/** Raw is for replay, record by record; the others are for queries, column by column. */
export function extensionOf(stream: StreamName): Extension {
  return stream === 'raw' ? 'avro' : 'parquet'
}

/**
 * Returns the key of an object, in Hive style: date and hour are those of its first record, by collector time, UTC.
 */
export function objectKey({ stream, partition, start }: ObjectStart, collectedAt: number): string {
  const [date, time] = new Date(collectedAt).toISOString().split('T') as [string, string]
  return `${stream}/event_date=${date}/event_hour=${time.slice(0, 2)}/${stream}+${partition}+${padded(start)}.${extensionOf(stream)}`
}

/** Returns the key of an object's entry in the manifest. */
export function manifestKey({ stream, partition, start }: ObjectStart): string {
  return `${manifestPrefix(stream, partition)}${padded(start)}.json`
}

export function manifestPrefix(stream: StreamName, partition?: number): string {
  return `manifest/${stream}/${partition === undefined ? '' : `${partition}/`}`
}

/** Returns what an object's key names; undefined when this is not the key of an archived object. */
export function parseObjectKey(key: string): ObjectStart | undefined {
  return parse(OBJECT_KEY, key)
}

/** Returns what an entry's key names; undefined when this is not the key of a manifest entry. */
export function parseManifestKey(key: string): ObjectStart | undefined {
  return parse(MANIFEST_KEY, key)
}

function parse(pattern: RegExp, key: string): ObjectStart | undefined {
  const [, stream, partition, start] = pattern.exec(key) ?? []
  if (stream === undefined || partition === undefined || start === undefined) return undefined
  return { stream: stream as StreamName, partition: Number(partition), start: BigInt(start) }
}

function padded(position: bigint): string {
  return position.toString().padStart(POSITION_DIGITS, '0')
}
