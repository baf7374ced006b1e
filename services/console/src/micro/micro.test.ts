import { describe, expect, test } from 'vitest'
import type { RawRecord } from '@sluicebox/event/records'
import { microBad, microGood } from './micro.ts'
import { parseFilter } from './micro-filter.ts'
import { createMemoryLog } from '@sluicebox/stream/testing/memory-log'
import { codecs, rawRecord, record } from '../testing/records.ts'

const PAGE_VIEW = 'iglu:com.snowplowanalytics.snowplow/page_view/jsonschema/1-0-0'
const LINK_CLICK = 'iglu:com.snowplowanalytics.snowplow/link_click/jsonschema/1-0-1'
const WEB_PAGE = 'iglu:com.snowplowanalytics.snowplow/web_page/jsonschema/1-0-0'
const CART = 'iglu:com.snowplowanalytics.snowplow.ecommerce/cart/jsonschema/1-0-0'

const contexts = (...schemas: string[]): string =>
  JSON.stringify(schemas.map(schema => ({ schema, data: {} })))
const heartbeat = record('good', { kind: 'heartbeat' })
const view = record('good', {
  event_name: 'page_view',
  event_schema: PAGE_VIEW,
  event_id: 'view',
  contexts: contexts(WEB_PAGE),
})
const click = record('good', {
  event_name: 'link_click',
  event_schema: LINK_CLICK,
  event_data: '{}',
  event_id: 'click',
  contexts: contexts(WEB_PAGE, CART),
})

const log = () => createMemoryLog({ partitions: 2 })

describe('good events', () => {
  test.each([
    { filter: {}, ids: ['click', 'view', 'view'] },
    { filter: { limit: 2 }, ids: ['click', 'view'] },
    { filter: { limit: 0 }, ids: [] },
    { filter: { event_type: 'page_view' }, ids: ['view', 'view'] },
    { filter: { event_type: 'page_view', limit: 1 }, ids: ['view'] },
    { filter: { event_type: 'pv' }, ids: [] },
    { filter: { schema: LINK_CLICK }, ids: ['click'] },
    { filter: { contexts: [WEB_PAGE] }, ids: ['click', 'view', 'view'] },
    { filter: { contexts: [CART, WEB_PAGE] }, ids: ['click'] },
    { filter: { contexts: [] }, ids: ['click', 'view', 'view'] },
    { filter: { schema: PAGE_VIEW, contexts: [CART] }, ids: [] },
  ])('for $filter are $ids', async ({ filter, ids }) => {
    const found = await microGood([click, heartbeat, view, view], filter, { log: log(), codec: codecs.raw })
    expect(found.map(({ event }) => event['event_id'])).toEqual(ids)
  })

  test('come with their raw event, found by its coordinates', async () => {
    const memory = log()
    const write = (given: Partial<RawRecord>) => memory.write('raw', 1, 'v', rawRecord(given))
    write({ path: '/i' })
    const position = write({ path: '/a/b', body: Buffer.from('{"data":[{"e":"pv"},{"e":"pp"}]}') })
    const from = (source_index: number) => ({
      ...view,
      source_partition: 1,
      source_position: `${position}`,
      source_index,
    })
    const found = await microGood([from(1), from(0)], {}, { log: memory, codec: codecs.raw })
    expect(found.map(({ rawEvent }) => rawEvent?.parameters)).toEqual([{ e: 'pp' }, { e: 'pv' }])
  })

  test.each(['', 'x', '-1'])('whose position is %j have no raw event', async source_position => {
    const [found] = await microGood([{ ...view, source_position }], {}, { log: log(), codec: codecs.raw })
    expect(found?.rawEvent).toBeNull()
  })

  test('have no raw event once their record is deleted', async () => {
    const memory = log()
    for (let i = 0; i < 3; i++) memory.write('raw', 0, 'v', rawRecord({ path: '/i' }))
    memory.truncate('raw', 0, 2n)
    const [found] = await microGood(
      [{ ...view, source_position: '1' }],
      {},
      { log: memory, codec: codecs.raw },
    )
    expect(found).toMatchObject({ rawEvent: null, eventType: 'page_view' })
  })

  test('read a request once for all its events', async () => {
    const memory = log()
    const position = memory.write('raw', 0, 'v', rawRecord({ body: Buffer.from('[{},{},{}]') }))
    let reads = 0
    const counted: typeof memory.read = (...args) => {
      reads++
      return memory.read(...args)
    }
    const events = [2, 1, 0].map(source_index => ({ ...view, source_position: `${position}`, source_index }))
    await microGood(events, {}, { log: { read: counted }, codec: codecs.raw })
    expect(reads).toBe(1)
  })
})

describe('bad events', () => {
  const bad = record('bad', {
    message: 'is not JSON',
    errors: ['body: is not JSON', 'more'],
    original: Buffer.from('{'),
  })

  test('come with their faults, else with the message', () => {
    expect(microBad([bad, { ...bad, errors: [] }]).map(({ errors }) => errors)).toEqual([
      bad.errors,
      [bad.message],
    ])
  })

  test('are at most as many as asked for', () => {
    expect(microBad([bad, bad, bad], 2)).toHaveLength(2)
    expect(microBad([bad], 0)).toEqual([])
  })
})

describe('a filter', () => {
  test.each([
    [{}, undefined, {}],
    [{ event_type: 'page_view', limit: '5' }, undefined, { event_type: 'page_view', limit: 5 }],
    [{ 'contexts[]': ['a', 'b'] }, undefined, { contexts: ['a', 'b'] }],
    [{ 'contexts[]': 'a' }, undefined, { contexts: ['a'] }],
    [{ contexts: 'a' }, '', { contexts: ['a'] }],
    [{ limit: '5' }, '{"schema":"s","contexts":["a"]}', { schema: 's', contexts: ['a'] }],
    [{}, '{"other":1}', {}],
  ])('of query %j and body %j is %j', (query, body, filter) => {
    expect(parseFilter(query, body)).toEqual(filter)
  })

  test.each([
    [{ limit: 'x' }, undefined, 'limit'],
    [{ limit: '-1' }, undefined, 'limit'],
    [{}, '{', 'is not JSON'],
    [{}, '{"contexts":"a"}', 'contexts'],
    [{}, '[]', "can't be used"],
  ])('of query %j and body %j is refused', (query, body, fault) => {
    expect(parseFilter(query, body)).toEqual({ fault: expect.stringContaining(fault) })
  })
})
