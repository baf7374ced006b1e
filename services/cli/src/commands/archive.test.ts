import { globSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { helpOf, sluicebox } from '../testing/command.ts'
import { openShop, temporaryFolder } from '../testing/shop.ts'

const dir = temporaryFolder()
let data = ''
beforeAll(async () => {
  data = await openShop(dir)
})

test('the help lists the options and shows an example', async () => {
  expect(await helpOf('archive ls')).toEqual({
    options: ['data', 'config', 'stream', 'json', 'help'],
    examples: ['sluicebox archive ls --stream scored'],
  })
  expect(await helpOf('archive verify')).toEqual({
    options: ['data', 'config', 'repair', 'json', 'help'],
    examples: ['sluicebox archive verify --data shop'],
  })
})

test.each<[line: string, says: string]>([
  ['archive', 'verify [options]'],
  ['archive tidy', "unknown command 'tidy'"],
  ['archive ls --stream cooked', 'Allowed choices are raw, good, bad, scored.'],
  ['archive ls scored', 'too many arguments'],
  ['archive ls --config nowhere.yaml', 'nowhere.yaml: there is no such file; give --config the path'],
  ['archive verify --fix', "unknown option '--fix'"],
])('%j is wrong usage: %s', async (line, says) => {
  const { code, stdout, stderr } = await sluicebox(line)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(says)
})

describe('archive ls', () => {
  test('lists the objects of all streams, with their ranges and sizes', async () => {
    const { code, stdout, stderr } = await sluicebox('archive ls', '--data', data)
    expect([code, stderr]).toEqual([0, ''])
    const [heading, ...rows] = stdout.trimEnd().split('\n')
    expect(heading).toMatch(/^object +from +next +records +bytes +collected$/)
    expect(new Set(rows.map(row => row.split('/')[0]))).toEqual(new Set(['raw', 'good', 'scored']))
    for (const row of rows)
      expect(row).toMatch(/\.(avro|parquet) +\d+ +\d+ +\d+ +\d+ +2026-11-20T\d\d:\d\d:\d\d$/)
  })

  test('prints one manifest entry a line as JSON, positions as text', async () => {
    const ran = await sluicebox('archive ls --json --stream scored', '--data', data)
    expect(ran.code).toBe(0)
    const entries = ran.json() as { stream: string; start: string; end: string; records: number }[]
    expect(entries.length).toBeGreaterThan(0)
    for (const { stream, start, end, records } of entries) {
      expect(stream).toBe('scored')
      expect(Number(end) - Number(start)).toBe(records)
    }
  })

  test('says that an archive without objects is empty, and prints nothing as JSON', async () => {
    const nowhere = join(dir, 'nowhere')
    expect(await sluicebox('archive ls', '--data', nowhere)).toMatchObject({
      code: 0,
      stdout: 'the archive is empty\n',
    })
    expect(await sluicebox('archive ls --json', '--data', nowhere)).toMatchObject({ code: 0, stdout: '' })
  })
})

// In this order: each test leaves the archive as the next one needs it.
describe('archive verify', () => {
  test('ends with 0 where it finds no fault, and counts what it read', async () => {
    const { code, stdout, stderr } = await sluicebox('archive verify', '--data', data)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^stream +partitions +objects +records +bytes\nraw +\d+ +\d+ +\d+ +\d+$/m)
    expect(stderr).toBe('no fault found\n')
  })

  test('prints its report as one JSON object', async () => {
    const ran = await sluicebox('archive verify --json', '--data', data)
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.json()).toMatchObject([{ faults: [], repaired: 0, streams: [{ stream: 'raw' }, {}, {}, {}] }])
  })

  test('ends with 1 where a manifest entry is missing, until --repair has restored it', async () => {
    const [entry] = globSync(join(data, 'archive/manifest/good/*/*')).sort()
    rmSync(entry as string)
    const found = await sluicebox('archive verify', '--data', data)
    expect(found.code).toBe(1)
    expect(found.stderr).toMatch(/^\d+ faults found$/m)

    const repaired = await sluicebox('archive verify --repair', '--data', data)
    expect(repaired.stderr).toContain('1 manifest entries restored')
    expect(repaired.code).toBe(0)
    expect((await sluicebox('archive verify', '--data', data)).code).toBe(0)
  })

  test('ends with 1 and names the object whose bytes are others than those that were written', async () => {
    const [object] = globSync(join(data, 'archive/scored/**/*.parquet')).sort()
    writeFileSync(object as string, 'something else')
    const shown = await sluicebox('archive verify', '--data', data)
    expect(shown.code).toBe(1)
    expect(shown.stdout).toContain((object as string).slice(join(data, 'archive/').length))

    const ran = await sluicebox('archive verify --json', '--data', data)
    expect(ran.code).toBe(1)
    const [report] = ran.json() as [{ faults: { kind: string; key: string; message: string }[] }]
    expect(report.faults.length).toBeGreaterThan(0)
    for (const { kind, message } of report.faults) expect([kind, message]).not.toContain('')
  })
})
