import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startFakeCollector } from '../testing/collector.ts'
import { helpOf, sluicebox } from '../testing/command.ts'
import { shopMap, temporaryFolder, visits, writeLines } from '../testing/shop.ts'

const dir = temporaryFolder()
const map = shopMap(dir)
const recording = writeLines(dir, 'visits.ndjson', visits(4))

test('the help lists the options, shows examples and names the maps that ship', async () => {
  expect(await helpOf('send')).toEqual({
    options: ['map', 'to', 'speed', 'json', 'help'],
    examples: [
      'sluicebox send clicks.csv.gz --map rees46 --to http://localhost:8080 --speed 60x',
      'sluicebox send events.ndjson --map ndjson --to http://localhost:8080 --speed max',
    ],
  })
  expect((await sluicebox('send --help')).stdout).toMatch(/Maps that ship: .*ndjson/)
})

test.each<[line: string, says: string]>([
  ['send visits.ndjson', "required option '--map <map>' not specified"],
  ['send visits.ndjson --map ndjson', "required option '--to <url>' not specified"],
  ['send --map ndjson --to http://localhost:8080', "missing required argument 'file'"],
  ['send a --map ndjson --to http://localhost:8080 --speed 60', 'it must be a factor such as 60x, or max.'],
  ['send a --map ndjson --to http://localhost:8080 --speed 0x', 'it must be a factor such as 60x, or max.'],
  ['send a --map nowhere --to http://localhost:8080', '--map nowhere: there is no such file'],
])('%j is wrong usage: %s', async (line, says) => {
  const { code, stdout, stderr } = await sluicebox(line)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(says)
})

test.each(['localhost', 'localhost:8080', 'ftp://localhost', '/v1/events'])(
  'the address %j is wrong usage: the message shows one',
  async to => {
    const { code, stderr } = await sluicebox('send --speed max --map', map, recording, '--to', to)
    expect(code).toBe(2)
    expect(stderr).toContain(`--to ${to} is not the address of a collector`)
    expect(stderr).toContain('such as http://localhost:8080')
  },
)

describe('send', () => {
  test('posts every event in the order of the recording, and counts what the collector says', async () => {
    await using collector = await startFakeCollector(['search'])
    const { code, stdout, stderr } = await sluicebox(
      ...(['send --speed max --map', map, recording, '--to', collector.url] as const),
    )
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toBe('sent 10 events: 8 accepted, 2 bad\n')
    expect(collector.events).toHaveLength(10)
    expect(collector.events[0]).toMatchObject({ visitor_id: 'visitor-0', action: 'product_view' })
  })

  test('prints the counts as JSON', async () => {
    await using collector = await startFakeCollector()
    const ran = await sluicebox(
      ...(['send --speed 1000000x --json --map', map, recording, '--to', collector.url] as const),
    )
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.json()).toMatchObject([{ accepted: 10, bad: 0, retries: 0, skipped: 0 }])
  })

  test('sends events with the same ids each time', async () => {
    await using collector = await startFakeCollector()
    const args = ['send --speed max --map', map, recording, '--to', collector.url] as const
    await sluicebox(...args)
    await sluicebox(...args)
    const ids = collector.events.map(event => String(event['event_id']))
    expect(new Set(ids).size).toBe(10)
    expect(ids.slice(10).sort()).toEqual(ids.slice(0, 10).sort())
  })

  test('fails for a recording that is not there', async () => {
    const file = join(dir, 'nowhere.ndjson')
    const { code, stderr } = await sluicebox('send --to http://127.0.0.1:9 --map', map, file)
    expect(code).toBe(1)
    expect(stderr).toContain('nowhere.ndjson')
  })
})
