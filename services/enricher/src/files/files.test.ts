import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFolderStore } from '@sluicebox/store/folder'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import {
  pageView,
  rawRecord,
  run,
  testConfig,
  testEnricher,
  tp2Body,
  type ConfigChanges,
} from '../testing/run.ts'
import { createTools } from '../tools.ts'
import { isKept, keepFile, keptFile } from './kept.ts'
import { usedFiles } from './maker.ts'
import { prepareFiles } from './prepare.ts'

const SMALL = join(import.meta.dirname, '../testing/geo/small.mmdb')
const RATES = 'date,currency,rate\n2026-11-18,USD,1.25\n'

let dir: string
let store: Awaited<ReturnType<typeof openFolderStore>>

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sluicebox-files-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  store = await openFolderStore(join(dir, 'bundles'))
})

const put = (name: string, content: string | Uint8Array): string => {
  const path = join(dir, name)
  writeFileSync(path, content)
  return path
}
const ratesIn = (ratesFile: string): ConfigChanges => ({
  currency: { base: 'EUR', ratesFile, ageDaysMax: 7 },
})
const prepare = (changes: ConfigChanges) => prepareFiles(testConfig(changes), async () => store)

test('each record says the beginning of the hash of every file that made it, good, bad or heartbeat', async () => {
  const changes = { ...ratesIn(put('rates.csv', RATES)), geo: { database: SMALL } }
  const files = await prepare(changes)
  const { good, bad } = run(
    [rawRecord({ body: tp2Body(pageView(), pageView({ dtm: 'now' })) }), rawRecord({ kind: 'heartbeat' })],
    testEnricher(changes, { files }),
  )
  const geo = sha256(readFileSync(SMALL)).slice(0, 16)
  const rates = sha256(RATES).slice(0, 16)
  const ending = ` geo/${geo} rates/${rates}/EUR/7d`
  expect(good.map(({ enricher }) => enricher.slice(-ending.length))).toEqual([ending, ending])
  expect(bad[0]?.processor).toContain(ending)
  expect(usedFiles(good[0]?.enricher ?? '')).toEqual({
    geo,
    rates: { hash: rates, base: 'EUR', ageDaysMax: 7 },
  })
})

test.each([
  ['', {}],
  ['sluicebox-enricher/0.1.0 rules/1 sites/2', {}],
  ['sluicebox-enricher/0.1.0 geo/0123456789abcdef', { geo: '0123456789abcdef' }],
  ['sluicebox-enricher/0.1.0 geo/0123', {}],
  ['x rates/0123456789abcdef/USD/10d', { rates: { hash: '0123456789abcdef', base: 'USD', ageDaysMax: 10 } }],
])('a maker %j names the files %j', (maker, files) => {
  expect(usedFiles(maker)).toEqual(files)
})

test('a file that is used is kept whole under its hash, once, and found by the beginning of it', async () => {
  const path = put('rates.csv', RATES)
  await prepare(ratesIn(path))
  await prepare(ratesIn(path))
  rmSync(path)
  const kept = join(dir, 'bundles/enricher/rates')
  expect(readdirSync(kept)).toEqual([sha256(RATES)])
  const found = await keptFile(store, 'rates', sha256(RATES).slice(0, 16))
  expect(Buffer.from(found.bytes).toString()).toBe(RATES)
  expect(await isKept(store, 'rates', sha256(RATES).slice(0, 16))).toBe(true)
  expect(await isKept(store, 'geo', sha256(RATES).slice(0, 16))).toBe(false)
  await expect(keptFile(store, 'rates', '0123456789abcdef')).rejects.toThrow('was not kept: copy the file')
})

test('a file that was changed keeps its earlier version beside it', async () => {
  const path = put('rates.csv', RATES)
  await prepare(ratesIn(path))
  put('rates.csv', `${RATES}2026-11-19,USD,1.3\n`)
  await prepare(ratesIn(path))
  expect(readdirSync(join(dir, 'bundles/enricher/rates'))).toHaveLength(2)
})

test('a kept file that was changed in its place is not used', async () => {
  await keepFile(store, 'rates', Buffer.from(RATES))
  await store.put(`enricher/rates/${sha256(RATES)}`, Buffer.from(RATES.replace('1.25', '1.26')))
  await expect(keptFile(store, 'rates', sha256(RATES))).rejects.toThrow('is not the file that was kept')
})

test('without files nothing is kept, and no store is opened', async () => {
  const files = await prepareFiles(testConfig(), () => Promise.reject(new Error('opened')))
  expect(files).toEqual({})
})

test.each<[what: string, make: () => ConfigChanges, says: string]>([
  [
    'a database that is missing',
    () => ({ geo: { database: join(dir, 'nowhere.mmdb') } }),
    "nowhere.mmdb can't be read: ",
  ],
  ['a folder', () => ({ geo: { database: dir } }), "can't be read: "],
  [
    'a database that is not one',
    () => ({ geo: { database: put('geo.mmdb', 'country') } }),
    "geo.mmdb: it is not a database in MaxMind's format (.mmdb), or it is damaged",
  ],
  ['rates that are missing', () => ratesIn(join(dir, 'nowhere.csv')), "nowhere.csv can't be read: "],
  [
    'rates with a fault',
    () => ratesIn(put('rates.csv', `${RATES}2026-11-19,USD,-1\n`)),
    'rates.csv: line 3 has the rate "-1"',
  ],
  [
    'rates in another encoding',
    () => ratesIn(put('rates.csv', Buffer.from(RATES, 'utf16le'))),
    'rates.csv: line 1 must be the header',
  ],
  [
    'rates with bytes that are not text',
    () => ratesIn(put('rates.csv', Buffer.concat([Buffer.from(RATES), Buffer.of(0xff)]))),
    'rates.csv: it is not text in UTF-8',
  ],
])('%s stops the start, and is not kept', async (_what, make, says) => {
  const changes = make()
  const setting = changes.geo === undefined ? 'enricher.currency.ratesFile: ' : 'enricher.geo.database: '
  await expect(prepare(changes)).rejects.toThrow(says)
  await expect(prepare(changes)).rejects.toThrow(setting)
  expect(readdirSync(join(dir, 'bundles')).filter(name => !name.startsWith('.'))).toEqual([])
})

test.each<[setting: string, changes: ConfigChanges]>([
  ['enricher.geo.database names geo.mmdb', { geo: { database: 'geo.mmdb' } }],
  ['enricher.currency.ratesFile names rates.csv', ratesIn('rates.csv')],
])('%s: without what it holds nothing is enriched', (says, changes) => {
  expect(() => createTools(testConfig(changes), { version: 'test' })).toThrow(says)
})

test('the database may be replaced while it is used', async () => {
  const path = join(dir, 'geo.mmdb')
  copyFileSync(SMALL, path)
  const changes = { geo: { database: path } }
  const enricher = testEnricher(changes, { files: await prepare(changes) })
  writeFileSync(path, 'gone')
  const { good } = run([rawRecord({ body: tp2Body(pageView()), ip: '192.0.2.0' })], enricher)
  expect(good[0]?.geo_city).toBe('Boxford')
})

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
