import fc from 'fast-check'
import { expect, test } from 'vitest'
import { glanceAtEvents } from './glance.ts'
import { readTrackerBody } from './payload.ts'
import { payloadData } from '../testing/parts.ts'

const glance = (text: string) => glanceAtEvents(Buffer.from(text))

test.each([
  [
    'the ids of each event',
    payloadData({ e: 'pv', duid: 'd', sid: 's' }, { eid: 'e' }),
    [{ duid: 'd', sid: 's' }, { eid: 'e' }],
  ],
  [
    'all ids that decide whose it is',
    payloadData({ duid: '1', tnuid: '2', nuid: '3', sid: '4', eid: '5', uid: '6', vid: '7' }),
    [{ duid: '1', tnuid: '2', nuid: '3', sid: '4', eid: '5' }],
  ],
  [
    'ids further in are not the event’s',
    payloadData({ x: { duid: 'no' }, y: [{ duid: 'no' }], sid: 's' }),
    [{ sid: 's' }],
  ],
  [
    'texts that read like ids',
    payloadData({ e: 'duid', x: '"duid":"no"', y: ':duid', sid: 's' }),
    [{ sid: 's' }],
  ],
  ['the last of two', '{"data":[{"duid":"a","duid":"b"}]}', [{ duid: 'b' }]],
  ['the last of two, which is null', '{"data":[{"duid":"a","duid":null,"sid":"s"}]}', [{ sid: 's' }]],
  [
    'no id where the value is not text',
    '{"data":[{"duid":7,"nuid":["x"],"tnuid":{"a":"b"},"sid":"s"}]}',
    [{ sid: 's' }],
  ],
  ['white space anywhere', '{ "data"\n:\t[ { "duid" : "d" } , {\r\n} ] }', [{ duid: 'd' }, {}]],
  ['letters of all kinds', payloadData({ duid: 'ä€😀' }), [{ duid: 'ä€😀' }]],
  ['escapes in what does not matter', payloadData({ page: 'a "b" \\ c', duid: 'd' }), [{ duid: 'd' }]],
])('sees %s', (_name, text, expected) => {
  expect(glance(text)).toEqual(expected)
})

test.each([
  ['nothing', ''],
  ['no object', '[]'],
  ['white space before it', ' {"data":[{"duid":"d"}]}'],
  ['no data', '{"schema":"x"}'],
  ['data that is not a list', '{"data":{"duid":"d"}}'],
  ['no events', '{"data":[]}'],
  ['an event that is a text', '{"data":["x"]}'],
  ['an event that is a number', '{"data":[{"duid":"d"},7]}'],
  ['an event that is null', '{"data":[null]}'],
  ['an event that is a list', '{"data":[[{"duid":"d"}]]}'],
  ['data twice', '{"data":[{"duid":"a"}],"data":[{"duid":"b"}]}'],
  ['data in escapes', '{"data":[{"duid":"a"}],"d\\u0061ta":[{"duid":"b"}]}'],
  ['an id in escapes', '{"data":[{"duid":"\\u0061"}]}'],
  ['the name of an id in escapes', '{"data":[{"du\\u0069d":"a"}]}'],
  ['an address', payloadData({ duid: 'd', ip: '203.0.113.7' })],
  ['a member of the envelope that is not read', '{"data":[{"duid":"d"}],"from":"203.0.113.7"}'],
  ['half a body', '{"data":[{"duid":"a"}'],
  ['too many brackets', '{"data":[{"duid":"a"}]}}'],
])('does not judge %s', (_name, text) => {
  expect(glance(text)).toBe(undefined)
})

test('does not judge bytes that are not UTF-8', () => {
  expect(
    glanceAtEvents(
      Buffer.concat([Buffer.from('{"data":[{"duid":"'), Buffer.from([0xff]), Buffer.from('"}]}')]),
    ),
  ).toBe(undefined)
})

test('sees what parsing finds, in whatever JSON', () => {
  const name = fc.oneof(
    fc.constantFrom('duid', 'tnuid', 'nuid', 'sid', 'eid', 'vid', 'data', 'e', '', 'did', 'xxduid'),
    fc.string({ maxLength: 6 }),
  )
  const value = fc.oneof(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 3 }))
  // Members as text, so that names may stand twice, as in no object.
  const member = fc.tuple(name, value).map(([key, held]) => `${JSON.stringify(key)}:${JSON.stringify(held)}`)
  const outer = fc.oneof(
    { weight: 4, arbitrary: value.map(held => `"schema":${JSON.stringify(held)}`) },
    { weight: 1, arbitrary: member },
  )
  const event = fc.array(member, { maxLength: 6 }).map(members => `{${members.join(',')}}`)
  const body = fc
    .tuple(
      fc.array(outer, { maxLength: 2 }),
      fc.array(event, { minLength: 1, maxLength: 4 }),
      fc.array(outer, { maxLength: 2 }),
    )
    .map(([before, events, after]) => `{${[...before, `"data":[${events.join(',')}]`, ...after].join(',')}}`)
  let judged = 0
  fc.assert(
    fc.property(body, text => {
      const seen = glance(text)
      if (seen === undefined) return
      judged++
      const parsed = readTrackerBody(Buffer.from(text))?.events.map(({ event: found }) =>
        Object.fromEntries(
          ['duid', 'tnuid', 'nuid', 'sid', 'eid']
            .filter(id => typeof found?.[id] === 'string')
            .map(id => [id, found?.[id]]),
        ),
      )
      expect(seen).toEqual(parsed)
    }),
    { numRuns: 2_000 },
  )
  expect(judged).toBeGreaterThan(500)
})

test('ends on any bytes', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 100 }).map(bytes => Buffer.from(bytes)),
        fc
          .string({ unit: fc.constantFrom(...'{}[]",:\\ d') })
          .map(text => Buffer.from(`{"data":[{"duid":"d"${text}`)),
      ),
      bytes => {
        glanceAtEvents(bytes)
      },
    ),
  )
})
