import { blankRaw } from '@sluicebox/event/blank'
import { asCollectedTime } from '@sluicebox/event/instants'
import type { RawRecord } from '@sluicebox/event/records'
import { enricherConfig } from '@sluicebox/enricher/config'
import { createEnricher } from '@sluicebox/enricher/enricher'
import { loadEventSchemas } from '@sluicebox/registry/events/events'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import type { Batch } from '@sluicebox/stream/log'
import { parseReference } from './reference.ts'
import type { Row } from './row.ts'

// Raw records to good records: Avro, protocol, validation of the event and its entities, all default enrichments, Avro.
// Every event has a session, a time and ids of its own, one page in four a URL never seen before.

export const EVENTS_PER_RECORD = 5
const RECORDS = 4_000
const BATCH_RECORDS = 500
const ROUNDS = 5
/** Of the reference. */
const ENRICHER = 0.1

const SNOWPLOW = 'iglu:com.snowplowanalytics.snowplow'
const AGENTS = Array.from(
  { length: 200 },
  (_, i) =>
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${100 + (i % 40)}.0.${i}.0 Safari/537.36`,
)
const REFERRERS = [
  'https://www.google.com/',
  'https://shop.example.com/collections/shoes',
  'https://l.instagram.com/',
]

/** Good events per second of processor time. */
export function benchEnricher(): Promise<Row[]> {
  const rawCodec = folderCodec('raw')
  const enricher = createEnricher({
    config: enricherConfig.parse({}),
    schemas: loadEventSchemas([]),
    rawCodec,
    goodCodec: folderCodec('good'),
    badCodec: folderCodec('bad'),
  })
  const kinds: [string, (n: number) => Record<string, string>][] = [
    ['page views with page and session', pageView],
    ['add to cart with a product', addToCart],
  ]
  const rows: Row[] = []
  for (const [name, makeEvent] of kinds) {
    const perSecond: number[] = []
    for (let round = 0; round <= ROUNDS; round++) {
      // New events each round: nothing but what a site repeats may be remembered.
      const batches = batchesOf(value => rawCodec.encode(value), makeEvent, round)
      const before = process.cpuUsage()
      let good = 0
      for (const batch of batches) good += enricher.process(enricher.start(0), batch).good.length
      const { user, system } = process.cpuUsage(before)
      if (good !== RECORDS * EVENTS_PER_RECORD) throw new Error(`only ${good} events were good`)
      // The first round warms up.
      if (round > 0) perSecond.push(good / ((user + system) / 1e6))
    }
    perSecond.sort((a, b) => a - b)
    const value = perSecond[Math.floor(ROUNDS / 2)] as number
    rows.push({
      name: `enricher, ${name}`,
      value,
      unit: 'events/CPU-s',
      reference: parseReference(),
      target: { min: ENRICHER },
    })
  }
  return Promise.resolve(rows)
}

/** A record of raw with as many page views as `batchesOf` gives each, of a visitor of its own. */
export function pageViewsRecord(n: number): RawRecord {
  const events = Array.from({ length: EVENTS_PER_RECORD }, (_, k) => pageView(n * EVENTS_PER_RECORD + k))
  return rawRecord(n, events[0]?.['duid'] as string, events)
}

function batchesOf(
  encode: (record: RawRecord) => Uint8Array,
  makeEvent: (n: number) => Record<string, string>,
  round: number,
): Batch[] {
  const batches: Batch[] = []
  for (let start = 0; start < RECORDS; start += BATCH_RECORDS) {
    const records = Array.from({ length: BATCH_RECORDS }, (_, i) => {
      const n = round * RECORDS + start + i
      const events = Array.from({ length: EVENTS_PER_RECORD }, (_, k) => makeEvent(n * EVENTS_PER_RECORD + k))
      const visitor = events[0]?.['duid'] as string
      return {
        key: visitor,
        value: encode(rawRecord(n, visitor, events)),
        position: BigInt(n),
        appendedAt: 0,
      }
    })
    batches.push({
      stream: 'raw',
      partition: 0,
      records,
      next: BigInt(round * RECORDS + start + BATCH_RECORDS),
    })
  }
  return batches
}

function rawRecord(n: number, visitor: string, events: readonly object[]): RawRecord {
  return blankRaw({
    collected_at: asCollectedTime(Date.UTC(2026, 10, 20, 12) + n),
    collector: 'sluicebox-bench',
    request_id: uuid(),
    visitor,
    path: '/com.snowplowanalytics.snowplow/tp2',
    content_type: 'application/json; charset=utf-8',
    body: Buffer.from(JSON.stringify({ schema: `${SNOWPLOW}/payload_data/jsonschema/1-0-4`, data: events })),
    ip: '203.0.113.0',
    user_agent: AGENTS[n % AGENTS.length] as string,
    referer: 'https://shop.example.com/',
    hostname: 'collector.example.com',
    network_user_id: uuid(),
  })
}

function pageView(n: number): Record<string, string> {
  return {
    e: 'pv',
    ...common(n),
    page: `Running shoe ${n % 500}, light and fast`,
    co: contexts(
      { schema: `${SNOWPLOW}/web_page/jsonschema/1-0-0`, data: { id: uuid() } },
      {
        schema: `${SNOWPLOW}/client_session/jsonschema/1-0-2`,
        data: {
          userId: uuid(),
          sessionId: uuid(),
          eventIndex: n % 30,
          sessionIndex: 3,
          previousSessionId: null,
          storageMechanism: 'COOKIE_1',
          firstEventId: uuid(),
          firstEventTimestamp: '2026-11-20T11:58:00.000Z',
        },
      },
    ),
  }
}

function addToCart(n: number): Record<string, string> {
  const ecommerce = `${SNOWPLOW}.ecommerce`
  return {
    e: 'ue',
    ...common(n),
    ue_pr: JSON.stringify({
      schema: `${SNOWPLOW}/unstruct_event/jsonschema/1-0-0`,
      data: {
        schema: `${ecommerce}/snowplow_ecommerce_action/jsonschema/1-0-2`,
        data: { type: 'add_to_cart' },
      },
    }),
    co: contexts({
      schema: `${ecommerce}/product/jsonschema/1-0-0`,
      data: { id: `shoe-${n % 500}`, category: 'shoes/running', price: 89.9, currency: 'EUR', quantity: 1 },
    }),
  }
}

function common(n: number): Record<string, string> {
  const path = `/products/shoe-${n % 500}`
  const isNew = n % 4 === 0
  return {
    url: `https://shop.example.com${path}${isNew ? `?utm_source=mail&utm_campaign=c${n}&session_token=x${n}` : ''}`,
    refr: REFERRERS[n % REFERRERS.length] as string,
    eid: uuid(),
    tv: 'js-4.10.1',
    tna: 'sp1',
    aid: 'shop',
    p: 'web',
    cookie: '1',
    cs: 'UTF-8',
    lang: 'en-GB',
    res: '1920x1080',
    cd: '24',
    tz: 'Europe/Berlin',
    dtm: String(Date.UTC(2026, 10, 20, 11, 59) + n),
    stm: String(Date.UTC(2026, 10, 20, 12) + n),
    vp: '1280x720',
    ds: '1265x3000',
    vid: '3',
    sid: uuid(),
    duid: uuid(),
  }
}

function contexts(...data: object[]): string {
  return JSON.stringify({ schema: `${SNOWPLOW}/contexts/jsonschema/1-0-0`, data })
}

/** Fast, and always the same: the ids must only be many. */
let seed = 1
function uuid(): string {
  let hex = ''
  for (let i = 0; i < 4; i++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    hex += seed.toString(16).padStart(8, '0')
  }
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}
