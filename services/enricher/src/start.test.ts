import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Logger } from '@sluicebox/runtime/log'
import { Registry } from '@sluicebox/runtime/metrics'
import { openEmbeddedLog, type EmbeddedLog } from '@sluicebox/stream/embedded/log'
import { lagOf } from '@sluicebox/stream/lag'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ENRICHER_GROUP, loadSchemas, readKey, startEnricher } from './start.ts'
import {
  badCodec,
  decodeAll,
  goodCodec,
  pageView,
  rawCodec,
  rawRecord,
  testConfig,
  tp2Body,
} from './testing/run.ts'
import { createEnricher } from './enricher.ts'
import { schemas } from './testing/run.ts'

let dir: string
let log: EmbeddedLog
const silent: Pick<Logger, 'info' | 'warn'> = { info() {}, warn() {} }

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sluicebox-enricher-'))
  log = await openEmbeddedLog({ dir: join(dir, 'log'), partitions: 2 })
})

afterEach(async () => {
  await log[Symbol.asyncDispose]()
  rmSync(dir, { recursive: true })
})

/** Runs the service until everything in raw is enriched. */
async function enrichAll(metrics = new Registry(), logger = silent): Promise<void> {
  const stop = new AbortController()
  const done = startEnricher({ log, config: testConfig(), logger, metrics, signal: stop.signal })
  while ((await lagOf(log, ENRICHER_GROUP, 'raw')).some(lag => lag > 0))
    await Promise.race([log.changed('good', AbortSignal.any([stop.signal, AbortSignal.timeout(100)])), done])
  stop.abort()
  await done
}

async function readAll<T extends object>(
  stream: string,
  codec: typeof goodCodec | typeof badCodec,
): Promise<T[]> {
  const all: T[] = []
  for (const [partition, { start }] of (await log.bounds(stream)).entries()) {
    const { records } = await log.read(stream, partition, start, { recordsMax: 1000, bytesMax: 1e7 })
    all.push(...(decodeAll(codec as never, records as never) as T[]))
  }
  return all
}

test('enriches what is in raw, passes heartbeats on, survives poison, and counts what it did', async () => {
  const post = (visitor: string, ...events: unknown[]): { key: string; value: Uint8Array } => ({
    key: visitor,
    value: rawCodec.encode(rawRecord({ visitor, body: tp2Body(...events) })),
  })
  await log.append('raw', [
    post('ann', pageView({ url: 'https://a.example/cart' }), pageView({ dtm: 'now' })),
    { key: 'ann', value: Buffer.from('poison') },
    // An unknown schema id: without a registry to ask there is no such schema.
    { key: 'ann', value: Buffer.from([0, 0, 0, 0, 9, 1, 2, 3]) },
    post('bob', pageView()),
    { key: null, value: rawCodec.encode(rawRecord({ kind: 'heartbeat' })), partition: 0 },
    { key: null, value: rawCodec.encode(rawRecord({ kind: 'heartbeat' })), partition: 1 },
  ])
  const metrics = new Registry()
  await enrichAll(metrics)

  const good = await readAll<{ kind: string; visitor: string; source_partition: number }>('good', goodCodec)
  const bad = await readAll<{ reason: string }>('bad', badCodec)
  expect(
    good
      .filter(event => event.kind === 'event')
      .map(event => event.visitor)
      .sort(),
  ).toEqual(['ann', 'bob'])
  expect(good.filter(event => event.kind === 'heartbeat').map(event => event.source_partition)).toEqual([
    0, 1,
  ])
  expect(bad.map(record => record.reason).sort()).toEqual([
    'field_invalid',
    'record_undecodable',
    'record_undecodable',
  ])

  const text = await metrics.metrics()
  for (const line of [
    'sluicebox_enricher_records_total{kind="heartbeat"} 2',
    'sluicebox_enricher_records_total{kind="payload"} 4',
    'sluicebox_enricher_events_total{outcome="good",reason=""} 2',
    'sluicebox_enricher_events_total{outcome="bad",reason="record_undecodable"} 2',
    'sluicebox_enricher_events_total{outcome="bad",reason="field_invalid"} 1',
    'sluicebox_enricher_views_total{page_kind="cart"} 1',
  ])
    expect(text.split('\n')).toContain(line)
  expect(text).toMatch(/sluicebox_enricher_last_collected_timestamp_seconds\{partition="0"\} 1\d{9}/)
  expect(text).toMatch(/sluicebox_enricher_latency_seconds_count [1-9]/)
})

test('counts amounts by currency and countries by source, and warns once of mixed currencies', async () => {
  const warnings: unknown[][] = []
  const sale = (currency: string): object =>
    pageView({ e: 'ti', ti_sk: 'p1', ti_pr: '5', ti_cu: currency, tz: 'Europe/Berlin' })
  const value = rawCodec.encode(
    rawRecord({ body: tp2Body(sale('EUR'), sale('usd'), sale('USD'), pageView()) }),
  )
  await log.append('raw', [{ key: 'ann', value }])
  const metrics = new Registry()
  await enrichAll(metrics, { info() {}, warn: (...args: unknown[]) => void warnings.push(args) })
  await log.append('raw', [{ key: 'ann', value }])
  await enrichAll(new Registry(), { info() {}, warn: (...args: unknown[]) => void warnings.push(args) })
  const text = await metrics.metrics()
  for (const line of [
    'sluicebox_enricher_amounts_total{currency="EUR",outcome="as_sent"} 1',
    'sluicebox_enricher_amounts_total{currency="USD",outcome="as_sent"} 2',
    'sluicebox_enricher_countries_total{source="timezone"} 3',
    'sluicebox_enricher_countries_total{source="none"} 1',
  ])
    expect(text.split('\n')).toContain(line)
  // Once in each process.
  expect(warnings).toEqual([
    [{ currencies: ['EUR', 'USD'] }, expect.stringContaining('enricher.currency.ratesFile')],
    [{ currencies: ['EUR', 'USD'] }, expect.stringContaining('enricher.currency.ratesFile')],
  ])
})

test('continues where it stopped', async () => {
  const value = rawCodec.encode(rawRecord({ body: tp2Body(pageView()) }))
  await log.append('raw', [{ key: 'ann', value }])
  await enrichAll()
  await log.append('raw', [{ key: 'ann', value }])
  await enrichAll()
  const good = await readAll<{ source_position: string }>('good', goodCodec)
  expect(good.length).toBe(2)
  expect(new Set(good.map(event => event.source_position)).size).toBe(2)
})

test('a schema that is unusable costs a line of the log, and not the start', () => {
  const own = join(dir, 'schemas', 'acme', 'poll')
  mkdirSync(own, { recursive: true })
  writeFileSync(join(own, '1-0-0.json'), '{')
  const warned: unknown[] = []
  const logger = { warn: (...line: unknown[]) => warned.push(line) }
  loadSchemas(testConfig({ schemaDirs: [join(dir, 'schemas')] }), logger)
  expect(warned).toEqual([
    [
      { file: join(own, '1-0-0.json'), reason: expect.stringContaining('is not JSON') },
      'an event schema is unusable: events that refer to it have an unknown schema',
    ],
  ])
  expect(() => loadSchemas(testConfig({ schemaDirs: [join(dir, 'shcemas')] }), logger)).toThrow(
    'There is no folder of event schemas',
  )
})

test('the key of the pseudonyms is read from a file, and must be one', () => {
  const file = join(dir, 'key')
  writeFileSync(file, Buffer.alloc(32, 7))
  expect(readKey(file)?.length).toBe(32)
  expect(readKey(undefined)).toBeUndefined()
  writeFileSync(file, 'short')
  expect(() => readKey(file)).toThrow(/holds 5 bytes; a key has at least 32/)
})

test('without its key nothing is written under the names that people have', () => {
  const config = testConfig({ pseudonyms: { keyFile: 'key', fields: ['user_id'] } })
  expect(() => createEnricher({ config, schemas, rawCodec, goodCodec, badCodec })).toThrow(/no key was read/)
})
