import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readGood } from '@sluicebox/archiver/manifests/read'
import { openFolderStore } from '@sluicebox/store/folder'
import { beforeAll, describe, expect, test } from 'vitest'
import { sluicebox } from '../testing/command.ts'
import { succeeded, temporaryFolder, visits, writeLines } from '../testing/shop.ts'

// A shop whose file of rates was replaced while it was open: what was enriched before was enriched by the first one.

const GEO = join(import.meta.dirname, '../../../enricher/src/testing/geo/small.mmdb')

const dir = temporaryFolder()
const data = join(dir, 'shop')
const rates = join(dir, 'rates.csv')
const map = writeLines(dir, 'map.yaml', [
  'format: ndjson',
  'time: { field: time, format: iso }',
  'visitor: visitor_id',
  'session: session_id',
  'action: { field: action, others: keep }',
  'product: product.id',
  'price: product.price',
  'currency: currency',
])
const withFiles = writeLines(dir, 'with-files.yaml', [
  'enricher:',
  `  geo: { database: ${GEO} }`,
  `  currency: { base: EUR, ratesFile: ${rates} }`,
])
const plain = writeLines(dir, 'plain.yaml', ['logLevel: error'])

/** Imports visits that are not there yet, and enriches, scores and archives them. */
async function open(name: string, config: string, from: number, count: number): Promise<void> {
  const rows = visits(from + count)
    .map(row => JSON.parse(row) as { visitor_id: string })
    .filter(row => Number(row.visitor_id.slice('visitor-'.length)) >= from)
  const file = writeLines(
    dir,
    name,
    rows.map(row => JSON.stringify({ ...row, currency: 'USD' })),
  )
  succeeded(await sluicebox('import', file, '--map', map, '--data', data))
  succeeded(await sluicebox('drain', '--data', data, '--config', config))
}

const setRate = (rate: number): void => writeFileSync(rates, `date,currency,rate\n2026-11-18,USD,${rate}\n`)

beforeAll(async () => {
  await open('before.ndjson', plain, 0, 4)
  setRate(1.25)
  await open('first.ndjson', withFiles, 4, 4)
  setRate(2)
  await open('second.ndjson', withFiles, 8, 4)
}, 120_000)

const keptRates = join(data, 'bundles/enricher/rates')

test('amounts were converted by the rates of their time', async () => {
  const archive = await openFolderStore(join(data, 'archive'))
  const quotients = new Map<number | null, number>()
  for await (const { records } of readGood(archive))
    for (const { record } of records) {
      if (record.price === null) continue
      const quotient =
        record.price_base === null ? null : Number((record.price / record.price_base).toFixed(9))
      quotients.set(quotient, (quotients.get(quotient) ?? 0) + 1)
    }
  expect([...quotients.keys()].sort()).toEqual([1.25, 2, null])
})

describe('verify', () => {
  test.each([
    ['the files that are configured now', withFiles],
    ['no files configured', plain],
  ])('finds 0 differing bits with %s', async (_what, config) => {
    const ran = await sluicebox('verify --json', '--data', data, '--config', config)
    expect(ran.stderr).toBe('')
    expect(ran.json()).toMatchObject([
      { differing: 0, missing: 0, extra: 0, otherFiles: {}, events: { differing: 0, missing: 0, extra: 0 } },
    ])
    expect(ran.code).toBe(0)
  })

  test('needs none of the files themselves: copies were kept', async () => {
    rmSync(rates)
    expect(readdirSync(keptRates)).toHaveLength(2)
    const ran = await sluicebox('verify', '--data', data, '--config', plain)
    expect([ran.code, ran.stderr]).toEqual([0, '0 differing bits\n'])
  })

  test('says which file is not kept, compares the other events, and ends with 1', async () => {
    const [name = ''] = readdirSync(keptRates)
    renameSync(join(keptRates, name), join(dir, name))
    const ran = await sluicebox('verify', '--data', data, '--config', plain)
    expect(ran.code).toBe(1)
    expect(ran.stderr).toMatch(
      new RegExp(
        `^\\d+ events were made with the file rates/${name.slice(0, 16)}, which was not kept here: copy it to enricher/rates/<its SHA-256> in the store of the bundles\\n$`,
      ),
    )
    expect(ran.stdout).toMatch(
      /^\d+ records of good and bad compared: 0 differ, 0 are missing, 0 are extra$/m,
    )
    renameSync(join(dir, name), join(keptRates, name))
  })

  test('finds a kept file that was changed', async () => {
    const [name = ''] = readdirSync(keptRates)
    writeFileSync(join(keptRates, name), 'date,currency,rate\n2026-11-18,USD,3\n')
    const ran = await sluicebox('verify', '--data', data, '--config', plain)
    expect(ran.code).toBe(1)
    expect(ran.stderr).toContain('is not the file that was kept')
  })
})
