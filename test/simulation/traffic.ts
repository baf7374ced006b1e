import { blankRaw } from '@sluicebox/event/blank'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createCodec } from '@sluicebox/event/codec'
import { asCollectedTime } from '@sluicebox/event/instants'
import type { RawRecord } from '@sluicebox/event/records'
import { folderCodec, SCHEMAS_DIR } from '@sluicebox/registry/streams/folder'
import type { OutputRecord } from '@sluicebox/stream/log'
import type { Part } from '@sluicebox/stream/testing/delivery'
import { createRandom, type Random } from '@sluicebox/event/random'

// Requests as collectors write them into raw: visitors on a shop, good events and bad ones, broken bodies, heartbeats,
// and records of writers with other schemas.

/** What has to come out of one record of raw, in the order in which it was sent. */
export type Expected =
  { readonly kind: 'events'; readonly events: readonly ExpectedEvent[] } | { readonly kind: 'heartbeat' }

export interface ExpectedEvent {
  readonly outcome: 'good' | 'bad'
  /** Of a good one. */
  readonly eventId?: string
}

export interface Traffic {
  readonly sources: readonly (readonly Part[])[]
  /** Closes every session. */
  readonly last: Part
  /** By request id. */
  readonly expected: ReadonlyMap<string, Expected>
}

export const PARTITIONS = 3
const SOURCES = 2
const BEGUN_AT = Date.UTC(2026, 10, 20, 12)
const HOUR_MS = 3_600_000

/** A schema that another version of the collector writes with, which the registry holds, and one that it lacks. */
export const OTHER_SCHEMA_ID = 4711
export const OTHER_SCHEMA = readFileSync(join(SCHEMAS_DIR, 'avro/raw.avsc'), 'utf8')
export const ABSENT_SCHEMA_ID = 4712

const codecs = {
  own: folderCodec('raw'),
  other: createCodec<RawRecord>(OTHER_SCHEMA, OTHER_SCHEMA_ID),
  absent: createCodec<RawRecord>(OTHER_SCHEMA, ABSENT_SCHEMA_ID),
}

export function makeTraffic(seed: number): Traffic {
  const random = createRandom(seed)
  const expected = new Map<string, Expected>()
  const sources = Array.from({ length: SOURCES }, (_, source) => {
    let at = BEGUN_AT
    return Array.from({ length: 10 + random.below(30) }, (_, number): Part => {
      // Mostly seconds; at times long enough for sessions to close and be opened again.
      at += random.chance(0.05) ? HOUR_MS : random.below(20_000)
      const id = `request-${source}-${number}`
      return random.chance(0.1) ? heartbeats(id, at, expected) : request(id, at, random, expected)
    })
  })
  const last = heartbeats('request-last', BEGUN_AT + 1000 * HOUR_MS, expected)
  return { sources, last, expected }
}

/** One to each partition, as the collector writes them. */
function heartbeats(id: string, at: number, expected: Map<string, Expected>): Part {
  expected.set(id, { kind: 'heartbeat' })
  const value = codecs.own.encode(rawRecord({ kind: 'heartbeat', at, id, visitor: '', body: null }))
  const records = Array.from({ length: PARTITIONS }, (_, partition): OutputRecord => ({
    key: null,
    value,
    partition,
  }))
  return { id, stream: 'raw', records }
}

function request(id: string, at: number, random: Random, expected: Map<string, Expected>): Part {
  const visitor = `visitor-${random.below(6)}`
  const kind = random.below(20)
  const codec = kind === 0 ? codecs.absent : kind < 4 ? codecs.other : codecs.own
  const lines = Array.from({ length: 1 + random.below(4) }, (_, index) =>
    line(`${id}-${index}`, visitor, at, random),
  )
  let body = lines.map(({ text }) => text).join('\n')
  let events: ExpectedEvent[] = lines.map(each => each.expected)
  if (random.chance(0.05)) {
    body = `not events: ${id}`
    events = [{ outcome: 'bad' }]
  }
  if (codec === codecs.absent) events = [{ outcome: 'bad' }]
  expected.set(id, { kind: 'events', events })
  const value = codec.encode(rawRecord({ kind: 'payload', at, id, visitor, body: Buffer.from(body) }))
  return { id, stream: 'raw', records: [{ key: visitor, value }] }
}

function line(
  eventId: string,
  visitor: string,
  at: number,
  random: Random,
): { text: string; expected: ExpectedEvent } {
  if (random.chance(0.05)) return { text: '{"action": ', expected: { outcome: 'bad' } }
  if (random.chance(0.05))
    return { text: JSON.stringify({ event_id: eventId, action: 7 }), expected: { outcome: 'bad' } }
  const event = {
    event_id: eventId,
    visitor_id: visitor,
    // Visitors show the same session ids; some visitors' sessions are told by the gaps between their events.
    ...(visitor < 'visitor-4' && { session_id: `session-${random.below(2)}` }),
    action: random.pick([
      'page_view',
      'product_view',
      'product_view',
      'search',
      'add_to_cart',
      'transaction',
    ]),
    time: at - random.below(5000),
    product: { id: `p${random.below(9)}`, price: random.below(100) },
  }
  return { text: JSON.stringify(event), expected: { outcome: 'good', eventId } }
}

function rawRecord({
  kind,
  at,
  id,
  visitor,
  body,
}: Pick<RawRecord, 'kind' | 'visitor' | 'body'> & { at: number; id: string }): RawRecord {
  return blankRaw({
    kind,
    collected_at: asCollectedTime(at),
    collector: 'simulated',
    request_id: id,
    visitor,
    path: kind === 'heartbeat' ? '' : '/v1/events',
    content_type: 'application/x-ndjson',
    body,
  })
}
