import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { helpOf, sluicebox, start } from '../testing/command.ts'
import { appendUnknown, openShop, temporaryFolder } from '../testing/shop.ts'

const dir = temporaryFolder()
let data = ''
beforeAll(async () => {
  data = await openShop(dir, { bad: 1 })
})

test('the help lists the options and shows examples', async () => {
  expect(await helpOf('tail')).toEqual({
    options: ['data', 'from', 'follow', 'heartbeats', 'config', 'json', 'help'],
    examples: [
      'sluicebox tail scored --follow',
      'sluicebox tail good --json | head',
      'sluicebox tail bad --from start',
    ],
  })
})

test.each<[line: string, says: string]>([
  ['tail', "missing required argument 'stream'"],
  ['tail cooked', 'Allowed choices are raw, good, bad, scored.'],
  ['tail raw good', 'too many arguments'],
  ['tail good --from middle', 'Allowed choices are start, end.'],
  ['tail good --config nowhere.yaml', 'nowhere.yaml: there is no such file; give --config the path'],
])('%j is wrong usage: %s', async (line, says) => {
  const { code, stdout, stderr } = await sluicebox(line)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(says)
})

test('fails where there is no log, and says how to start one', async () => {
  const { code, stderr } = await sluicebox('tail good', '--data', join(dir, 'nowhere'))
  expect(code).toBe(1)
  expect(stderr).toContain('start one with "sluicebox up --data')
})

describe('tail', () => {
  // Six visits: two of three events, four of two; the goal gets no score of its own, each session a last one.
  test.each<[stream: string, count: number, line: RegExp]>([
    ['raw', 15, /^2026-11-2\dT\S+Z (visitor|stranger)-\d \/\S+ \d+ bytes$/],
    ['good', 14, /^2026-11-20T\S+Z session-\d (product_view|add_to_cart|search|transaction) on \w+ lamp-\d/],
    ['bad', 1, /^2026-11-21T\S+Z schema_unknown The event is refused/],
    [
      'scored',
      18,
      /^2026-11-2\dT\S+Z session-\d n=\d (update after \w+|final (reached|did not reach) the goal): /,
    ],
  ])('prints the records of %s, one per line', async (stream, count, line) => {
    const { code, stdout, stderr } = await sluicebox(`tail ${stream}`, '--data', data)
    expect([code, stderr]).toEqual([0, ''])
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(count)
    for (const each of lines) if (!/transaction on/.test(each)) expect(each).toMatch(line)
  })

  test('prints all fields as JSON, with the place of each record', async () => {
    const ran = await sluicebox('tail good --json', '--data', data)
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.json()).toHaveLength(14)
    expect(ran.json()).toContainEqual(
      expect.objectContaining({
        partition: expect.any(Number),
        position: expect.stringMatching(/^\d+$/),
        visitor: 'visitor-3',
        action: 'transaction',
      }),
    )
  })

  test('prints heartbeats only when it is asked for them', async () => {
    const kinds = async (options: string): Promise<number> =>
      ((await sluicebox(`tail raw --json${options}`, '--data', data)).json() as { kind: string }[]).filter(
        ({ kind }) => kind === 'heartbeat',
      ).length
    expect(await kinds('')).toBe(0)
    expect(await kinds(' --heartbeats')).toBe(4)
  })

  test('prints nothing from the end on, unless it follows', async () => {
    expect(await sluicebox('tail good --from end', '--data', data)).toMatchObject({ code: 0, stdout: '' })
  })

  test('follows what comes in, until it is interrupted', async () => {
    const following = start(['tail', 'raw', '--follow', '--from', 'start', '--json', '--data', data])
    await following.printed('\n', 15)
    await appendUnknown(data, 2)
    await following.printed('\n', 17)
    following.interrupt()
    const ran = await following
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.json()).toHaveLength(17)
  })
})
