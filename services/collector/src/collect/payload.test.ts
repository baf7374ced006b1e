import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readEventsBody, readTrackerBody, writeBody, type EventsBody, type Payload } from './payload.ts'
import { isRefusal } from '../http/reply.ts'
import { configOf, payloadData } from '../testing/parts.ts'

const { limits } = configOf()

describe('readTrackerBody', () => {
  const read = (text: string | Buffer): Payload | undefined => readTrackerBody(Buffer.from(text))

  test('gives the events', () => {
    expect(read(payloadData({ e: 'pv' }, { e: 'pp' }))?.events).toEqual([
      { event: { e: 'pv' } },
      { event: { e: 'pp' } },
    ])
  })

  test('gives what is not an object as no event', () => {
    expect(read('{"data":[1,null,["a"],{"e":"pv"}]}')?.events.map(({ event }) => event)).toEqual([
      undefined,
      undefined,
      undefined,
      { e: 'pv' },
    ])
  })

  test.each([
    ['nothing', ''],
    ['no JSON', '{"data":['],
    ['an array', '[]'],
    ['no list of events', '{"data":{}}'],
    ['a form', 'e=pv&p=web'],
    ['a text', '"data"'],
    ['null', 'null'],
    ['no UTF-8', Buffer.from('7b2264617461223a5b5dff7d', 'hex')],
  ])('reads nothing from %s', (_name, body) => {
    expect(read(body)).toBe(undefined)
  })

  test('writes some of the events with their very bytes, in the envelope that they came in', () => {
    const body = ' {"a" : 1, "data" : [ {"n":1e999,"b":9007199254740993} , {"x":"\\ud800"}, {} ] , "z":[2]}'
    const payload = read(body) as Payload
    expect(writeBody(payload.layout(), [0, 2]).toString()).toBe(
      ' {"a" : 1, "data" : [{"n":1e999,"b":9007199254740993},{}] , "z":[2]}',
    )
  })

  test.each([
    ['a key that appears twice', '{"data":[{"a":1}],"schema":"s","data":[{"a":2},{"a":3}]}'],
    ['a key in escapes', '{"schema":"s","d\\u0061ta":[{"a":2},{"a":3}]}'],
  ])('writes what was understood when there is %s', (_name, body) => {
    const payload = read(body) as Payload
    expect(writeBody(payload.layout(), [1]).toString()).toBe('{"schema":"s","data":[{"a":3}]}')
  })

  test('every way to divide the events gives each of them once', () => {
    const events = fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })), { minLength: 1 })
    fc.assert(
      fc.property(events, fc.integer({ min: 1, max: 4 }), (values, parts) => {
        const payload = read(payloadData(...values)) as Payload
        const layout = payload.layout()
        const written = Array.from({ length: parts }, (_, part) =>
          values.map((_value, index) => index).filter(index => index % parts === part),
        ).map(indexes => read(writeBody(layout, indexes))?.events.map(({ event }) => event))
        const whole = payload.events.map(({ event }) => event)
        expect(whole.map((_event, index) => written[index % parts]?.[Math.floor(index / parts)])).toEqual(
          whole,
        )
      }),
    )
  })
})

describe('readEventsBody', () => {
  const read = (text: string | Buffer, type: string | null = 'application/json') =>
    readEventsBody(Buffer.from(text), type, limits)
  const events = (text: string | Buffer, type?: string | null) => {
    const payload = read(text, type)
    if (isRefusal(payload)) throw new Error(payload.message)
    return payload
  }

  test.each([
    ['one event', '{"a":1}', 'application/json', [{ a: 1 }]],
    ['one event over several lines', '{\n "a":1\n}\n', 'application/json', [{ a: 1 }]],
    ['an array', ' [{"a":1},{"a":2}]', 'application/json', [{ a: 1 }, { a: 2 }]],
    ['lines', '{"a":1}\n{"a":2}\n', 'application/x-ndjson', [{ a: 1 }, { a: 2 }]],
    [
      'lines of Windows, and empty ones',
      '{"a":1}\r\n\r\n \n{"a":2}',
      'application/x-ndjson',
      [{ a: 1 }, { a: 2 }],
    ],
    ['lines that are called JSON', '{"a":1}\n{"a":2}', 'application/json', [{ a: 1 }, { a: 2 }]],
    ['lines that are called text', '{"a":1}\n{"a":2}', 'text/plain', [{ a: 1 }, { a: 2 }]],
    ['lines that are called nothing', '{"a":1}\n{"a":2}', null, [{ a: 1 }, { a: 2 }]],
    ['an array that is called lines', '[{"a":1}]', 'application/x-ndjson', [{ a: 1 }]],
    ['one line', '{"a":1}', 'application/x-ndjson', [{ a: 1 }]],
    ['a byte order mark before it', '\ufeff{"a":1}', 'application/json', [{ a: 1 }]],
  ])('reads %s', (_name, text, type, expected) => {
    const payload = events(text, type)
    expect(payload.events.map(({ event }) => event)).toEqual(expected)
    expect(payload.body.toString()).not.toContain('\ufeff')
  })

  test.each([
    ['one event', '{"a":1}', null, 'application/json'],
    ['an array', '[{"a":1}]', 'application/x-ndjson', 'application/json'],
    ['lines', '{"a":1}\n{"a":2}', 'application/json', 'application/x-ndjson'],
  ])('says how %s is written, whatever it is called', (_name, text, type, format) => {
    expect(events(text, type).format).toBe(format)
  })

  test.each([
    ['not_json', 'a syntax error', '{"action":"x",}'],
    ['not_json', 'half an event', '{"action":'],
    ['not_json', 'a word', 'hello'],
    ['not_json', 'two values', '{} {}'],
    ['not_json', 'a broken first line of several', '{"a":1,\n{"a":2}'],
    ['not_an_event', 'a number', '42'],
    ['not_an_event', 'a text', '"x"'],
    ['not_an_event', 'null', 'null'],
    ['no_events', 'nothing', ''],
    ['no_events', 'white space', ' \n\t '],
    ['no_events', 'a byte order mark alone', '\ufeff'],
    ['no_events', 'an empty array', '[]'],
    ['not_utf8', 'bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['too_complex', 'JSON that is too deep', `${'['.repeat(100_000)}`],
    [
      'too_complex',
      'an object with too many keys',
      `{${Array.from({ length: 1_001 }, (_, i) => `"${i}":0`).join()}}`,
    ],
    ['too_complex', 'a string that is too long', `{"a":"${'x'.repeat(70_000)}"}`],
  ])('refuses with %s: %s', (error, _name, body) => {
    expect(read(body)).toMatchObject({ error, message: expect.stringMatching(/\.$/) as string })
  })

  test('says where JSON is broken', () => {
    expect(read('{"action":"x",}')).toMatchObject({ status: 400, details: { position: 14 } })
  })

  test('refuses lines of which none is an event, and says what is wrong with the first', () => {
    expect(read('\n{"a":\n5\n', 'application/x-ndjson')).toMatchObject({
      status: 400,
      error: 'not_json',
      details: { line: 2 },
    })
  })

  test('keeps lines that are broken among others: each is a fault of its own', () => {
    const payload = events(`{"a":1}\n{"a":\n[1]\n${'['.repeat(99)}\n{"a":2}`)
    expect(payload.events.map(({ event, fault }) => event ?? fault?.reason)).toEqual([
      { a: 1 },
      'not_json',
      'not_an_object',
      'too_complex',
      { a: 2 },
    ])
    expect(payload.events[1]?.fault?.message).toContain('Line 2')
  })

  test.each([
    ['an array', '[{"n":9007199254740993}, {"n":1e999} ,{"a":1}]', '[{"n":9007199254740993},{"a":1}]'],
    ['lines', '{"n":9007199254740993}\n\n{"n":1e999}\n{"a":1}', '{"n":9007199254740993}\n{"a":1}'],
  ])('writes some events of %s with their very bytes', (_name, body, expected) => {
    expect(writeBody((events(body) as EventsBody).layout(), [0, 2]).toString()).toBe(expected)
  })

  test('answers whatever the bytes are', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.string({ unit: fc.constantFrom(...'{}[]",:1e\n\\u ') }).map(text => Buffer.from(text)),
          fc.json().map(text => Buffer.from(text)),
        ),
        fc.constantFrom(null, 'application/json', 'application/x-ndjson'),
        (bytes, type) => {
          const payload = readEventsBody(Buffer.from(bytes), type, limits)
          if (isRefusal(payload)) expect(payload.status).toBeGreaterThanOrEqual(400)
          else expect(payload.layout().events).toHaveLength(payload.events.length)
        },
      ),
      { numRuns: 500 },
    )
  })
})
