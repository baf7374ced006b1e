import { join } from 'node:path'
import { dataPaths } from '@sluicebox/service/stores'
import { openEmbeddedLog } from '@sluicebox/stream/embedded/log'
import { beforeAll, describe, expect, test } from 'vitest'
import type { PipelineStatus } from '../inspect/pipeline-status.ts'
import { helpOf, sluicebox, start } from '../testing/command.ts'
import { appendUnknown, openShop, temporaryFolder } from '../testing/shop.ts'

const dir = temporaryFolder()
let data = ''
beforeAll(async () => {
  data = await openShop(dir)
  // Left to do.
  await appendUnknown(data, 3)
})

test('the help lists the options and shows examples', async () => {
  expect(await helpOf('status')).toEqual({
    options: ['config', 'data', 'partitions', 'watch', 'json', 'help'],
    examples: [
      'sluicebox status',
      'sluicebox status --partitions --watch',
      "sluicebox status --json | jq '.stages[] | {stage, stream, lag}'",
    ],
  })
})

test.each<[line: string, says: string]>([
  ['status scorer', 'too many arguments'],
  ['status --partition', 'Did you mean --partitions?'],
  ['status --config nowhere.yaml', 'nowhere.yaml: there is no such file; give --config the path'],
])('%j is wrong usage: %s', async (line, says) => {
  const { code, stdout, stderr } = await sluicebox(line)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(says)
})

test('fails where there is no log, and says how to start one', async () => {
  const nowhere = join(dir, 'nowhere')
  const { code, stdout, stderr } = await sluicebox('status', '--data', nowhere)
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toBe(
    `error: there is no log in ${nowhere}: start one with "sluicebox up --data ${nowhere}" or "sluicebox import", or name another directory with --data\n`,
  )
})

describe('status', () => {
  test('shows how far each stage is behind', async () => {
    const { code, stdout, stderr } = await sluicebox('status', '--data', data)
    expect(code).toBe(0)
    expect(stderr).toMatch(/^the newest record of raw arrived \d+(\.\d)? s ago\n$/)
    const rows = stdout.trimEnd().split('\n')
    expect(rows.map(row => row.split(/ +/).slice(0, 5).join(' '))).toEqual([
      'stage reads workers partitions lag',
      'enricher raw - 4 3',
      'scorer good - 4 0',
      'archiver raw - 4 3',
      'archiver good - 4 0',
      'archiver bad - 4 0',
      'archiver scored - 4 0',
    ])
  })

  test('shows each partition with its positions', async () => {
    const { code, stdout } = await sluicebox('status --partitions', '--data', data)
    expect(code).toBe(0)
    const [heading, ...rows] = stdout.trimEnd().split('\n')
    expect(heading).toMatch(/^stage +reads +partition +owner +committed +end +lag +behind$/)
    expect(rows).toHaveLength(6 * 4)
    for (const row of rows) {
      const [, , , owner, committed, end, lag] = row.split(/ +/)
      expect([owner, Number(end) - Number(committed)]).toEqual(['-', Number(lag)])
    }
  })

  test('prints one JSON object with the partitions', async () => {
    const ran = await sluicebox('status --json', '--data', data)
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    const [status] = ran.json() as [PipelineStatus]
    expect(status.rawSilentSeconds).toBeGreaterThanOrEqual(0)
    expect(status.stages).toHaveLength(6)
    expect(status.stages[0]).toMatchObject({ stage: 'enricher', stream: 'raw', workers: null, lag: 3 })
    expect(status.stages[0]?.partitions).toHaveLength(4)
  })

  test('says that nothing was collected yet', async () => {
    const empty = join(dir, 'empty')
    await (await openEmbeddedLog({ dir: dataPaths(empty).log }))[Symbol.asyncDispose]()
    const { code, stderr } = await sluicebox('status', '--data', empty)
    expect([code, stderr]).toEqual([0, 'nothing was collected yet\n'])
  })

  test('shows it again with --watch, until it is interrupted', async () => {
    const watching = start(['status', '--watch', '--json', '--data', data])
    await watching.printed('\n')
    watching.interrupt()
    const ran = await watching
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.json()).toMatchObject([{ stages: expect.any(Array) }])
  })
})
