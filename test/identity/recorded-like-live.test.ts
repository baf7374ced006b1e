// A line of our own vocabulary that is posted, and the same line imported from a file, give the same good event except
// for what is of the moment and of the connection.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readRecordings } from '@sluicebox/cli/recordings/events'
import { loadMap } from '@sluicebox/cli/recordings/map'
import { createCollect } from '@sluicebox/collector/collect/collect'
import { collectorConfig } from '@sluicebox/collector/config'
import { enricherConfig } from '@sluicebox/enricher/config'
import { createEnricher } from '@sluicebox/enricher/enricher'
import { blankRaw } from '@sluicebox/event/blank'
import { asCollectedTime } from '@sluicebox/event/instants'
import type { GoodRecord, RawRecord } from '@sluicebox/event/records'
import { PAGE_KINDS } from '@sluicebox/protocol/page-kinds'
import { loadEventSchemas } from '@sluicebox/registry/events/events'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

const NOW = Date.UTC(2026, 10, 20, 12)
const codecs = { rawCodec: folderCodec('raw'), goodCodec: folderCodec('good'), badCodec: folderCodec('bad') }
const enricher = createEnricher({
  ...codecs,
  config: enricherConfig.parse({}),
  schemas: loadEventSchemas([]),
})

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'recorded-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

function posted(line: string): RawRecord[] {
  const collect = createCollect({
    config: collectorConfig.parse({}),
    uuid: () => 'made',
    checkEvent: () => [],
  })
  const outcome = collect.events({
    query: null,
    headers: { 'content-type': 'application/json' },
    peer: '203.0.113.77',
    collectedAt: asCollectedTime(NOW),
    body: Buffer.from(line),
  })
  return 'records' in outcome ? [...outcome.records] : []
}

async function imported(line: string): Promise<RawRecord[]> {
  const path = join(dir, 'line.ndjson')
  writeFileSync(path, `${line}\n`)
  await using recording = await readRecordings([path], loadMap('ndjson'))
  const records: RawRecord[] = []
  for await (const { timeMs, visitor, json } of recording.events())
    records.push(
      blankRaw({
        kind: 'payload',
        collected_at: asCollectedTime(timeMs),
        visitor,
        path: '/v1/events',
        content_type: 'application/json',
        body: Buffer.from(json),
      }),
    )
  return records
}

/** What both have in common: all but times, which the fingerprint is also made of, and what a connection says. */
function enriched(records: readonly RawRecord[]): object[] {
  const batch = {
    stream: 'raw',
    partition: 0,
    records: records.map((raw, i) => ({
      key: raw.visitor,
      value: codecs.rawCodec.encode(raw),
      position: BigInt(i),
      appendedAt: 0,
    })),
    next: BigInt(records.length),
  }
  const { good } = enricher.process(enricher.start(0), batch)
  return good.map(({ value }) => {
    const {
      collected_at,
      created_at,
      sent_at,
      event_time,
      event_time_clamped,
      event_fingerprint,
      ip,
      network_user_id,
      ...rest
    } = codecs.goodCodec.decode(value) as GoodRecord
    return rest
  })
}

const text = fc.oneof(
  fc.string({ minLength: 1, maxLength: 20 }),
  fc.constantFrom('null', 'undefined', '0', '  ', 'Mozilla/5.0 (compatible; Googlebot/2.1)'),
)
const amount = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true, min: 0, max: 1e6 }), fc.nat())
const id = fc
  .string({ unit: fc.constantFrom(...'abcdef0123456789'), minLength: 1, maxLength: 12 })
  .map(x => `i${x}`)

const event = fc.record(
  {
    time: fc.constant('2026-11-20T11:59:00Z'),
    visitor_id: id,
    action: fc.constantFrom('product_view', 'add_to_cart', 'page_view', 'transaction', 'constructor', 'wish'),
    event_id: id,
    session_id: id,
    user_id: id,
    app_id: text,
    platform: fc.constantFrom('web', 'app', 'srv'),
    user_agent: text,
    search_term: text,
    simulated: fc.boolean(),
    product: fc.record(
      {
        id: text,
        name: text,
        category: text,
        price: amount,
        quantity: fc.nat(9),
        currency: fc.constantFrom('EUR', 'USD'),
      },
      { requiredKeys: [] },
    ),
    transaction: fc.record({ id: text, revenue: amount }, { requiredKeys: [] }),
    page: fc.record(
      {
        url: fc.webUrl({ withQueryParameters: true }),
        title: text,
        referrer: fc.webUrl(),
        kind: fc.constantFrom(...PAGE_KINDS),
      },
      { requiredKeys: [] },
    ),
    properties: fc.dictionary(
      id,
      fc.oneof(text, fc.boolean(), fc.nat(), fc.array(fc.nat(), { maxLength: 3 })),
      { maxKeys: 4 },
    ),
  },
  { requiredKeys: ['time', 'visitor_id', 'action', 'event_id'] },
)

test('a line gives the same good event, posted or imported', async () => {
  let good = 0
  await fc.assert(
    fc.asyncProperty(event, async value => {
      const line = JSON.stringify(value)
      const live = enriched(posted(line))
      expect(enriched(await imported(line))).toEqual(live)
      good += live.length
    }),
    { numRuns: 300, seed: 20261120 },
  )
  // Else the comparison would be of nothing.
  expect(good).toBeGreaterThan(100)
})
