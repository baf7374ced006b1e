import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { helpOf, sluicebox } from '../testing/command.ts'
import { shopMap, succeeded, temporaryFolder, visits, writeLines } from '../testing/shop.ts'

const dir = temporaryFolder()
const map = shopMap(dir)
const recording = writeLines(dir, 'visits.ndjson', visits(2))

test('the help lists the options, shows examples and names the maps that ship', async () => {
  expect(await helpOf('import')).toEqual({
    options: ['map', 'data', 'close', 'config', 'json', 'help'],
    examples: [
      'sluicebox import clicks.csv.gz --map rees46 --data shop',
      'sluicebox import a.jsonl b.jsonl --map my-map.yaml --config kafka.yaml --close',
    ],
  })
  expect((await sluicebox('import --help')).stdout).toMatch(/Maps that ship: .*ndjson/)
})

test.each<[line: string, says: string]>([
  ['import', "required option '--map <map>' not specified"],
  ['import visits.ndjson', "required option '--map <map>' not specified"],
  ['import --map ndjson', "missing required argument 'file'"],
  ['import visits.ndjson --map ndjson --speed 2x', "unknown option '--speed'"],
  [
    'import visits.ndjson --map nowhere',
    '--map nowhere: there is no such file, and no map of this name ships',
  ],
])('%j is wrong usage: %s', async (line, says) => {
  const { code, stdout, stderr } = await sluicebox(line)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(says)
})

test('a map that is not one is wrong usage: every fault has its line', async () => {
  const wrong = writeLines(dir, 'map.yaml', ['visitor: user', 'format: xml'])
  const { code, stderr } = await sluicebox('import', recording, '--map', wrong)
  expect(code).toBe(2)
  expect(stderr).toContain(`${wrong}:2: format: `)
  expect(stderr).toContain('time: ')
})

describe('import', () => {
  test('appends the events in recorded time, and says what to do next', async () => {
    const data = join(dir, 'told')
    const { code, stdout, stderr } = await sluicebox('import --map', map, recording, '--data', data)
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toContain('imported 5 events from 2026-11-20T09:00:00.000Z to 2026-11-20T09:01:10.000Z')
    expect(stderr).toContain(`next: sluicebox drain --data ${data} --close`)
    const records = (await sluicebox('tail raw --json', '--data', data)).json()
    expect(records).toHaveLength(5)
    expect(records).toContainEqual(
      expect.objectContaining({ visitor: 'visitor-0', collected_at: Date.UTC(2026, 10, 20, 9) }),
    )
  })

  test('prints the counts as JSON', async () => {
    const ran = await sluicebox('import --json --map', map, recording, '--data', join(dir, 'json'))
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.json()).toEqual([
      {
        events: 5,
        written: 5,
        present: 0,
        skipped: 0,
        from: '2026-11-20T09:00:00.000Z',
        to: '2026-11-20T09:01:10.000Z',
      },
    ])
  })

  test.each(['ndjson', 'ecom', 'otto', 'rees46'])('reads the map that ships as %s', async name => {
    const empty = writeLines(dir, 'empty.txt', [])
    const args = [empty, '--map', name, '--data', join(dir, 'shipped')]
    expect(await sluicebox('import', ...args)).toMatchObject({ code: 0, stdout: '' })
  })

  test('counts the rows that the map skips', async () => {
    const skipping = writeLines(dir, 'skipping.yaml', [
      'format: ndjson',
      'time: { field: time }',
      'visitor: visitor_id',
      'action: { field: action, values: { product_view: product_view }, others: skip }',
    ])
    const args = [recording, '--map', skipping, '--data', join(dir, 'skipping')]
    expect((await sluicebox('import --json', ...args)).json()).toMatchObject([{ events: 2, skipped: 3 }])
  })

  test('has nothing to do for a file without rows', async () => {
    const empty = writeLines(dir, 'empty.ndjson', [])
    const args = ['--map', map, '--data', join(dir, 'empty')]
    expect(await sluicebox('import', empty, ...args)).toMatchObject({
      code: 0,
      stderr: 'there was nothing to import\n',
    })
    expect((await sluicebox('import --json', empty, ...args)).json()).toEqual([
      { events: 0, written: 0, present: 0, skipped: 0, from: null, to: null },
    ])
  })

  test.each<[what: string, file: () => string, says: RegExp]>([
    ['a file that is not there', () => join(dir, 'no.ndjson'), /no\.ndjson: there is no such file or folder/],
    ['a folder', () => dir, /: it is a folder, not a file/],
    ['a row that is not JSON', () => writeLines(dir, 'text.ndjson', ['text']), /text\.ndjson.*1.*: text/],
    ['a row without its time', () => writeLines(dir, 'timeless.ndjson', ['{}']), /timeless\.ndjson.*1.*time/],
  ])('fails for %s, names the place, and writes nothing', async (_what, file, says) => {
    const data = join(dir, 'failed')
    const { code, stdout, stderr } = await sluicebox('import --map', map, file(), '--data', data)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(says)
    expect(existsSync(join(data, 'log'))).toBe(false)
  })

  test('the same import again writes nothing, whatever was done in between', async () => {
    const args = ['--map', map, '--data', join(dir, 'again')]
    expect((await sluicebox('import --json', recording, ...args)).json()).toMatchObject([{ written: 5 }])
    succeeded(await sluicebox('drain --close', '--data', join(dir, 'again')))
    const again = await sluicebox('import', recording, ...args)
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('5 were in the log already') })
    expect((await sluicebox('import --json', recording, ...args)).json()).toMatchObject([
      { events: 5, written: 0, present: 5 },
    ])
    expect((await sluicebox('tail raw --json', '--data', join(dir, 'again'))).json()).toHaveLength(5)
  })

  test('a recording that continues the one before is appended to it', async () => {
    const args = ['--map', map, '--data', join(dir, 'longer')]
    const [first, both] = [visits(2), visits(4)]
    succeeded(await sluicebox('import', writeLines(dir, 'first.ndjson', first), ...args))
    const longer = await sluicebox('import --json', writeLines(dir, 'both.ndjson', both), ...args)
    expect(longer.json()).toMatchObject([
      { events: both.length, written: both.length - first.length, present: first.length },
    ])
  })

  test('closes every session with --close', async () => {
    const data = join(dir, 'closing')
    succeeded(await sluicebox('import --close --map', map, recording, '--data', data))
    succeeded(await sluicebox('drain', '--data', data))
    const scored = (await sluicebox('tail scored --json', '--data', data)).json() as { kind: string }[]
    expect(scored.filter(({ kind }) => kind === 'final')).toHaveLength(2)
  })

  test('refuses a row that makes a record too large for the log, and writes nothing', async () => {
    const data = join(dir, 'large')
    const row = { ...(JSON.parse(visits(1)[0]!) as object), properties: { text: 'x'.repeat(17 << 20) } }
    const file = writeLines(dir, 'large.ndjson', [visits(1)[0]!, JSON.stringify(row)])
    const { code, stderr } = await sluicebox('import --map ndjson', file, '--data', data)
    expect(code).toBe(1)
    expect(stderr).toMatch(/large\.ndjson, row 2: makes a record of \d+ bytes, and the log takes 16777216/)
    expect(existsSync(join(data, 'log'))).toBe(false)
  })

  test('fails where the log is ahead of the recording, and says what else there is to do', async () => {
    const args = ['--map', map, '--data', join(dir, 'ahead')]
    succeeded(await sluicebox('import', recording, ...args))
    const earlier = writeLines(
      dir,
      'earlier.ndjson',
      visits(1).map(line => line.replaceAll('2026-11-20', '2026-11-19')),
    )
    const { code, stderr } = await sluicebox('import', earlier, ...args)
    expect(code).toBe(1)
    expect(stderr).toMatch(/Nothing is written.*another --data directory.*"sluicebox send"/)
  })

  test('fails at once where no broker can be reached', async () => {
    const config = writeLines(dir, 'kafka.yaml', [
      'log: { kind: kafka, kafka: { brokers: ["127.0.0.1:1"] } }',
    ])
    const { code, stderr } = await sluicebox('import --map', map, recording, '--config', config)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error: .*127\.0\.0\.1:1/)
  })
})
