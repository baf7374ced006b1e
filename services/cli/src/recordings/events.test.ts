import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { readV1Ids } from '@sluicebox/protocol/v1'
import { afterAll, describe, expect, test } from 'vitest'
import { loadMap, mapSchema, type RecordingMap } from './map.ts'
import { readRecordings, type RecordedEvent } from './events.ts'

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

async function eventsOf(paths: readonly string[], recordingMap: RecordingMap): Promise<RecordedEvent[]> {
  await using recording = await readRecordings(paths, recordingMap)
  const events: RecordedEvent[] = []
  for await (const event of recording.events()) events.push(event)
  return events
}

async function read(path: string, recordingMap: RecordingMap) {
  return (await eventsOf([path], recordingMap)).map(event => ({
    ...(JSON.parse(event.json) as Record<string, unknown>),
    at: event.timeMs,
  }))
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

  test('names the visitor that a recording numbers 0, which is not an id to the enricher', async () => {
    const events = await eventsOf([file('zero.csv', 'at,who,what\n1,0,a\n2,1,a\n')], map())
    expect(events.map(({ visitor }) => visitor)).toEqual(['#0', '1'])
    for (const { json, visitor } of events)
      expect(readV1Ids(JSON.parse(json) as Record<string, unknown>).ids.domainUserId).toBe(visitor)
  })

  describe('gives an event without an id one that is made of its row', () => {
    const idsOf = async (paths: readonly string[], changes: object = {}): Promise<string[]> =>
      (await eventsOf(paths, map(changes))).map(
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
    await using recording = await readRecordings(
      [path],
      map({ action: { field: 'what', values: { buy: 'transaction' }, others: 'skip' } }),
    )
    expect(recording).toMatchObject({ count: 1, skipped: 1, fromMs: 2, toMs: 2 })
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
    ['a row with too few columns', 'at,who,what\n1,v\n', {}, /f\.csv: .*column.* line 2/i],
    [
      'a hexadecimal price',
      'at,who,what,p\n1,v,a,0x10\n',
      { price: 'p' },
      /row 1: p is not a number: "0x10"/,
    ],
    ...['-1', '1e300', '9007199254740993'].map((price): [string, string, object, RegExp] => [
      `a price of ${price}`,
      `at,who,what,p\n1,v,a,${price}\n`,
      { price: 'p' },
      /row 1: p is .*, which is not between 0 and 1000000000000/,
    ]),
    [
      'a price with a comma',
      'at,who,what,p\n1,v,a,"1,5"\n',
      { price: 'p' },
      /row 1: p is not a number: "1,5"/,
    ],
    ['a price of other digits', 'at,who,what,p\n1,v,a,١٢\n', { price: 'p' }, /row 1: p is not a number/],
    ...['é', 'a\0b', 'x'.repeat(129)].map((action): [string, string, object, RegExp] => [
      `the action ${action.slice(0, 3)}`,
      `at,who,what\n1,v,${action}\n`,
      {},
      /f\.csv, row 1: ".*" can't be an action/,
    ]),
    ['seconds as milliseconds', 'at,who,what\n1569888000,v,a\n', {}, /row 1: at .* looks like epoch_s/],
    ['a visitor of 129 characters', `at,who,what\n1,${'x'.repeat(129)},a\n`, {}, /row 1: .* more than 128/],
    ['a quote that is not closed', 'at,who,what\n1,"v,a\n', {}, /f\.csv: .*Quote Not Closed/],
    [
      'a column of the map that is missing',
      'at,who,what\n1,v,a\n',
      { price: 'p' },
      /f\.csv, header: there is no column "p", which the map names: the columns are at, who, what/,
    ],
    ['an infinite price', 'at,who,what,p\n1,v,a,1e999\n', { price: 'p' }, /row 1: p is not a number/],
    ['a blank visitor', 'at,who,what\n1, ,a\n', {}, /row 1: has no who/],
    [
      'a visitor that is a placeholder',
      'at,who,what\n1,undefined,a\n',
      {},
      /row 1: who "undefined" is a placeholder/,
    ],
    [
      'microseconds as milliseconds',
      'at,who,what\n1569888000123456,v,a\n',
      {},
      /row 1: at .* looks like epoch_us/,
    ],
    [
      'a column of the map that occurs twice',
      'at,who,p,what,p\n1,v,1,a,2\n',
      { price: 'p' },
      /header: the column "p"/,
    ],
    [
      'an action like a method without translation',
      'at,who,what\n1,v,toString\n',
      { action: { field: 'what' } },
      /"toString" has no/,
    ],
  ])('names file and row of %s', async (_name, text, changes, message) => {
    await expect(read(file('f.csv', text), map(changes))).rejects.toThrow(message)
  })
})

describe('a row of JSON', () => {
  const readLine = (line: string, changes: object = {}) =>
    read(
      file('h.ndjson', `${line}\n`),
      map({ format: 'ndjson', product: 'p', properties: { more: 'more' }, ...changes }),
    )

  test.each([
    [
      'a visitor beyond exact integers',
      '{"at":1,"who":9007199254740993,"what":"a"}',
      /row 1: who is a number that/,
    ],
    [
      'a product beyond exact integers',
      '{"at":1,"who":"v","what":"a","p":1e300}',
      /row 1: p is a number that/,
    ],
    [
      'such an integer inside',
      '{"at":1,"who":"v","what":"a","more":[{"x":-9007199254740993}]}',
      /more\.0\.x is a/,
    ],
    [
      'a number beyond all',
      '{"at":1,"who":"v","what":"a","more":{"x":1e400}}',
      /more\.x is a number that is too/,
    ],
    [
      'a fraction for an id',
      '{"at":1,"who":"v","what":"a","p":1.10}',
      /row 1: p is a number with a fraction/,
    ],
    ['an object for a time', '{"at":{"toString":1},"who":"v","what":"a"}', /row 1: at is an object/],
    [
      'nesting without end',
      `{"at":1,"who":"v","what":"a","more":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
      /row 1: more\.0.* is nested deeper than 64 levels/,
    ],
    [
      'two objects on a line',
      '{"at":1,"who":"v","what":"a"}{"at":1}',
      /h\.ndjson, row 1: is not a JSON object/,
    ],
    ['a list for an id', '{"at":1,"who":["v"],"what":"a"}', /row 1: who is a list/],
    ['an object for an id', '{"at":1,"who":"v","what":"a","p":{}}', /row 1: p is an object/],
    ['a switch for an id', '{"at":1,"who":true,"what":"a"}', /row 1: who is true/],
    ['a line that is cut off', '{"at":1,', /h\.ndjson, row 1: is not a JSON object/],
  ])('is refused with %s', async (_name, line, message) => {
    await expect(readLine(line)).rejects.toThrow(message)
  })

  test('keeps the kinds of its properties, and ids that are numbers', async () => {
    expect(await readLine('{"at":1,"who":7,"what":"a","p":12,"more":[1,{"x":true}]}')).toMatchObject([
      { visitor_id: '7', product: { id: '12' }, properties: { more: [1, { x: true }] } },
    ])
  })
})

describe('the bytes of a recording', () => {
  const csv = 'at,who,what,c\n1,v,a,tea\n2,v,a,café\n'
  const categories = async (path: string, encoding: string): Promise<unknown[]> =>
    (await read(path, map({ category: 'c', encoding }))).map(
      event => (event as { product?: { category: string } }).product?.category,
    )

  test.each([
    ['utf-8', Buffer.from(csv)],
    ['utf-8', Buffer.from(`\ufeff${csv}`)],
    ['latin1', Buffer.from(csv, 'latin1')],
    ['windows-1252', Buffer.from(csv, 'latin1')],
    ['utf-16le', Buffer.from(csv, 'utf16le')],
    ['utf-16le', Buffer.from(`\ufeff${csv}`, 'utf16le')],
    ['utf-16be', Buffer.from(csv, 'utf16le').swap16()],
  ])('are read as %s', async (encoding, bytes) => {
    expect(await categories(file('enc.csv', bytes), encoding)).toEqual(['tea', 'café'])
  })

  test('are refused with the line when they are not of the encoding', async () => {
    const path = file('enc.csv', Buffer.from(csv, 'latin1'))
    await expect(categories(path, 'utf-8')).rejects.toThrow(/enc\.csv: line 3 has bytes that are not utf-8/)
  })

  test('may begin with a byte order mark in NDJSON too', async () => {
    const path = file('i.ndjson', '\ufeff{"at":1,"who":"v","what":"a"}\r\n\r\n{"at":2,"who":"v","what":"b"}')
    expect(await read(path, map({ format: 'ndjson' }))).toMatchObject([{ action: 'a' }, { action: 'b' }])
  })

  test.each([
    ['cut off', gzipSync(csv).subarray(0, -12), /cut\.csv\.gz: is cut off/],
    [
      'followed by something else',
      Buffer.concat([gzipSync(csv), Buffer.from('\0junk')]),
      /is damaged: something that/,
    ],
    ['changed', flipped(gzipSync(csv)), /cut\.csv\.gz: is damaged/],
    ['not compressed at all', Buffer.from(csv), /cut\.csv\.gz: is damaged, or not compressed by gzip/],
  ])('name the file when they are %s', async (_name, bytes, message) => {
    await expect(read(file('cut.csv.gz', bytes), map())).rejects.toThrow(message)
  })
})

test.each([
  ['two members', Buffer.concat([gzipSync('at,who,what\n1,v,a\n'), gzipSync('2,v,b\n')]), 'two.csv.gz', 2],
  [
    'zeros behind its end',
    Buffer.concat([gzipSync('at,who,what\n1,v,a\n'), Buffer.alloc(99)]),
    'z.csv.gz',
    1,
  ],
  ['another name', gzipSync('at,who,what\n1,v,a\n'), 'named.csv', 1],
])('a compressed file with %s is read whole', async (_what, bytes, name, count) => {
  expect(await read(file(name, bytes), map())).toHaveLength(count)
})

test.each([
  ['a Parquet file', 'PAR1....PAR1'],
  ['a zip archive', 'PK\u0003\u0004..'],
])('%s is refused by its name, whatever the encoding is', async (what, content) => {
  await expect(read(file('other.csv', content), map({ encoding: 'latin1' }))).rejects.toThrow(
    `other.csv: is ${what}: make it csv or ndjson`,
  )
})

test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('%s is an action', async action => {
  expect(await read(file('a.csv', `at,who,what\n1,v,${action}\n`), map())).toMatchObject([{ action }])
})

function flipped(bytes: Buffer): Buffer {
  bytes[bytes.length - 6]! ^= 1
  return bytes
}

test('the map for plain NDJSON reads events of /v1/events back as they are', async () => {
  const event = {
    action: 'wishlist_add',
    event_id: 'e1',
    visitor_id: 'v1',
    session_id: 's1',
    search_term: 'lamp',
    product: { id: 'p1', category: 'lamps', price: 9.5, quantity: 2, currency: 'EUR' },
    transaction: { id: 'o1', revenue: 19 },
    page: {
      url: 'https://shop.example/p1',
      title: 'Lamp',
      referrer: 'https://other.example/',
      kind: 'product',
    },
    user_id: 'u1',
    user_agent: 'a robot',
    app_id: 'shop',
    platform: 'web',
    simulated: true,
    properties: { size: 4, tags: ['new'], gift: true },
  }
  const path = file('g.ndjson', `${JSON.stringify({ time: '2026-11-20T09:00:00Z', ...event })}\n`)
  const [read_] = await read(path, loadMap('ndjson'))
  expect(read_).toEqual({ ...event, at: Date.parse('2026-11-20T09:00:00Z') })
})

test.each([
  ['no visitor', {}],
  ['null as its visitor', { visitor_id: null }],
  ['a session id that is a UUID in capitals', { session_id: '0A0B0C0D-0000-4000-8000-00000000000F' }],
  ['a blank as its visitor', { visitor_id: ' ' }],
])('an event as it is with %s is one of its session, as when it is posted', async (_what, ids) => {
  const line = { time: '2026-11-20T09:00:00Z', action: 'look', session_id: 's1', ...(ids as object) }
  const path = file('h.ndjson', `${JSON.stringify(line)}\n`)
  const [event] = await eventsOf([path], loadMap('ndjson'))
  expect(event?.visitor).toBe(line.session_id.toLowerCase())
  expect(JSON.parse(event?.json ?? '')).toMatchObject({ action: 'look', session_id: line.session_id, ...ids })
})

test.each<[time: unknown, timeMs: number]>([
  ['2026-11-20T09:00:00Z', 1_795_165_200_000],
  [1_795_165_200_000, 1_795_165_200_000],
])('an event as it is has the time %j as when it is posted', async (time, timeMs) => {
  const path = file('j.ndjson', `${JSON.stringify({ time, visitor_id: 'v', action: 'look' })}\n`)
  expect(await eventsOf([path], loadMap('ndjson'))).toMatchObject([{ timeMs }])
})

test.each(['', '"session_id":null,', '"session_id":"undefined",'])(
  'an event as it is with neither visitor nor session is refused: %s',
  async ids => {
    const path = file('i.ndjson', `{"time":"2026-11-20T09:00:00Z",${ids}"action":"look"}\n`)
    await expect(eventsOf([path], loadMap('ndjson'))).rejects.toThrow('row 1: has no visitor_id')
  },
)

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
    const events = await eventsOf([join(RECORDINGS, recording)], loadMap(name))
    expect(events).toHaveLength(count)
    expect(events.some(event => event.json.includes(`"action":"${goal}"`))).toBe(true)
    expect(events.every((event, i) => i === 0 || event.timeMs >= (events[i - 1]?.timeMs ?? 0))).toBe(true)
  })
})
