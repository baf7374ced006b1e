import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { Registry } from '@sluicebox/runtime/metrics'
import { describe, expect, test } from 'vitest'
import type { HandlerParts } from './handler.ts'
import { startCollector } from './server.ts'
import { ask, openClient } from '../testing/client.ts'
import { httpRequest, partsOf, payloadData, recordingLog, recordingLogger, TP2 } from '../testing/parts.ts'

type Settings = Parameters<typeof partsOf>[1]

async function start(settings: Settings = {}, log = recordingLog(), others: Partial<HandlerParts> = {}) {
  return startCollector(partsOf(log, { drain: { idleMs: 1 }, ...settings }, others))
}

const PAGE_VIEW = payloadData({ e: 'pv', duid: 'd' })
const post = (body: string | Uint8Array = PAGE_VIEW, headers: Record<string, string> = {}): Buffer =>
  httpRequest('POST', TP2, { 'content-type': 'application/json', ...headers }, body)

describe('every route', () => {
  test.each([
    ['POST', TP2, PAGE_VIEW, 200, 'text/plain', 'ok', 1],
    ['POST', '/com.acme/v1?aid=shop', 'anything', 200, 'text/plain', 'ok', 1],
    ['GET', '/i?e=pv', '', 200, 'image/gif', 'GIF89a', 1],
    ['GET', `${TP2}?e=pv`, '', 200, 'image/gif', 'GIF89a', 1],
    ['GET', '/ice.png', '', 200, 'image/gif', 'GIF89a', 1],
    ['GET', '//i?e=pv', '', 200, 'image/gif', 'GIF89a', 1],
    ['GET', '/i/?e=pv', '', 200, 'image/gif', 'GIF89a', 1],
    ['GET', 'http://collect.example/i?e=pv', '', 200, 'image/gif', 'GIF89a', 1],
    ['POST', `http://collect.example${TP2}`, PAGE_VIEW, 200, 'text/plain', 'ok', 1],
    ['POST', '/v1/events/', '{"action":"page_view"}', 200, 'application/json', '{"accepted":1,"bad":0,', 1],
    ['POST', '/v1/track', '{}', 404, 'application/json', '{"error":"other_vendor",', 0],
    ['POST', '/g/collect?v=2', '', 404, 'application/json', '{"error":"other_vendor",', 0],
    ['POST', '/v1/events', '{"action":"page_view"}', 200, 'application/json', '{"accepted":1,"bad":0,', 1],
    ['POST', '/v1/events', 'nonsense', 400, 'application/json', '{"error":"not_json",', 0],
    ['GET', '/v1/events', '', 405, 'application/json', '{"error":"method",', 0],
    ['OPTIONS', TP2, '', 200, undefined, '', 0],
    ['GET', '/health', '', 200, 'text/plain', 'ok', 0],
    ['GET', '/sink-health', '', 200, 'text/plain', 'ok', 0],
    ['GET', '/robots.txt', '', 200, 'text/plain', 'User-agent: *\nDisallow: /\n', 0],
    [
      'GET',
      '/r/tp2?u=https://evil.example',
      '',
      404,
      'application/json',
      '{"error":"redirects_disabled",',
      0,
    ],
    ['GET', '/', '', 404, 'application/json', '{"error":"not_found",', 0],
    ['POST', '/a/b/c', 'x', 404, 'application/json', '{"error":"not_found",', 0],
    ['PUT', TP2, 'x', 404, 'application/json', '{"error":"not_found",', 0],
  ])('%s %s', async (method, target, body, status, type, text, stored) => {
    const log = recordingLog()
    await using collector = await start({}, log)
    const answer = await ask(collector.port, httpRequest(method, target, {}, body))
    expect(answer.status).toBe(status)
    expect(answer.headers['content-type']).toBe(type)
    expect(answer.body.startsWith(text), answer.body).toBe(true)
    expect(answer.headers['vary']).toBe('Origin')
    expect(log.records).toHaveLength(stored)
  })

  test('HEAD is GET without a body', async () => {
    const log = recordingLog()
    await using collector = await start({}, log)
    using client = await openClient(collector.port)
    client.send(httpRequest('HEAD', '/i?e=pv', { connection: 'close' }))
    await client.closed
    expect(log.records).toHaveLength(1)
  })

  test('a request that is not the collector’s goes to the pages, if there are any', async () => {
    const seen: string[] = []
    await using collector = await start({}, recordingLog(), {
      fallback(req, res) {
        seen.push(`${req.method} ${req.url}`)
        res.end('page')
      },
    })
    for (const target of ['/', '/micro/good?limit=1', '/api/scores', '/a/b/c'])
      expect((await ask(collector.port, httpRequest('GET', target, { connection: 'close' }))).status).toBe(
        200,
      )
    await ask(collector.port, httpRequest('GET', '/i'))
    expect(seen).toEqual(['GET /', 'GET /micro/good?limit=1', 'GET /api/scores', 'GET /a/b/c'])
  })
})

describe('a page of another site', () => {
  test.each([
    ['may read the answer when it is listed', 'https://shop.example', 'https://shop.example'],
    ['may not otherwise', 'https://evil.example', undefined],
  ])('%s, be it accepted, refused or a preflight', async (_name, origin, allowed) => {
    await using collector = await start({
      cors: { applications: [{ appId: 'shop', origins: ['https://shop.example'] }] },
    })
    for (const request of [
      post(PAGE_VIEW, { origin }),
      post('x', { origin, 'content-encoding': 'br' }),
      httpRequest('OPTIONS', TP2, { origin, 'access-control-request-headers': 'content-type' }),
      httpRequest('GET', '/nowhere', { origin }),
    ]) {
      const { headers } = await ask(collector.port, request)
      expect(headers['access-control-allow-origin']).toBe(allowed)
      expect(headers['access-control-allow-credentials']).toBe(allowed && 'true')
      expect(headers['vary']).toBe('Origin')
    }
  })
})

describe('2xx', () => {
  test('comes after the events are durable, never before', async () => {
    const actions: string[] = []
    const gate = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    await using collector = await start(
      {},
      recordingLog(async () => {
        asked.resolve()
        await gate.promise
        actions.push('durable')
      }),
    )
    const answered = ask(collector.port, post()).then(({ status }) => actions.push(`answered ${status}`))
    await asked.promise
    // A whole other exchange goes by: had the answer been sent, it would be here.
    expect((await ask(collector.port, httpRequest('GET', '/health'))).status).toBe(200)
    actions.push('opened')
    gate.resolve()
    await answered
    expect(actions).toEqual(['opened', 'durable', 'answered 200'])
  })

  test('on many requests over one connection', async () => {
    const log = recordingLog()
    await using collector = await start({}, log)
    using client = await openClient(collector.port)
    for (let i = 0; i < 20; i++) expect((await client.ask(post())).status).toBe(200)
    // All at once, one behind the other, as HTTP/1.1 allows.
    client.send(Buffer.concat(Array.from({ length: 20 }, () => post())))
    for (let i = 0; i < 20; i++) expect((await client.answer()).status).toBe(200)
    expect(log.records).toHaveLength(40)
  })
})

describe('503', () => {
  test('when the log refuses, with Retry-After; then 200 again', async () => {
    let isDown = true
    const logger = recordingLogger()
    const log = recordingLog(async () => {
      if (isDown) throw new Error('the disk is full')
    })
    await using collector = await start({ load: { retryAfterSeconds: 7 } }, log, { logger })
    for (const request of [
      post(),
      httpRequest('GET', '/i?e=pv'),
      httpRequest('POST', '/v1/events', {}, '{}'),
    ]) {
      const answer = await ask(collector.port, request)
      expect(answer.status).toBe(503)
      expect(answer.headers['retry-after']).toBe('7')
      expect(JSON.parse(answer.body)).toMatchObject({ error: 'log_unavailable' })
    }
    const health = await ask(collector.port, httpRequest('GET', '/sink-health'))
    expect([health.status, health.body]).toEqual([503, 'raw can’t be written'])
    expect(collector.ready()).toEqual({
      ok: false,
      reason: 'the log refused the last records: the disk is full',
    })

    isDown = false
    expect((await ask(collector.port, post())).status).toBe(200)
    expect((await ask(collector.port, httpRequest('GET', '/sink-health'))).status).toBe(200)
    expect(collector.ready()).toEqual({ ok: true })
    expect(log.records).toHaveLength(1)
    expect(logger.lines.filter(([level]) => level !== 'info')).toEqual([
      ['warn', 'raw can’t be written: requests get 503'],
    ])
  })

  test('when the log does not answer in time', async () => {
    const gate = Promise.withResolvers<void>()
    await using collector = await start(
      { timeouts: { appendMs: 10 } },
      recordingLog(() => gate.promise),
    )
    const answer = await ask(collector.port, post())
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '2'])
    gate.resolve()
  })

  test('at once when too many requests wait; those that wait are served', async () => {
    const gate = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    await using collector = await start(
      { load: { inFlightRequestsMax: 1 } },
      recordingLog(() => {
        asked.resolve()
        return gate.promise
      }),
    )
    const first = ask(collector.port, post())
    await asked.promise
    const second = await ask(collector.port, post())
    expect([second.status, JSON.parse(second.body)]).toMatchObject([503, { error: 'in_flight_requests' }])
    expect((await ask(collector.port, httpRequest('GET', '/i'))).status).toBe(503)
    gate.resolve()
    expect((await first).status).toBe(200)
    expect((await ask(collector.port, post())).status).toBe(200)
  })

  test('when the bytes held are too many: an outage of any length fills no memory', async () => {
    const gate = Promise.withResolvers<void>()
    const metrics = new Registry()
    const bytesMax = 100_000
    await using collector = await start(
      { load: { inFlightBytesMax: bytesMax } },
      recordingLog(() => gate.promise),
      { metrics },
    )
    const body = payloadData({ duid: 'd', x: 'x'.repeat(9_950) })
    const answered: number[] = []
    const most = Promise.withResolvers<void>()
    const all = Array.from({ length: 60 }, async () => {
      answered.push((await ask(collector.port, post(body))).status)
      if (answered.length === 50) most.resolve()
    })
    // Those that found no room are answered while the log is still silent.
    await most.promise
    expect(new Set(answered)).toEqual(new Set([503]))
    const held = await metrics.getSingleMetric('sluicebox_collector_in_flight_bytes')?.get()
    expect(held?.values[0]?.value).toBeGreaterThan(0)
    expect(held?.values[0]?.value).toBeLessThanOrEqual(bytesMax)
    gate.resolve()
    await Promise.all(all)
    expect(new Set(answered)).toEqual(new Set([200, 503]))
    const after = await metrics.getSingleMetric('sluicebox_collector_in_flight_bytes')?.get()
    expect(after?.values[0]?.value).toBe(0)
  })
})

describe('limits', () => {
  const limits = { bodyBytesMax: 2_000, decodedBytesMax: 20_000, eventsMax: 3 }
  const many = payloadData(...Array.from({ length: 4 }, () => ({ duid: 'd' })))

  // Trackers send again what gets 413 or 415, forever: to them it is 422.
  test.each([
    ['a body that is too long', 'x'.repeat(2_001), {}, 'body_too_large', 413],
    ['an encoding that is not taken', 'x', { 'content-encoding': 'br' }, 'content_encoding', 415],
    [
      'a bomb',
      gzipSync(Buffer.alloc(100_000)),
      { 'content-encoding': 'gzip' },
      'decoded_body_too_large',
      413,
    ],
    ['too many events', many, {}, 'too_many_events', 413],
    ['what is not gzip', 'x', { 'content-encoding': 'gzip' }, 'not_gzip', 400],
  ])('%s', async (_name, body, headers, error, status) => {
    const log = recordingLog()
    await using collector = await start({ limits }, log)
    const toTracker = await ask(collector.port, post(body, headers))
    expect([toTracker.status, JSON.parse(toTracker.body)]).toMatchObject([
      status === 400 ? 400 : 422,
      { error },
    ])
    const asLines = typeof body === 'string' && body === many ? '{}\n{}\n{}\n{}' : body
    const plain = await ask(collector.port, httpRequest('POST', '/v1/events', headers, asLines))
    expect([plain.status, JSON.parse(plain.body)]).toMatchObject([status, { error }])
    expect(log.records).toEqual([])
  })

  test('gzip within the limits is stored unpacked', async () => {
    const log = recordingLog()
    await using collector = await start({ limits }, log)
    expect(
      (await ask(collector.port, post(gzipSync(PAGE_VIEW), { 'content-encoding': 'gzip' }))).status,
    ).toBe(200)
    expect(Buffer.from(log.records[0]?.body as Uint8Array).toString()).toBe(PAGE_VIEW)
  })

  test('a client that announces too much is refused before it sends, and reads why although it keeps sending', async () => {
    await using collector = await start({ limits })
    using client = await openClient(collector.port)
    client.send(`POST ${TP2} HTTP/1.1\r\nhost: x\r\ncontent-length: 100000000\r\n\r\n`, 'x'.repeat(50_000))
    const answer = await client.answer()
    expect([answer.status, answer.headers['connection']]).toEqual([422, 'close'])
    client.send('x'.repeat(50_000))
    await client.closed
  })

  test('a client that announces nothing is stopped at the limit', async () => {
    await using collector = await start({ limits })
    using client = await openClient(collector.port)
    const chunk = `3e8\r\n${'x'.repeat(1_000)}\r\n`
    client.send(`POST ${TP2} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n`, chunk, chunk, chunk)
    const answer = await client.answer()
    expect([answer.status, answer.headers['connection']]).toEqual([422, 'close'])
    await client.closed
  })

  test('a client that asks before it sends gets 100, or its refusal at once', async () => {
    await using collector = await start({ limits })
    using client = await openClient(collector.port)
    const head = (length: number): string =>
      `POST ${TP2} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: ${length}\r\n\r\n`
    expect((await client.ask(head(PAGE_VIEW.length))).status).toBe(100)
    expect((await client.ask(PAGE_VIEW)).status).toBe(200)
    expect((await client.ask(head(2_001))).status).toBe(422)
  })

  test('an address that sends too often gets 429, others don’t', async () => {
    await using collector = await start({
      trustedProxyHops: 1,
      rateLimit: { requestsPerSecond: 0.01, burst: 2 },
    })
    const from = (address: string) => ask(collector.port, post(PAGE_VIEW, { 'x-forwarded-for': address }))
    expect((await from('192.0.2.1')).status).toBe(200)
    expect((await from('192.0.2.2')).status).toBe(200)
    const third = await from('192.0.2.3')
    expect([third.status, third.headers['retry-after']]).toEqual([429, '100'])
    expect((await from('198.51.100.1')).status).toBe(200)
  })

  test('a connection is closed after its last request', async () => {
    await using collector = await start({ load: { requestsPerConnectionMax: 2 } })
    using client = await openClient(collector.port)
    expect((await client.ask(post())).headers['connection']).toBe('keep-alive')
    expect((await client.ask(post())).headers['connection']).toBe('close')
    await client.closed
  })

  test('connections beyond the limit are not taken', async () => {
    await using collector = await start({ load: { connectionsMax: 1 } })
    using first = await openClient(collector.port)
    expect((await first.ask(post())).status).toBe(200)
    using second = await openClient(collector.port)
    await second.closed
    expect((await first.ask(post())).status).toBe(200)
  })
})

test('what was refused is held no longer', async () => {
  const metrics = new Registry()
  await using collector = await start({ limits: { bodyBytesMax: 2_000 } }, recordingLog(), { metrics })
  const half = await openClient(collector.port)
  half.send(`POST ${TP2} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n`, 'x'.repeat(500))
  for (const request of [
    httpRequest('POST', '/v1/events', {}, 'no JSON'),
    post('no gzip', { 'content-encoding': 'gzip' }),
    post(gzipSync(Buffer.alloc(1_000_000)), { 'content-encoding': 'gzip' }),
  ])
    expect((await ask(collector.port, request)).status).toBeGreaterThanOrEqual(400)
  half.socket.destroy()
  const held = async () =>
    (await metrics.getSingleMetric('sluicebox_collector_in_flight_bytes')?.get())?.values[0]?.value
  // The server learns that the half request is gone in some later turn.
  while ((await held()) !== 0) await ask(collector.port, httpRequest('GET', '/health'))
})

test('figures say what happened', async () => {
  const metrics = new Registry()
  await using collector = await start({}, recordingLog(), { metrics, now: () => 5_000 })
  await ask(collector.port, post(payloadData({ duid: 'a' }, { duid: 'b' })))
  await ask(collector.port, httpRequest('GET', '/i?e=pv'))
  await ask(collector.port, httpRequest('POST', '/v1/events', {}, 'x'))
  const text = await metrics.metrics()
  for (const line of [
    'sluicebox_collector_requests_total{route="tracker",status="200"} 1',
    'sluicebox_collector_requests_total{route="pixel",status="200"} 1',
    'sluicebox_collector_requests_total{route="events",status="400"} 1',
    'sluicebox_collector_refusals_total{reason="not_json"} 1',
    'sluicebox_collector_events_total{route="tracker"} 2',
    'sluicebox_collector_records_total 3',
    'sluicebox_collector_append_seconds_count 2',
    'sluicebox_collector_in_flight_requests 0',
    'sluicebox_collector_last_accepted_timestamp_seconds 5',
  ])
    expect(text).toContain(`${line}\n`)
})

test('heartbeats reach every partition while no request comes', async () => {
  const log = recordingLog()
  const beaten = Promise.withResolvers<void>()
  const metrics = new Registry()
  const parts = partsOf(log, { heartbeatMs: 1 }, { metrics })
  await using collector = await startCollector({
    ...parts,
    log: {
      partitionCount: () => log.partitionCount('raw'),
      async append(stream, records) {
        await log.append(stream, records)
        if (log.records.length >= 6) beaten.resolve()
      },
    },
  })
  await beaten.promise
  expect(collector.ready()).toEqual({ ok: true })
  expect(log.records.slice(0, 6).map(({ kind }) => kind)).toEqual(
    Array.from({ length: 6 }, () => 'heartbeat'),
  )
  expect(log.outputs.slice(0, 3).map(({ key, partition }) => [key, partition])).toEqual([
    [null, 0],
    [null, 1],
    [null, 2],
  ])
})

test('is not ready before it has written to raw', async () => {
  const mayWrite = Promise.withResolvers<void>()
  const written = Promise.withResolvers<void>()
  const log = recordingLog(() => mayWrite.promise)
  const collector = await startCollector({
    ...partsOf(log, { heartbeatMs: 60_000 }),
    log: {
      partitionCount: () => log.partitionCount('raw'),
      append: (stream, records) => log.append(stream, records).finally(() => setImmediate(written.resolve)),
    },
  })
  await using _collector = collector
  expect(collector.ready()).toEqual({ ok: false, reason: 'nothing was written to raw yet' })
  mayWrite.resolve()
  await written.promise
  expect(collector.ready()).toEqual({ ok: true })
})

test('says that the port is taken', async () => {
  await using collector = await start()
  await expect(start({ port: collector.port })).rejects.toThrow('EADDRINUSE')
})

test('a fault of the collector is 500, and the next request is served', async () => {
  let isBroken = true
  const logger = recordingLogger()
  await using collector = await start({}, recordingLog(), {
    logger,
    checkEvent() {
      if (isBroken) throw new Error('a fault')
      return []
    },
  })
  const request = httpRequest('POST', '/v1/events', {}, '{"action":"x"}')
  expect((await ask(collector.port, request)).status).toBe(500)
  isBroken = false
  expect((await ask(collector.port, request)).status).toBe(200)
  expect(logger.lines.map(([level]) => level)).toContain('error')
})

test('a client that leaves before its answer disturbs no other', async () => {
  const gate = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const log = recordingLog(() => {
    asked.resolve()
    return gate.promise
  })
  await using collector = await start({}, log)
  const socket = connect(collector.port, '127.0.0.1')
  socket.write(post())
  await asked.promise
  socket.destroy()
  gate.resolve()
  expect((await ask(collector.port, post())).status).toBe(200)
  expect(log.records).toHaveLength(2)
})

test('what was stored for requests sent ahead is answered before what is broken behind them', async () => {
  const gate = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const log = recordingLog(() => {
    asked.resolve()
    return gate.promise
  })
  await using collector = await start({}, log)
  using client = await openClient(collector.port)
  client.send(Buffer.concat([post(), Buffer.from('this is not HTTP\r\n\r\n')]))
  await asked.promise
  gate.resolve()
  expect((await client.answer()).status).toBe(200)
  expect((await client.answer()).status).toBe(400)
  expect(log.records).toHaveLength(1)
})

test('a request with two hosts is refused', async () => {
  await using collector = await start()
  const answer = await ask(
    collector.port,
    'GET /i?e=pv HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\nConnection: close\r\n\r\n',
  )
  expect(answer).toMatchObject({ status: 400, body: expect.stringContaining('two_hosts') as string })
})

test('headers whose bytes are UTF-8 are read as UTF-8, others as Latin-1', async () => {
  const log = recordingLog()
  await using collector = await start({}, log)
  for (const [agent, encoding] of [
    ['App/1 (Телефон)', 'utf8'],
    ['App/1 (Gerät)', 'latin1'],
  ] as const)
    await ask(
      collector.port,
      Buffer.from(
        `GET /i?e=pv HTTP/1.1\r\nHost: s\r\nUser-Agent: ${agent}\r\nConnection: close\r\n\r\n`,
        encoding,
      ),
    )
  expect(log.records.map(record => record.user_agent)).toEqual(['App/1 (Телефон)', 'App/1 (Gerät)'])
})

test('a target in absolute form names the host', async () => {
  const log = recordingLog()
  await using collector = await start({}, log)
  await ask(
    collector.port,
    'GET http://collect.example:8080/i?e=pv HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n',
  )
  expect(log.records[0]).toMatchObject({ hostname: 'collect.example', path: '/i', querystring: 'e=pv' })
})
