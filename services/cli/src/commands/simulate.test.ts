import { describe, expect, test } from 'vitest'
import { startFakeCollector } from '../testing/collector.ts'
import { helpOf, sluicebox } from '../testing/command.ts'

test('the help lists the options and shows examples', async () => {
  expect(await helpOf('simulate')).toEqual({
    options: ['to', 'sessions', 'rate', 'seed', 'json', 'help'],
    examples: [
      'sluicebox simulate --to http://localhost:8080',
      'sluicebox simulate --to http://localhost:8080 --sessions 1000 --rate 500 --seed 7',
    ],
  })
})

test.each<[line: string, says: string]>([
  ['simulate', "required option '--to <url>' not specified"],
  ['simulate http://localhost:8080', "required option '--to <url>' not specified"],
  ['simulate --to http://localhost:8080 --sessions 0', 'it must be at least 1.'],
  ['simulate --to http://localhost:8080 --sessions 2.5', 'it must be a whole number.'],
  ['simulate --to http://localhost:8080 --rate 0', 'it must be at least 0.1.'],
  ['simulate --to http://localhost:8080 --seed -1', 'it must be at least 0.'],
  ['simulate --to http://localhost:8080 --seed x', 'it must be a number.'],
  ['simulate --to localhost', '--to localhost is not the address of a collector'],
  ['simulate --to ftp://localhost', 'such as http://localhost:8080'],
])('%j is wrong usage: %s', async (line, says) => {
  const { code, stdout, stderr } = await sluicebox(line)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(says)
})

describe('simulate', () => {
  const FAST = 'simulate --sessions 3 --rate 1000000'

  test('posts the events of as many visits as it is asked for, and counts them', async () => {
    await using collector = await startFakeCollector()
    const { code, stdout, stderr } = await sluicebox(FAST, '--seed', '7', '--to', collector.url)
    expect([code, stdout]).toEqual([0, ''])
    const { length } = collector.events
    expect(stderr).toBe(`sent ${length} events of 3 visits (seed 7): ${length} accepted, 0 bad\n`)
    expect(new Set(collector.events.map(event => event['session_id'])).size).toBe(3)
  })

  test('prints the counts and the seed as JSON', async () => {
    await using collector = await startFakeCollector()
    const ran = await sluicebox(`${FAST} --json`, '--to', collector.url)
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.json()).toEqual([
      {
        ...{ sessions: 3, seed: expect.any(Number), accepted: collector.events.length, bad: 0 },
        ...{ requests: expect.any(Number), retries: 0 },
      },
    ])
  })

  test('makes the same visitors of the same seed, and others of another', async () => {
    const visitors = async (seed: string): Promise<Set<unknown>> => {
      await using collector = await startFakeCollector()
      await sluicebox(FAST, '--seed', seed, '--to', collector.url)
      return new Set(collector.events.map(event => event['visitor_id']))
    }
    const first = await visitors('1')
    expect(await visitors('1')).toEqual(first)
    expect(await visitors('2')).not.toEqual(first)
  })
})
