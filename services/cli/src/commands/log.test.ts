import { existsSync, truncateSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { helpOf, sluicebox } from '../testing/command.ts'
import { openShop, temporaryFolder } from '../testing/shop.ts'

const dir = temporaryFolder()
let data = ''
beforeAll(async () => {
  data = await openShop(dir)
})

test('the help lists the options and shows an example', async () => {
  expect(await helpOf('log verify')).toEqual({
    options: ['data', 'config', 'json', 'help'],
    examples: ['sluicebox log verify --data shop'],
  })
  expect((await helpOf('log salvage')).options).toEqual(['to', 'data', 'config', 'json', 'help'])
})

test.each<[line: string, code: number, says: string]>([
  ['log', 2, 'verify [options]'],
  ['log salvage', 2, "required option '--to <dir>'"],
  ['log verify --data nowhere', 1, 'there is no log in nowhere'],
])('%j ends with %d: %s', async (line, status, says) => {
  const { code, stdout, stderr } = await sluicebox(line)
  expect([code, stdout]).toEqual([status, ''])
  expect(stderr).toContain(says)
})

test('a log that is whole, one that is damaged, and what is saved of it', async () => {
  const before = await sluicebox('log verify', '--data', data)
  expect([before.code, before.stderr]).toEqual([0, 'no fault found\n'])
  expect(before.stdout).toMatch(/^stream +partition +from +to +whole +lost\n/)
  const rows = before.stdout.trimEnd().split('\n').slice(1)
  expect(rows.every(row => row.endsWith(' 0'))).toBe(true)

  const file = join(data, 'log', 'data.mdb')
  truncateSync(file, statSync(file).size - 4096 * 4)
  const damaged = await sluicebox('log verify --json', '--data', data)
  expect(damaged.code).toBe(1)
  expect((JSON.parse(damaged.stdout) as { damage: string }).damage).toContain('its end is cut off')
  for (const command of ['status', 'tail raw', 'doctor']) {
    const { code, stdout, stderr } = await sluicebox(command, '--data', data)
    expect(code, command).toBe(1)
    expect(`${stdout}${stderr}`, command).toContain('sluicebox log salvage')
  }

  const to = join(dir, 'salvaged')
  const salvaged = await sluicebox('log salvage', '--data', data, '--to', join(to, 'log'))
  expect(salvaged.code).toBe(0)
  expect(salvaged.stdout).toContain('the structure of the file is damaged')
  expect(existsSync(join(to, 'log', 'data.mdb'))).toBe(true)
  const after = await sluicebox('log verify --json', '--data', to)
  expect((JSON.parse(after.stdout) as { damage: unknown }).damage).toBeNull()
})
