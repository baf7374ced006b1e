import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { EXIT_HELP } from '../exit-codes.ts'
import { helpOf, sluicebox } from '../testing/command.ts'
import { startProcess } from '../testing/process.ts'
import { temporaryFolder } from '../testing/shop.ts'

const dir = temporaryFolder()
const STAGES = ['collector', 'enricher', 'scorer', 'archiver'] as const

test.each<[stage: string, own: string[], examples: string[]]>([
  ['collector', ['port', 'host'], ['--config sluicebox.yaml', '--port 8081 --admin-port 9471']],
  ['enricher', [], ['--config sluicebox.yaml', '--admin-port 0']],
  ['scorer', ['bundle'], ['--config sluicebox.yaml', '--bundle bundles/mine --admin-port 0']],
  ['archiver', [], ['--config sluicebox.yaml', '--admin-port 0']],
])('the help of %s lists the options and shows examples', async (stage, own, examples) => {
  expect(await helpOf(stage)).toEqual({
    options: ['config', 'data', 'admin-port', 'json', ...own, 'help'],
    examples: examples.map(args => `sluicebox ${stage} ${args}`),
  })
})

test.each(STAGES)('the help of %s lists the exit codes', async stage => {
  expect((await sluicebox(stage, '--help')).stdout).toContain(EXIT_HELP)
})

test.each<[line: string, says: string]>([
  ...STAGES.flatMap((stage): [string, string][] => [
    [`${stage} shop`, 'too many arguments'],
    [`${stage} --admin-port x`, 'it must be a number.'],
    [`${stage} --admin-port 65536`, 'it must be at most 65535.'],
    [`${stage} --admin-port 1.5`, 'it must be a whole number.'],
    [`${stage} --config nowhere.yaml`, 'nowhere.yaml: there is no such file; give --config the path'],
  ]),
  ['collector --port 70000', 'it must be at most 65535.'],
  ['collector --bundle mine', "unknown option '--bundle'"],
  ['enricher --port 0', "unknown option '--port'"],
  ['scorer --host 127.0.0.1', "unknown option '--host'"],
  ['archiver --bundle mine', "unknown option '--bundle'"],
])('%j is wrong usage: %s', async (line, says) => {
  const { code, stdout, stderr } = await sluicebox(line)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(says)
})

describe('the stages as processes', () => {
  test('print their addresses as JSON when they are at work, and end with 0 when they are stopped', async () => {
    const running = STAGES.map(stage =>
      startProcess(`${stage} --admin-port 0 --json${stage === 'collector' ? ' --port 0' : ''}`, [
        '--data',
        join(dir, 'shop'),
      ]),
    )
    const addresses = (await Promise.all(running.map(({ firstLine }) => firstLine))).map(
      line => JSON.parse(line) as { url?: string; admin: string },
    )
    expect(addresses.map(({ url }) => url !== undefined)).toEqual([true, false, false, false])
    for (const { admin } of addresses) expect((await fetch(`${admin}/health/live`)).status).toBe(200)
    expect(await Promise.all(running.map(each => each.stop()))).toEqual([0, 0, 0, 0])
  })

  test('end with 1 for what keeps them from working', async () => {
    const args = ['--data', join(dir, 'failed'), '--bundle', 'nowhere']
    const { code, stderr } = await startProcess('scorer --admin-port 0', args).ended
    expect(code).toBe(1)
    expect(stderr).toContain('there is no bundle at nowhere')
  })
})
