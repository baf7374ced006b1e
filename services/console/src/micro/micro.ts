import { isMissingSchema, type Codec } from '@sluicebox/event/codec'
import type { BadRecord, GoodRecord, RawRecord } from '@sluicebox/event/records'
import type { Log } from '@sluicebox/stream/log'
import { snowplowEvent, type SnowplowEvent } from './snowplow-event.ts'
import { badEventOf, badPayloadOf, rawEventOf, type RawEvent } from './raw-event.ts'

// The read API for tests that were written for Snowplow Micro: the latest events, good and bad.

/** Selects good events; all conditions must hold. */
export interface GoodFilter {
  readonly event_type?: string | undefined
  readonly schema?: string | undefined
  /** Schemas that must all be among the event's entities. */
  readonly contexts?: readonly string[] | undefined
  readonly limit?: number | undefined
}

export interface MicroGood {
  readonly rawEvent: RawEvent | null
  readonly eventType: string
  readonly schema: string
  readonly contexts: readonly string[]
  readonly event: Readonly<Record<string, unknown>>
}

export interface MicroBad {
  readonly collectorPayload: Readonly<Record<string, unknown>>
  readonly rawEvent: RawEvent | null
  readonly errors: readonly string[]
}

/** The stream raw, to look up the request that an event came in. */
export interface RawSource {
  readonly log: Pick<Log, 'read'>
  readonly codec: Pick<Codec<RawRecord>, 'decode'>
}

/** Returns the good events that match `filter`, each with its raw event, in the order of `records`. */
export async function microGood(
  records: Iterable<GoodRecord>,
  filter: GoodFilter,
  raw: RawSource,
): Promise<MicroGood[]> {
  const limit = filter.limit ?? Infinity
  const wanted: { good: GoodRecord; event: SnowplowEvent }[] = []
  for (const good of records) {
    if (wanted.length >= limit) break
    if (good.kind === 'heartbeat') continue
    const event = snowplowEvent(good)
    if (fits(event, filter)) wanted.push({ good, event })
  }
  const findRaw = createRawFinder(raw)
  const found: MicroGood[] = []
  for (const { good, event } of wanted) found.push({ rawEvent: await findRaw(good), ...event })
  return found
}

/** Returns the bad events, at most `limit`, in the order of `records`. */
export function microBad(records: Iterable<BadRecord>, limit = Infinity): MicroBad[] {
  const found: MicroBad[] = []
  for (const bad of records) {
    if (found.length >= limit) break
    found.push({
      collectorPayload: badPayloadOf(bad),
      rawEvent: badEventOf(bad),
      errors: bad.errors.length > 0 ? bad.errors : [bad.message],
    })
  }
  return found
}

function fits(event: SnowplowEvent, filter: GoodFilter): boolean {
  return (
    (filter.event_type === undefined || filter.event_type === event.eventType) &&
    (filter.schema === undefined || filter.schema === event.schema) &&
    (filter.contexts ?? []).every(schema => event.contexts.includes(schema))
  )
}

const READ = { recordsMax: 1, bytesMax: 4 * 1024 * 1024 }

/** Looks up raw events by the source coordinates of good events. Events of one request share one read. */
function createRawFinder({ log, codec }: RawSource): (good: GoodRecord) => Promise<RawEvent | null> {
  let last: { place: string; raw: RawRecord | null } | undefined
  return async function findRaw(good) {
    const place = `${good.source_partition}/${good.source_position}`
    if (last?.place !== place) last = { place, raw: await read(good) }
    return last.raw === null ? null : rawEventOf(last.raw, good.source_index)
  }

  async function read({ source_partition, source_position }: GoodRecord): Promise<RawRecord | null> {
    if (!/^\d+$/.test(source_position)) return null
    const position = BigInt(source_position)
    const { records } = await log.read('raw', source_partition, position, READ)
    const [record] = records
    // Retention may have deleted the record: the read then returns a later one.
    if (record === undefined || record.position !== position) return null
    const raw = codec.decode(record.value)
    return isMissingSchema(raw) ? null : raw
  }
}
