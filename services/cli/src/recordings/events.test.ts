import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { loadMap, mapSchema, type RecordingMap } from './map.ts'
import { readRecordings } from './events.ts'

const RECORDINGS = join(import.meta.dirname, '../../../../../shared/data')
const dir = mkdtempSync(join(tmpdir(), 'sluicebox-recordings-'))
afterAll(() => rmSync(dir, { recursive: true }))

function file(name: string, content: string | Uint8Array): string {
  const path = join(dir, name)
  writeFileSync(path, content)
  return path
}

function map(changes: object = {}): RecordingMap {
  return mapSchema.parse({
    format: 'csv',
    time: { field: 'at', format: 'epoch_ms' },
    visitor: 'who',
    action: { field: 'what', values: { buy: 'transaction' }, others: 'keep' },
    ...changes,
  })
}

async function read(path: string, recordingMap: RecordingMap) {
  const events = await readRecordings([path], recordingMap)
  return events.map(event => ({ ...(JSON.parse(event.json) as Record<string, unknown>), at: event.timeMs }))
}

describe('readRecordings', () => {
  test('sorts by time, keeps the order of one instant, and translates actions', async () => {
    const path = file('a.csv', 'at,who,what\n3,v,buy\n1,v,look\n1,w,look\n2,v,look\n')
    expect(await read(path, map())).toMatchObject([
      { at: 1, visitor_id: 'v', action: 'look' },
      { at: 1, visitor_id: 'w', action: 'look' },
      { at: 2, action: 'look' },
      { at: 3, action: 'transaction' },
    ])
  })

  test('reads compressed files, quotes, and a byte order mark', async () => {
    const path = file('b.csv.gz', gzipSync('\ufeffat,who,what,price\n1,"v, the first",look,9.5\n'))
    expect(await read(path, map({ price: 'price' }))).toMatchObject([
      { visitor_id: 'v, the first', product: { price: 9.5 } },
    ])
  })

  test('unfolds lists and reads nested fields', async () => {
    const path = file(
      'c.jsonl',
      '{"who":"v","all":[{"at":2,"what":"x","item":{"id":7}},{"at":1,"what":"buy"}]}\n\n',
    )
    expect(await read(path, map({ format: 'ndjson', rows: 'all', product: 'item.id' }))).toMatchObject([
      { at: 1, action: 'transaction' },
      { at: 2, action: 'x', product: { id: '7' } },
    ])
  })

  describe('gives an event without an id one that is made of its row', () => {
    const idsOf = async (paths: readonly string[], changes: object = {}): Promise<string[]> =>
      (await readRecordings(paths, map(changes))).map(
        ({ json }) => (JSON.parse(json) as { event_id: string }).event_id,
      )

    test('equal rows of a file are events of their own', async () => {
      const ids = await idsOf([file('d.csv', 'at,who,what\n1,v,a\n1,v,b\n1,v,a\n1,v,a\n')])
      expect(new Set(ids).size).toBe(4)
      for (const id of ids)
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/)
    })

    test('items of a list are rows', async () => {
      const path = file('d.jsonl', '{"who":"v","all":[{"at":1,"what":"x"},{"at":1,"what":"x"}]}\n')
      expect(new Set(await idsOf([path], { format: 'ndjson', rows: 'all' })).size).toBe(2)
    })

    test('a file has the same ids each time, under any name, compressed or not', async () => {
      const content = 'at,who,what\n1,v,a\n2,v,a\n1,v,a\n'
      const ids = await idsOf([file('d.csv', content)])
      expect(await idsOf([join(dir, 'd.csv')])).toEqual(ids)
      expect(await idsOf([file('other.csv.gz', gzipSync(content))])).toEqual(ids)
      expect(new Set(await idsOf([join(dir, 'd.csv'), join(dir, 'd.csv')]))).toEqual(new Set(ids))
    })

    test('two files of one name in two folders have no id in common', async () => {
      for (const folder of ['one', 'two']) mkdirSync(join(dir, folder))
      const paths = [
        file('one/part-0000.csv', 'at,who,what\n1,v,a\n2,v,a\n'),
        file('two/part-0000.csv', 'at,who,what\n3,v,a\n4,v,a\n'),
      ]
      expect(new Set(await idsOf(paths)).size).toBe(4)
    })

    test('columns that the map does not name tell rows apart, and their order does not matter', async () => {
      const [one] = await idsOf([file('d.csv', 'at,who,what,row\n1,v,a,1\n')])
      const [other] = await idsOf([file('d.csv', 'at,who,what,row\n1,v,a,2\n')])
      const [again] = await idsOf([file('d.csv', 'row,what,at,who\n1,a,1,v\n')])
      expect(other).not.toBe(one)
      expect(again).toBe(one)
    })
  })

  test('skips actions without translation when told to', async () => {
    const path = file('e.csv', 'at,who,what\n1,v,look\n2,v,buy\n')
    const skipped = { count: 0 }
    const events = await readRecordings(
      [path],
      map({ action: { field: 'what', values: { buy: 'transaction' }, others: 'skip' } }),
      { skipped },
    )
    expect(events).toHaveLength(1)
    expect(skipped.count).toBe(1)
  })

  test.each([
    [
      'an unknown action',
      'at,who,what\n1,v,look\n',
      { action: { field: 'what' } },
      /row 1: the action "look" has no translation/,
    ],
    [
      'a wrong time',
      'at,who,what\n1,v,a\nsoon,v,a\n',
      {},
      /row 2: at "soon" does not fit the time format epoch_ms/,
    ],
    ['a missing visitor', 'at,who,what\n1,,a\n', {}, /row 1: has no who/],
    [
      'a price that is not a number',
      'at,who,what,p\n1,v,a,cheap\n',
      { price: 'p' },
      /row 1: p is not a number: "cheap"/,
    ],
    ['a row with too few columns', 'at,who,what\n1,v\n', {}, /column/i],
  ])('names file and row of %s', async (_name, text, changes, message) => {
    await expect(read(file('f.csv', text), map(changes))).rejects.toThrow(message)
  })
})

test('the map for plain NDJSON reads events of /v1/events back as they are', async () => {
  const event = {
    action: 'wishlist_add',
    event_id: 'e1',
    visitor_id: 'v1',
    session_id: 's1',
    search_term: 'lamp',
    product: { id: 'p1', category: 'lamps', price: 9.5, quantity: 2, currency: 'EUR' },
    transaction: { revenue: 19 },
    page: { url: 'https://shop.example/p1', referrer: 'https://other.example/', kind: 'product' },
  }
  const path = file('g.ndjson', `${JSON.stringify({ time: '2026-11-20T09:00:00Z', ...event })}\n`)
  const [read_] = await read(path, loadMap('ndjson'))
  expect(read_).toEqual({ ...event, at: Date.parse('2026-11-20T09:00:00Z') })
})

test('a map with faults lists them all', () => {
  const path = file(
    'map.yaml',
    'format: xml\nvisitor: v\ntime: { field: t, format: hh }\naction: {}\nprise: p\n',
  )
  expect(() => loadMap(path)).toThrow(/5 faults|4 faults/)
  expect(() => loadMap(path)).toThrow(/prise: there is no such setting; did you mean price\?/)
  expect(() => loadMap('nowhere')).toThrow(/one of ecom, ndjson, otto, rees46/)
})

describe.skipIf(!existsSync(RECORDINGS))('the maps that ship read the recordings', () => {
  test.each([
    ['rees46', 'rees46-multicategory-2019-10-01-0000-0250utc.csv.gz', 17_434, 'transaction'],
    ['otto', 'otto-sample-20-sessions.jsonl.gz', 862, 'transaction'],
    ['ecom', 'ecom-synthetic-retentioneering.csv.gz', 31_106, 'purchase'],
  ])('%s', async (name, recording, count, goal) => {
    const events = await readRecordings([join(RECORDINGS, recording)], loadMap(name))
    expect(events).toHaveLength(count)
    expect(events.some(event => event.json.includes(`"action":"${goal}"`))).toBe(true)
    expect(events.every((event, i) => i === 0 || event.timeMs >= (events[i - 1]?.timeMs ?? 0))).toBe(true)
  })
})
