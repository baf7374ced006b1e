import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { SHIPPED_BUNDLE } from '@sluicebox/scorer/scoring-bundle'
import { beforeAll, describe, expect, test } from 'vitest'
import { helpOf, sluicebox } from '../testing/command.ts'
import {
  appendUnknown,
  openShop,
  shopMap,
  succeeded,
  temporaryFolder,
  visits,
  writeLines,
} from '../testing/shop.ts'

const dir = temporaryFolder()
let data = ''
beforeAll(async () => {
  data = await openShop(dir, { visitCount: 20, bad: 1 })
})

test('the help lists the options and shows an example', async () => {
  expect(await helpOf('verify')).toEqual({
    options: ['data', 'bundle', 'config', 'json', 'help'],
    examples: ['sluicebox verify --data shop'],
  })
})

test.each<[line: string, says: string]>([
  ['verify shop', 'too many arguments'],
  ['verify --bundle', 'argument missing'],
  ['verify --strict', "unknown option '--strict'"],
  ['verify --config nowhere.yaml', 'nowhere.yaml: there is no such file; give --config the path'],
])('%j is wrong usage: %s', async (line, says) => {
  const { code, stdout, stderr } = await sluicebox(line)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(says)
})

test('fails where nothing is archived, and says how to archive it', async () => {
  const nowhere = join(dir, 'nowhere')
  const { code, stdout, stderr } = await sluicebox('verify', '--data', nowhere)
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toContain(`at once by "sluicebox drain --data ${nowhere}"`)
})

describe('verify', () => {
  test('ends with 0 where every score and every event comes out the same', async () => {
    const { code, stdout, stderr } = await sluicebox('verify', '--data', data)
    expect([code, stderr]).toEqual([0, '0 differing bits\n'])
    expect(stdout).toMatch(/^60 scores of 20 sessions compared: 0 differ, 0 are missing, 0 are extra$/m)
    expect(stdout).toMatch(/^\d+ records of good and bad compared: 0 differ, 0 are missing, 0 are extra$/m)
  })

  test('prints its report as one JSON object', async () => {
    const ran = await sluicebox('verify --json', '--data', data)
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.json()).toMatchObject([
      { compared: 60, differing: 0, missing: 0, extra: 0, sessions: 20, otherBundles: {}, differences: [] },
    ])
  })

  test('ignores records that are not archived yet', async () => {
    await appendUnknown(data, 1)
    expect((await sluicebox('verify --json', '--data', data)).code).toBe(0)
  })

  test('fails where a bundle that is named is not there', async () => {
    const { code, stderr } = await sluicebox('verify --bundle nowhere', '--data', data)
    expect(code).toBe(1)
    expect(stderr).toContain('there is no bundle at nowhere: name the folder or .zip')
  })

  test('ends with 1 where a bundle was not kept, until it is named', async () => {
    const [table, bundle, other] = [join(dir, 'table'), join(dir, 'bundle'), join(dir, 'other')]
    succeeded(await sluicebox('dataset build --maturity 0m --data', data, '--out', table))
    succeeded(await sluicebox('train --kind linear', table, '--out', bundle))
    const rows = writeLines(dir, 'others.ndjson', visits(2))
    succeeded(await sluicebox('import', rows, '--map', shopMap(dir), '--data', other))
    succeeded(await sluicebox('drain --close --bundle', bundle, '--data', other))
    expect((await sluicebox('verify', '--data', other)).code).toBe(0)

    rmSync(join(other, 'bundles'), { recursive: true })
    const none = await sluicebox('verify', '--data', other)
    expect(none.code).toBe(1)
    expect(none.stderr).toMatch(
      /^\d+ scores were not compared: .* keeps no bundle\. Name those .* with --bundle\n$/,
    )
    expect((await sluicebox('verify --json', '--data', other)).code).toBe(1)

    // The bundle that ships made none of these scores.
    const others = await sluicebox('verify --bundle', SHIPPED_BUNDLE, '--data', other)
    expect(others.code).toBe(1)
    expect(others.stderr).toMatch(
      /^\d+ scores were made by the bundle \w{12}, which was not kept here: name it with --bundle$/m,
    )
    const ran = await sluicebox('verify --json --bundle', SHIPPED_BUNDLE, '--data', other)
    expect(ran.code).toBe(1)
    expect(ran.json()).toMatchObject([{ differences: [], otherBundles: expect.any(Object) }])
    expect((await sluicebox('verify --bundle', bundle, '--data', other)).code).toBe(0)
  })
})
