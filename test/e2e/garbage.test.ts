// Garbage of every kind thrown at a running pipeline: it answers, stays up, and what it stored comes out exactly once.
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { json, post, succeed, temporaryDir, up } from './sluicebox.ts'

const TP2 = '/com.snowplowanalytics.snowplow/tp2'
const GOOD_EVENT = {
  e: 'pv',
  tv: 'test-1',
  p: 'web',
  url: 'https://shop.example.com/',
  duid: 'visitor-1',
  eid: '11111111-1111-4111-8111-111111111111',
}
const envelope = (data: unknown): object => ({
  schema: 'iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4',
  data,
})

/** What the socket answers to raw bytes, until it is closed by either side. */
async function raw(url: string, bytes: string | Uint8Array): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise(resume => {
    let answer = ''
    const socket = connect(Number(port), hostname, () => socket.end(bytes))
    socket.on('data', chunk => (answer += chunk.toString('latin1')))
    socket.on('error', () => resume(answer))
    socket.on('close', () => resume(answer))
  })
}

test('garbage is answered, never stops the pipeline, and every stored event is in good or bad once', async () => {
  const data = temporaryDir(onTestFinished)
  const pipeline = await up(data)
  const tp2 = `${pipeline.url}${TP2}`
  const statuses: number[] = []
  const send = async (
    body: string | Uint8Array,
    headers: Record<string, string> = {},
    url = tp2,
  ): Promise<void> => {
    const response = await fetch(url, {
      method: 'POST',
      body: body as string,
      headers: { 'content-type': 'application/json', ...headers },
    })
    await response.arrayBuffer()
    statuses.push(response.status)
  }

  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
  const keys = JSON.stringify(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, i])))
  const bodies: (string | Uint8Array)[] = [
    '',
    ' ',
    '{',
    'null',
    '[]',
    '{}',
    '"text"',
    '1e999',
    deep,
    keys,
    '\u0000',
    '{"__proto__":{"polluted":true}}',
    '{"schema":"iglu:../../etc/passwd","data":[]}',
    JSON.stringify(envelope([])),
    JSON.stringify(envelope([null, 7, 'x', [], { e: 'pv' }, { ...GOOD_EVENT, unknown: 'key' }])),
    JSON.stringify(envelope([{ ...GOOD_EVENT, co: '{', url: 'http://[', tv: 'x'.repeat(500) }])),
    JSON.stringify(
      envelope([
        {
          ...GOOD_EVENT,
          e: 'ue',
          ue_pr: JSON.stringify({ schema: 'iglu:com.nobody/nothing/jsonschema/9-9-9', data: {} }),
        },
      ]),
    ),
    JSON.stringify(envelope([GOOD_EVENT, { ...GOOD_EVENT, e: 'nonsense' }])),
    Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]),
    Buffer.from(`{"schema":"\ud800"}`, 'utf16le'),
    Buffer.alloc(300 * 1024, 'a'),
  ]
  for (const body of bodies) {
    await send(body)
    await send(body, {}, `${pipeline.url}/v1/events`)
    await send(body, { 'content-type': 'text/plain' })
  }
  await send(gzipSync(Buffer.alloc(50 << 20)), { 'content-encoding': 'gzip' })
  await send('not gzip', { 'content-encoding': 'gzip' })
  await send('x', { 'content-encoding': 'br' })

  for (const bytes of [
    'nonsense\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    `GET /${'a'.repeat(70_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    `POST ${TP2} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc`,
    `POST ${TP2} HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n`,
    `POST ${TP2} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `POST ${TP2} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    'GET /i?e=%E0%A4%A HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'GET /i?e=pv&p=web&tv=x&cx=%00%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00]),
  ])
    await raw(pipeline.url, bytes)

  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.json(),
        fc.string({ unit: 'binary' }),
        fc.json().map(text => JSON.stringify(envelope([JSON.parse(text)]))),
      ),
      async body => {
        await send(body)
        await send(body, {}, `${pipeline.url}/v1/events`)
      },
    ),
    { numRuns: 150, seed: 20261120 },
  )
  expect(statuses.every(status => status < 500)).toBe(true)

  // Still up, and good for a good event.
  const response = await post(tp2, envelope([{ ...GOOD_EVENT, eid: '22222222-2222-4222-8222-222222222222' }]))
  expect(response.status).toBe(200)
  expect((await fetch(`${pipeline.url}/health`)).status).toBe(200)
  expect(await pipeline.stop()).toBe(0)
  await succeed('drain', '--data', data, '--close')

  interface Coordinates {
    readonly kind?: string
    readonly event_id?: string
    readonly reason?: string
    readonly message?: string
    readonly original?: string
    readonly source_partition: number
    readonly source_position: string
    readonly source_index: number
  }
  const stored = await json<{ kind: string; partition: number; position: string }>(
    'tail',
    'raw',
    '--data',
    data,
  )
  const good = await json<Coordinates>('tail', 'good', '--data', data)
  const bad = await json<Coordinates>('tail', 'bad', '--data', data)
  const place = (record: Coordinates): string => `${record.source_partition}/${record.source_position}`
  const events = [...good, ...bad]
  const coordinates = events.map(record => `${place(record)}/${record.source_index}`)
  expect(new Set(coordinates).size).toBe(coordinates.length)
  expect(new Set(events.map(place))).toEqual(
    new Set(stored.map(record => `${record.partition}/${record.position}`)),
  )
  expect(good.map(event => event.event_id)).toContain('22222222-2222-4222-8222-222222222222')
  expect(bad.length).toBeGreaterThan(50)
  for (const record of bad) {
    expect(record.reason).toMatch(/^[a-z_]+$/)
    expect(record.message).not.toBe('')
  }
})
