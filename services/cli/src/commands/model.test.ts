import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { helpOf, sluicebox } from '../testing/command.ts'
import { openShop, succeeded, temporaryFolder } from '../testing/shop.ts'

const dir = temporaryFolder()
const [table, bundle] = [join(dir, 'table'), join(dir, 'bundle')]
beforeAll(async () => {
  const data = await openShop(dir, { visitCount: 40 })
  succeeded(await sluicebox('dataset build --maturity 0m --data', data, '--out', table))
  succeeded(await sluicebox('train --kind linear', table, '--out', bundle))
})

test('the help lists the options and shows an example', async () => {
  expect(await helpOf('model show')).toEqual({
    options: ['json', 'help'],
    examples: ['sluicebox model show bundles/mine'],
  })
  expect(await helpOf('model verify')).toEqual({
    options: ['json', 'help'],
    examples: ['sluicebox model verify bundles/mine'],
  })
  expect(await helpOf('model evaluate')).toEqual({
    options: ['table', 'rows', 'json', 'help'],
    examples: ['sluicebox model evaluate bundles/mine --table table'],
  })
  expect(await helpOf('model report')).toEqual({
    options: ['table', 'out', 'rows', 'json', 'help'],
    examples: ['sluicebox model report bundles/mine --table table --out report.html'],
  })
})

const ROWS = 'Allowed choices are auto, train, validation, test, newer, all.'
test.each<[line: string, says: string]>([
  ['model', 'evaluate [options] <bundle>'],
  ['model polish', "unknown command 'polish'"],
  ['model show one two', 'too many arguments'],
  ['model verify --strict', "unknown option '--strict'"],
  ['model evaluate --table table', "missing required argument 'bundle'"],
  ['model evaluate mine', "required option '--table <dir>' not specified"],
  ['model evaluate mine --table table --rows some', ROWS],
  ['model report mine', "required option '--table <dir>' not specified"],
  ['model report mine --table table --rows some', ROWS],
])('%j is wrong usage: %s', async (line, says) => {
  const { code, stdout, stderr } = await sluicebox(line)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(says)
})

test.each(['model show', 'model verify', 'model evaluate --table table', 'model report --table table'])(
  '%j fails where the bundle is missing or broken, and says so',
  async line => {
    const missing = await sluicebox(line, join(dir, 'nowhere'))
    expect([missing.code, missing.stdout]).toEqual([1, ''])
    expect(missing.stderr).toContain('name the folder or .zip that "sluicebox train --out" has written')
    const broken = await sluicebox(line, dir)
    expect([broken.code, broken.stdout]).toEqual([1, ''])
    expect(broken.stderr).toContain('There is no file bundle.json in it.')
  },
)

describe('model show', () => {
  test('shows the bundle that ships, where none is named', async () => {
    const { code, stdout, stderr } = await sluicebox('model show')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^shop-example \d+ /)
    for (const name of ['id', 'made', 'model', 'goal', 'trained on', 'source', 'threshold', 'reproduce'])
      expect(stdout).toMatch(new RegExp(`^${name} +\\S`, 'm'))
    expect(stdout).toMatch(/^ {2}ROC AUC \S+: [01]\.\d{3} \([01]\.\d{3}–[01]\.\d{3}\), \d+ of \d+ positive$/m)
  })

  test('prints the manifest as it is in the bundle', async () => {
    const ran = await sluicebox('model show --json', bundle)
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.json()).toEqual([JSON.parse(readFileSync(join(bundle, 'bundle.json'), 'utf8'))])
  })
})

describe('model verify', () => {
  test('says that a bundle is whole', async () => {
    const { code, stdout, stderr } = await sluicebox('model verify', bundle)
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toMatch(
      /^transaction-linear 1 \([0-9a-f]{12}\) is whole and reproduces its golden sessions\n$/,
    )
  })

  test('prints the same as JSON', async () => {
    const ran = await sluicebox('model verify --json', bundle)
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.json()).toEqual([
      { id: expect.stringMatching(/^[0-9a-f]{64}$/), name: 'transaction-linear', version: '1', ok: true },
    ])
  })
})

describe('model evaluate', () => {
  test('prints figures by scoring moment, and as JSON', async () => {
    const shown = await sluicebox('model evaluate', bundle, '--table', table)
    expect(shown).toMatchObject({ code: 0, stderr: '' })
    expect(shown.stdout).toMatch(/^On the test part: \d+ sessions of \d+ visitors/)
    const ran = await sluicebox('model evaluate --json', bundle, '--table', table)
    expect(ran.json()).toMatchObject([{ dataset: 'test', moments: expect.any(Array) }])
  })

  test.each([
    ['train', 'train'],
    ['all', 'live_replay'],
  ])('measures the rows that are asked for: %s', async (rows, dataset) => {
    const ran = await sluicebox(`model evaluate --json --rows ${rows}`, bundle, '--table', table)
    expect(ran.code).toBe(0)
    expect(ran.json()).toMatchObject([{ dataset }])
  })

  test('fails without a table, and says how to make one', async () => {
    const { code, stderr } = await sluicebox('model evaluate', bundle, '--table', join(dir, 'nowhere'))
    expect(code).toBe(1)
    expect(stderr).toContain('Make one with "sluicebox dataset build --out')
  })
})

describe('model report', () => {
  test('writes one page and says where', async () => {
    const out = join(dir, 'report.html')
    const { code, stdout, stderr } = await sluicebox('model report', bundle, '--table', table, '--out', out)
    expect([code, stdout, stderr]).toEqual([0, '', `wrote ${out}\n`])
    expect(readFileSync(out, 'utf8')).toMatch(/^<!doctype html>.*transaction-linear.*<\/html>\s*$/is)
  })

  test('prints where it wrote the page, and the figures of "model evaluate", as JSON', async () => {
    const out = join(dir, 'other.html')
    const ran = await sluicebox('model report --json', bundle, '--table', table, '--out', out)
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    const [figures] = (await sluicebox('model evaluate --json', bundle, '--table', table)).json()
    expect(ran.json()).toEqual([{ out, ...(figures as object) }])
    expect(existsSync(out)).toBe(true)
  })

  test('fails where the page can not be written, and says what to do', async () => {
    const { code, stderr } = await sluicebox('model report', bundle, '--table', table, '--out', dir)
    expect(code).toBe(1)
    expect(stderr).toContain(
      `the report can't be written to ${dir}: it is a folder, not a file; name another file with --out`,
    )
  })
})
