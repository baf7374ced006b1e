import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { helpOf, sluicebox } from '../testing/command.ts'
import { openShop, temporaryFolder, writeLines } from '../testing/shop.ts'

const VISITS = 12
const dir = temporaryFolder()
const table = (name: string): string => join(dir, name)
let data = ''
beforeAll(async () => {
  data = await openShop(dir, { visitCount: VISITS })
})

interface Info {
  readonly rows_sha256: string
  readonly warnings: readonly string[]
}

test('the help lists the options and shows examples', async () => {
  expect(await helpOf('dataset build')).toEqual({
    options: [
      ...['out', 'data', 'features', 'features-max', 'goal', 'maturity', 'source'],
      ...['include-bots', 'include-simulated', 'config', 'json', 'help'],
    ],
    examples: [
      'sluicebox dataset build --data shop --out table',
      'sluicebox dataset build --data shop --features features.yaml --goal purchase --maturity 0m --out table',
    ],
  })
})

test.each<[line: string, says: string]>([
  ['dataset', 'build [options]'],
  ['dataset build', "required option '--out <dir>' not specified"],
  ['dataset build --out t --features-max 0', 'it must be at least 1.'],
  ['dataset build --out t --features-max 2.5', 'it must be a whole number.'],
  ['dataset build --out t --maturity 30', 'it must be a number with a unit: 500ms, 90s, 10m, 24h, 7d.'],
  ['dataset build --out t --goals transaction', 'Did you mean --goal?'],
  ['dataset build --out t --config nowhere.yaml', 'there is no such file; give --config the path'],
])('%j is wrong usage: %s', async (line, says) => {
  const { code, stdout, stderr } = await sluicebox(line)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(says)
})

describe('dataset build', () => {
  test('writes a table and its feature list, and says what is in it', async () => {
    const out = table('told')
    const { code, stdout, stderr } = await sluicebox('dataset build --maturity 0m --out', out, '--data', data)
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toMatch(
      /^\d+ events gave \d+ rows of 12 sessions, of which 4 reached the goal "transaction"$/m,
    )
    expect(['dataset.json', 'features.yaml'].filter(name => !existsSync(join(out, name)))).toEqual([])
  })

  test('prints the description of the table as JSON, as it is written beside the rows', async () => {
    const out = table('json')
    const ran = await sluicebox('dataset build --maturity 0m --json --out', out, '--data', data)
    expect(ran.code).toBe(0)
    expect(ran.json()).toEqual([JSON.parse(readFileSync(join(out, 'dataset.json'), 'utf8'))])
    expect(ran.json()).toMatchObject([
      { format: 'sluicebox-dataset', source: { description: 'the archive of this site' } },
    ])
  })

  test('builds the same rows of the same archive', async () => {
    const build = async (name: string): Promise<Info> => {
      const ran = await sluicebox('dataset build --maturity 0m --json --out', table(name), '--data', data)
      return ran.json()[0] as Info
    }
    expect((await build('one')).rows_sha256).toBe((await build('two')).rows_sha256)
  })

  test('leaves out sessions that are too young, and says how many', async () => {
    const { code, stderr } = await sluicebox(
      ...(['dataset build --maturity 5m', '--out', table('young'), '--data', data] as const),
    )
    expect(code).toBe(0)
    expect(stderr).toMatch(/left out: \d+ sessions began less than 5 minutes before the newest event/)
  })

  test('keeps the source that is given, and the number of features that is asked for', async () => {
    const ran = await sluicebox(
      ...([
        'dataset build --json --maturity 0m --features-max 2',
        '--source',
        'A shop, with thanks',
      ] as const),
      ...['--out', table('few'), '--data', data],
    )
    expect(ran.json()).toMatchObject([{ source: { description: 'A shop, with thanks' } }])
    expect(readFileSync(join(table('few'), 'features.yaml'), 'utf8').match(/name: /g)).toHaveLength(2)
  })

  test('takes a feature list that it has written itself', async () => {
    const features = join(table('few'), 'features.yaml')
    const ran = await sluicebox(
      ...(['dataset build --json --maturity 0m', '--features', features] as const),
      ...['--out', table('again'), '--data', data],
    )
    expect(ran.code).toBe(0)
  })

  test('warns where no session reaches the goal', async () => {
    const { code, stderr } = await sluicebox(
      ...(['dataset build --maturity 0m --goal nothing', '--out', table('nothing'), '--data', data] as const),
    )
    expect(code).toBe(0)
    expect(stderr).toContain('warning: no session reached the goal "nothing": is it the name of an action')
  })

  test.each<[what: string, args: () => string[], says: string]>([
    [
      'an empty archive',
      () => ['--data', table('nowhere')],
      'there are no events to make a training table of',
    ],
    [
      'a feature list that is not there',
      () => ['--data', data, '--features', table('nowhere.yaml')],
      'write one, or derive one with "--features auto"',
    ],
    [
      'a feature list that is not one',
      () => ['--data', data, '--features', writeLines(dir, 'wrong.yaml', ['- name: 3'])],
      'wrong.yaml',
    ],
  ])('fails for %s, and says what to do', async (_what, args, says) => {
    const { code, stdout, stderr } = await sluicebox('dataset build --out', table('failed'), ...args())
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain(says)
  })
})
