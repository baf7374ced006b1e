import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { helpOf, sluicebox, sluiceboxWith } from '../testing/command.ts'
import { shopMap, succeeded, temporaryFolder, visits, writeLines } from '../testing/shop.ts'

const dir = temporaryFolder()

test('the help lists the options and shows an example', async () => {
  expect(await helpOf('drain')).toEqual({
    options: ['data', 'bundle', 'close', 'config', 'json', 'help'],
    examples: ['sluicebox drain --data shop --close'],
  })
})

test.each<[line: string, says: string]>([
  ['drain shop', 'too many arguments'],
  ['drain --closed', 'Did you mean --close?'],
  ['drain --bundle', "option '--bundle <path>' argument missing"],
  ['drain --config nowhere.yaml', 'nowhere.yaml: there is no such file; give --config the path'],
])('%j is wrong usage: %s', async (line, says) => {
  const { code, stdout, stderr } = await sluicebox(line)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(says)
})

// In this order: each test drains what the one before has left.
describe('drain', () => {
  const data = join(dir, 'shop')
  const finals = async (): Promise<unknown[]> =>
    ((await sluicebox('tail scored --json', '--data', data)).json() as { kind: string }[]).filter(
      ({ kind }) => kind === 'final',
    )

  test('fails where there is no log, says what to do, and makes none', async () => {
    const { code, stdout, stderr } = await sluicebox('drain', '--data', join(dir, 'nowhere'))
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/there is no log in .*nowhere: start one with .* or name another directory/)
    expect(existsSync(join(dir, 'nowhere'))).toBe(false)
  })

  test('fails where the bundle is not there, and says what to name', async () => {
    const empty = writeLines(dir, 'empty.ndjson', [])
    succeeded(await sluicebox('import', empty, '--map', shopMap(dir), '--data', data))
    const { code, stdout, stderr } = await sluicebox('drain --bundle nowhere', '--data', data)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('there is no bundle at nowhere: name the folder or .zip')
  })

  test('reads each stream to its end and archives it, and leaves open sessions open', async () => {
    succeeded(
      await sluicebox(
        'import',
        writeLines(dir, 'v.ndjson', visits(3)),
        '--map',
        shopMap(dir),
        '--data',
        data,
      ),
    )
    const ran = await sluicebox('drain --json', '--data', data)
    // A session that has reached the goal gets no further score.
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.json()).toEqual([{ raw: 7, good: 7, bad: 0, scored: 6 }])
    expect(await finals()).toEqual([])
    expect(existsSync(join(data, 'archive/scored'))).toBe(true)
  })

  test('finds nothing to do the second time', async () => {
    const { code, stdout, stderr } = await sluicebox('drain', '--data', data)
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toBe('drained: 7 in raw, 7 in good, 0 in bad, 6 in scored\n')
  })

  test('closes every session with --close', async () => {
    const { code, stderr } = await sluicebox('drain --close', '--data', data)
    // A heartbeat for each of the four partitions, and the last score of each of the three sessions.
    expect([code, stderr]).toEqual([0, 'drained: 11 in raw, 11 in good, 0 in bad, 9 in scored\n'])
    expect(await finals()).toHaveLength(3)
  })

  test('has nothing to close where nothing was collected', async () => {
    const fresh = join(dir, 'fresh')
    const empty = writeLines(dir, 'empty.ndjson', [])
    succeeded(await sluicebox('import', empty, '--map', shopMap(dir), '--data', fresh))
    const ran = await sluicebox('drain --close --json', '--data', fresh)
    expect(ran.json()).toEqual([{ raw: 0, good: 0, bad: 0, scored: 0 }])
  })

  test('fails where the brokers can not be reached', async () => {
    const env = {
      SLUICEBOX_LOG_KIND: 'kafka',
      SLUICEBOX_LOG_KAFKA_BROKERS: '["127.0.0.1:1"]',
    }
    const { code, stderr } = await sluiceboxWith(env, 'drain', '--data', data)
    expect(code).toBe(1)
    expect(stderr).toContain('127.0.0.1:1')
  })
})
