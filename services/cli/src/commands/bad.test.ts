import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { helpOf, sluicebox } from '../testing/command.ts'
import { openShop, temporaryFolder } from '../testing/shop.ts'

const dir = temporaryFolder()
let data = ''
/** The places of both bad records, newest first. */
let places: readonly string[] = []
beforeAll(async () => {
  data = await openShop(dir, { bad: 2 })
  places = ((await sluicebox('bad ls --json', '--data', data)).json() as { place: string }[]).map(
    ({ place }) => place,
  )
})

test('the help lists the options and shows examples', async () => {
  expect(await helpOf('bad ls')).toEqual({
    options: ['data', 'config', 'reason', 'since', 'limit', 'json', 'help'],
    examples: ['sluicebox bad ls --reason schema_unknown --since 24h'],
  })
  expect(await helpOf('bad show')).toEqual({
    options: ['data', 'config', 'original', 'json', 'help'],
    examples: ['sluicebox bad show 0/17', 'sluicebox bad show 0/17 --original > event.json'],
  })
  expect(await helpOf('bad retry')).toEqual({
    options: ['data', 'config', 'reason', 'all', 'original', 'dry-run', 'json', 'help'],
    examples: [
      'sluicebox bad retry --reason schema_unknown',
      'sluicebox bad retry 0/17 --original event.json',
    ],
  })
})

test.each<[line: string, says: string]>([
  ['bad', 'retry [options] [place...]'],
  ['bad ls --since 3', 'it must be a number with a unit: 500ms, 90s, 10m, 24h, 7d.'],
  ['bad ls --limit 0', 'it must be at least 1.'],
  ['bad ls --limit 1.5', 'it must be a whole number.'],
  ['bad show', "missing required argument 'place'"],
  ['bad show 17', 'it must be partition/position, such as 0/17; "sluicebox bad ls" shows them.'],
  ['bad retry 0/1 x', "command-argument value 'x' is invalid for argument 'place'"],
  ['bad retry', 'say what to send again: places, --reason CODE, or --all'],
  ['bad retry --dry-run', 'say what to send again: places, --reason CODE, or --all'],
  ['bad retry 0/1 0/2 --original event.json', '--original replaces the bytes of one event: name exactly one'],
  ['bad retry --all --original event.json', '--original replaces the bytes of one event: name exactly one'],
])('%j is wrong usage: %s', async (line, says) => {
  const { code, stdout, stderr } = await sluicebox(line)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(says)
})

test.each(['bad ls', 'bad show 0/0', 'bad retry --all'])(
  '%j says how to start a log where there is none',
  async line => {
    const { code, stderr } = await sluicebox(line, '--data', join(dir, 'nowhere'))
    expect(code).toBe(1)
    expect(stderr).toContain('start one with "sluicebox up --data')
  },
)

describe('bad ls', () => {
  test('lists what could not be used, and counts it by reason', async () => {
    const { code, stdout, stderr } = await sluicebox('bad ls', '--data', data)
    expect([code, stderr]).toEqual([0, '2 × schema_unknown\n'])
    const lines = stdout.trimEnd().split('\n')
    expect(lines.map(line => line.split(' ')[0])).toEqual(places)
    for (const line of lines) expect(line).toMatch(/schema_unknown The event is refused/)
  })

  test('prints one record per line as JSON, newest first', async () => {
    const ran = await sluicebox('bad ls --json', '--data', data)
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    const visitors = (ran.json() as { visitor: string; is_retried: boolean }[]).map(record => record.visitor)
    expect(visitors).toEqual(['stranger-1', 'stranger-0'])
  })

  test.each<[options: string, shown: number, says: string]>([
    ['--reason schema_unknown', 2, '2 × schema_unknown\n'],
    ['--reason too_large', 0, 'nothing is bad\n'],
    ['--since 1ms', 0, 'nothing is bad\n'],
    ['--since 36500d', 2, '2 × schema_unknown\n'],
    ['--limit 1', 1, '2 × schema_unknown\n1 more: raise --limit\n'],
    ['--limit 2', 2, '2 × schema_unknown\n'],
  ])('with %s shows %d', async (options, shown, says) => {
    const { code, stdout, stderr } = await sluicebox(`bad ls ${options}`, '--data', data)
    expect(code).toBe(0)
    expect(stdout.split('\n').length - 1).toBe(shown)
    expect(stderr).toBe(says)
  })
})

describe('bad show', () => {
  test('shows why, each field that has a value, and the original', async () => {
    const { code, stdout, stderr } = await sluicebox(`bad show ${places[0]}`, '--data', data)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^schema_unknown The event is refused/)
    expect(stdout).toContain(
      '\n  - ue_pr.data iglu:com.acme/wish/jsonschema/1-0-0 is not among the schemas\n',
    )
    expect(stdout).toMatch(/^visitor +"stranger-1"$/m)
    expect(stdout).toMatch(/\noriginal \(event\):\n\{"e":"ue"/)
    expect(stdout).not.toContain('user_agent')
  })

  test('prints the record as JSON, and its original alone', async () => {
    const [record] = (await sluicebox(`bad show ${places[0]} --json`, '--data', data)).json() as [
      { place: string; original: string },
    ]
    expect(record).toMatchObject({ place: places[0], reason: 'schema_unknown', visitor: 'stranger-1' })
    const { stdout } = await sluicebox(`bad show ${places[0]} --original`, '--data', data)
    expect(stdout).toBe(record.original)
  })

  test.each([
    ['9/0', 'bad has no partition 9: "sluicebox bad ls" lists the places'],
    ['0/0', 'partition 0 of bad is empty: "sluicebox bad ls" lists the places'],
  ])('fails where nothing is at %s', async (place, says) => {
    const { code, stdout, stderr } = await sluicebox(`bad show ${place}`, '--data', data)
    expect([code, stdout, stderr]).toEqual([1, '', `error: ${says}\n`])
  })

  test('names the positions that there are, where the one asked for is not among them', async () => {
    const [partition] = (places[0] as string).split('/')
    const { code, stderr } = await sluicebox(`bad show ${partition}/99`, '--data', data)
    expect([code, stderr]).toEqual([
      1,
      `error: partition ${partition} of bad holds positions 0 to 0, not 99\n`,
    ])
  })
})

// In this order: what is sent again is marked so from then on.
describe('bad retry', () => {
  const isRetried = async (): Promise<Record<string, boolean>> =>
    Object.fromEntries(
      (
        (await sluicebox('bad ls --json', '--data', data)).json() as { place: string; is_retried: boolean }[]
      ).map(({ place, is_retried }) => [place, is_retried]),
    )
  const [sentCount, nothing] = [
    { sent: 1, refused: 0 },
    { sent: 0, refused: 0 },
  ]

  test('says what it would send, and sends nothing', async () => {
    const shown = await sluicebox('bad retry --all --dry-run', '--data', data)
    expect(shown).toMatchObject({ code: 0, stdout: '', stderr: '2 events would be sent again\n' })
    const counted = await sluicebox('bad retry --all --dry-run --json', '--data', data)
    expect(counted.json()).toEqual([nothing])
    expect(Object.values(await isRetried())).toEqual([false, false])
  })

  test('fails where the file with the event is missing, and says how to write it', async () => {
    const file = join(dir, 'nowhere.json')
    const { code, stderr } = await sluicebox(`bad retry ${places[0]} --original`, file, '--data', data)
    expect(code).toBe(1)
    expect(stderr).toContain(`the event in ${file} can't be read`)
    expect(stderr).toContain(`sluicebox bad show PLACE --original > ${file}`)
  })

  test('sends one event with other bytes, and leaves the others', async () => {
    const file = join(dir, 'event.json')
    writeFileSync(file, '{"e":"pv","tv":"test-1","p":"web","url":"https://shop.example.com/"}')
    const ran = await sluicebox(`bad retry ${places[0]} --json --original`, file, '--data', data)
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.json()).toEqual([sentCount])
    expect(await isRetried()).toEqual({ [places[0] as string]: true, [places[1] as string]: false })
  })

  test('skips what was sent again already, unless its place is named', async () => {
    const rest = await sluicebox('bad retry --reason schema_unknown', '--data', data)
    expect(rest).toMatchObject({ code: 0, stderr: '1 events were sent again\n' })
    expect((await sluicebox('bad retry --all --json', '--data', data)).json()).toEqual([nothing])
    expect((await sluicebox(`bad retry ${places[1]} --json`, '--data', data)).json()).toEqual([sentCount])
    expect((await sluicebox('bad ls', '--data', data)).stdout).toContain('(sent again)')
  })
})
