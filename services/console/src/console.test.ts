import { createLogger } from '@sluicebox/runtime/log'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { consoleConfig } from './config.ts'
import { createConsole, type BundleDescription, type Console } from './console.ts'
import type { Door } from './door.ts'
import { createMemoryLog, type MemoryLog } from '@sluicebox/stream/testing/memory-log'
import { badRecord, codecs, goodRecord, rawRecord, record, scoredRecord } from './testing/records.ts'

const NOW = 1_795_167_000_500
const logger = createLogger({ level: 'silent', name: 'console' })

let log: MemoryLog
let ms: number
let opened: Console | undefined

beforeEach(() => {
  ms = NOW
  log = createMemoryLog({ partitions: 2 })
  log.now = ms
})
afterEach(async () => {
  await opened?.close()
})

async function open(
  parts: { bundle?: () => BundleDescription | undefined; url?: string; door?: Door } = {},
): Promise<Console> {
  opened = await createConsole({
    log,
    codecs,
    config: consoleConfig.parse({ recordsMax: 5 }),
    logger,
    now: () => ms,
    ...parts,
  })
  return opened
}

async function until(condition: () => boolean): Promise<void> {
  await vi.waitUntil(condition, { timeout: 30_000, interval: 1 })
}

const score = (session: string, n: number, given: Parameters<typeof scoredRecord>[0] = {}): Uint8Array =>
  scoredRecord({
    session_id: session,
    n,
    probability: n / 10,
    threshold: 0.4,
    decision: n >= 4,
    reasons: [{ feature: 'count.add_to_cart', value: n, contribution: 0.5 }],
    bundle_id: 'b-1',
    bundle_name: 'example 1.0.0',
    collected_at: (NOW - 12) as never,
    event_time: (NOW - 3_000) as never,
    ...given,
  })

describe('the status', () => {
  test('counts what comes after the start, heartbeats left out', async () => {
    log.write('good', 0, 'v', goodRecord({ event_id: 'before' }))
    const { status } = await open()
    log.write('good', 0, null, goodRecord({ kind: 'heartbeat' }))
    for (let i = 0; i < 3; i++) log.write('good', i % 2, 'v', goodRecord({ event_id: `${i}` }))
    log.write('bad', 0, 'v', badRecord({ reason: 'not_json' }))
    log.write('raw', 1, 'v', rawRecord({ path: '/i' }))
    await until(() => status().rates.events.total === 4 && status().rates.requests.total === 1)
    ms += 1_000
    expect(status().rates).toMatchObject({
      requests: { perSecond: 1, total: 1 },
      events: { perSecond: 4, total: 4 },
      good: { perSecond: 3, total: 3 },
      bad: { perSecond: 1, total: 1 },
      scored: { perSecond: 0, total: 0 },
    })
    expect(status().rates.good.curve).toHaveLength(60)
  })

  test('has the last score of each session, the newest first, with the scores before it', async () => {
    log.write('scored', 0, 'v', score('s1', 1))
    log.write('scored', 1, 'v', score('s2', 1))
    const { status } = await open()
    await until(() => status().sessions.length === 2)
    log.write('scored', 0, 'v', score('s1', 2))
    log.write('scored', 0, 'v', score('s1', 4, { kind: 'final', goal_reached: true }))
    log.write('scored', 0, 'v', score('s1', 3, { arm: 'shadow' }))
    await until(() => status().sessions[0]?.n === 4)
    expect(status().sessions).toMatchObject([
      { sessionId: 's1', n: 4, kind: 'final', goalReached: true, decision: true, trail: [0.1, 0.2, 0.4] },
      { sessionId: 's2', n: 1, kind: 'update', decision: false, trail: [0.1] },
    ])
    expect(status()).toMatchObject({
      latencyMs: 12,
      bundle: { id: 'b-1', name: 'example 1.0.0', threshold: 0.4 },
    })
  })

  test('keeps apart the sessions of visitors who show the same session id', async () => {
    for (const [visitor, n] of [
      ['v', 1],
      ['w', 1],
      ['v', 2],
    ] as const)
      log.write('scored', 0, visitor, score('7', n, { visitor }))
    const { status } = await open()
    await until(() => status().sessions[0]?.n === 2)
    expect(status().sessions).toMatchObject([
      { sessionId: '7', visitor: 'v', n: 2, trail: [0.1, 0.2] },
      { sessionId: '7', visitor: 'w', n: 1, trail: [0.1] },
    ])
  })

  test('has no latency from recorded time', async () => {
    log.write('scored', 0, 'v', score('s1', 1, { collected_at: 1_569_888_000_000 as never }))
    const { status } = await open()
    await until(() => status().sessions.length === 1)
    expect(status().latencyMs).toBeNull()
  })

  test('names the bundle in use, whatever the last score was made with', async () => {
    log.write('scored', 0, 'v', score('s1', 1))
    const bundle = { id: 'b-2', name: 'mine 2.0.0', goal: 'transaction', threshold: null }
    const { status } = await open({ bundle: () => bundle })
    await until(() => status().sessions.length === 1)
    expect(status().bundle).toEqual(bundle)
  })

  test('leaves out what it cannot read', async () => {
    log.write('bad', 0, 'v', Buffer.from('nonsense'))
    log.write('bad', 0, 'v', badRecord({ reason: 'not_json', source_position: '7' }))
    const { status } = await open()
    await until(() => status().bad.length > 0)
    expect(status().bad).toMatchObject([{ reason: 'not_json', source: '0/7/0' }])
  })

  test('says when a stream cannot be read', async () => {
    log.broken = new Error('disk gone')
    const console = await open()
    await until(() => console.status().problem !== null)
    expect(console.status().problem).toMatch(/^\w+: disk gone$/)
    expect((await console.inject('/')).body).toContain('disk gone')
  })
})

describe('the page', () => {
  test('needs nothing from elsewhere, and says before the first event what to do', async () => {
    const { inject } = await open()
    const { statusCode, headers, body } = await inject({ url: '/', headers: { host: '127.0.0.1:8080' } })
    expect(statusCode).toBe(200)
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    expect(body).toContain('No score yet')
    expect(body).toContain('npx sluicebox simulate --to http://127.0.0.1:8080')
    expect(body).toContain('npx sluicebox tail scored --follow')
    expect(body).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
  })

  test('allows its own style and script by a nonce that changes, and nothing else', async () => {
    const { inject } = await open()
    const responses = [await inject('/'), await inject('/')]
    const nonces = responses.map(({ headers, body }) => {
      const policy = String(headers['content-security-policy'])
      const nonce = /script-src 'nonce-([^']{20,})'/.exec(policy)?.[1] ?? ''
      expect(policy).toContain("default-src 'none'")
      expect(policy).not.toContain('unsafe')
      expect(body.match(/<(?:script|style)[^>]*>/g)).toEqual([
        `<style nonce="${nonce}">`,
        `<script nonce="${nonce}">`,
      ])
      expect(body).not.toMatch(/ (?:style|on\w+)="/)
      return nonce
    })
    expect(nonces[0]).not.toBe(nonces[1])
  })

  test('escapes all that strangers can send', async () => {
    const evil = `"><img src=x onerror=alert(1)>'</script>`
    const text = {
      session_id: evil,
      visitor: evil,
      event_id: evil,
      action: evil,
      page_kind: evil,
      goal: evil,
    }
    log.write(
      'scored',
      0,
      'v',
      score(evil, 1, {
        ...text,
        bundle_id: evil,
        bundle_name: evil,
        reasons: [{ feature: evil, value: 1, contribution: 1 }],
      }),
    )
    log.write(
      'scored',
      0,
      'v',
      score(`2${evil}`, 1, {
        ...text,
        session_id: `2${evil}`,
        probability: null,
        no_score_reason: evil,
        kind: 'final',
        goal_reached: false,
      }),
    )
    log.write(
      'bad',
      0,
      'v',
      badRecord({
        reason: evil,
        message: evil,
        errors: [evil],
        path: evil,
        source_position: evil,
        schema: evil,
      }),
    )
    const { inject, status } = await open()
    await until(() => status().sessions.length === 2 && status().bad.length === 1)
    for (const url of ['/', '/console/live']) {
      const { body } = await inject(url)
      expect(body).toContain('&quot;&gt;&lt;img')
      expect(body).not.toContain('<img')
    }
  })

  test('does not repeat a host that is not a host name', async () => {
    const { inject } = await open({ door: { isLocal: false, token: undefined } })
    const { body } = await inject({ url: '/', headers: { host: 'x; rm -rf ~' } })
    expect(body).toContain('--to http://localhost:8080')
  })

  test('is not shown under a name of another site, which could lead here', async () => {
    const { inject } = await open()
    for (const url of ['/', '/api/status', '/console/live', '/micro/all', '/micro/good', '/nothing'])
      expect((await inject({ url, headers: { host: 'evil.example' } })).statusCode, url).toBe(421)
  })

  test('with a token is shown to who has it, and a browser keeps it in a cookie', async () => {
    const { inject } = await open({ door: { isLocal: false, token: 'sixteen-letters-x' } })
    const headers = { host: 'shop.example' }
    for (const url of ['/', '/api/status', '/micro/good', '/micro/reset', '/?token=sixteen-letters-y'])
      expect((await inject({ url, headers })).statusCode, url).toBe(401)
    const first = await inject({ url: '/?token=sixteen-letters-x', headers })
    expect([first.statusCode, first.headers.location]).toEqual([303, '/'])
    const cookie = String(first.headers['set-cookie'])
    expect(cookie).toBe('sluicebox_console=sixteen-letters-x; HttpOnly; SameSite=Strict; Path=/')
    const seen = await inject({ url: '/', headers: { ...headers, cookie: cookie.split(';')[0]! } })
    expect(seen.statusCode).toBe(200)
    const authorization = 'Bearer sixteen-letters-x'
    expect((await inject({ url: '/micro/all', headers: { ...headers, authorization } })).statusCode).toBe(200)
  })

  test('is not emptied by a page of another site', async () => {
    const { inject } = await open()
    const asked = { url: '/micro/reset', headers: { host: 'localhost', 'sec-fetch-site': 'cross-site' } }
    expect((await inject(asked)).statusCode).toBe(403)
    expect((await inject('/micro/reset')).statusCode).toBe(200)
  })

  test('says the address that it was given', async () => {
    const { inject } = await open({ url: 'https://collect.shop.test' })
    expect((await inject('/')).body).toContain('--to https://collect.shop.test')
  })

  test('serves its live part: sessions with odds, kind, number and signed reasons', async () => {
    log.write('scored', 0, 'v', score('s-live', 4))
    log.write(
      'scored',
      0,
      'v',
      score('s-won', 2, { kind: 'final', goal: 'transaction', goal_reached: true, session_event_count: 9 }),
    )
    log.write(
      'scored',
      0,
      'v',
      score('s-none', 1, { probability: null, no_score_reason: 'bundle expired', reasons: [] }),
    )
    log.write(
      'bad',
      1,
      'v',
      badRecord({
        reason: 'not_json',
        message: 'is not JSON',
        path: '/v1/events',
        source_partition: 1,
        source_position: '12',
        source_index: 3,
      }),
    )
    const { inject, status } = await open()
    await until(() => status().sessions.length === 3 && status().bad.length === 1)
    const { body } = await inject('/console/live')
    const text = body.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ')
    expect(text).toContain('40 % transaction s-live live likely score 4 · event on other · 3 s ago')
    expect(text).toContain('count.add_to_cart 4 +0.50')
    expect(text).toContain('closed: transaction score 2 · after 9 events')
    expect(text).toContain('bundle expired')
    expect(text).toContain('is not JSON /v1/events · raw 1/12/3')
    expect(text).toContain('12 ms from event to score')
  })
})

describe('the read API of Micro', () => {
  test('counts and lists what is held, and forgets it', async () => {
    const position = log.write('raw', 0, 'v', rawRecord({ path: '/i', querystring: 'e=pv' }))
    log.write('good', 0, 'v', goodRecord({ event_id: 'a', source_position: `${position}` }))
    log.write('good', 0, null, goodRecord({ kind: 'heartbeat' }))
    log.write('bad', 0, 'v', badRecord({ message: 'is not JSON' }))
    const { inject } = await open()
    await until(() => (opened?.status().bad.length ?? 0) > 0)
    for (const method of ['GET', 'POST'] as const)
      expect((await inject({ method, url: '/micro/all' })).json()).toEqual({ total: 2, good: 1, bad: 1 })
    expect((await inject('/micro/good')).json()).toMatchObject([
      { event: { event_id: 'a' }, rawEvent: { parameters: { e: 'pv' } } },
    ])
    expect((await inject('/micro/bad')).json()).toMatchObject([{ errors: ['is not JSON'] }])
    expect((await inject({ method: 'POST', url: '/micro/reset' })).json()).toEqual({
      total: 0,
      good: 0,
      bad: 0,
    })
    expect((await inject('/micro/good')).json()).toEqual([])
    log.write('good', 1, 'v', goodRecord({ event_id: 'b' }))
    await until(() => (opened?.status().rates.good.total ?? 0) > 0)
    expect((await inject('/micro/all')).json()).toEqual({ total: 1, good: 1, bad: 0 })
  })

  test('counts every event, also those no longer held', async () => {
    const { inject, status } = await open()
    for (let i = 0; i < 9; i++) log.write('good', 0, 'v', goodRecord({ event_id: `e${i}` }))
    await until(() => status().rates.good.total === 9)
    expect((await inject('/micro/all')).json()).toEqual({ total: 9, good: 9, bad: 0 })
    expect((await inject('/micro/good')).json()).toHaveLength(5)
  })

  test.each(['application/json', 'text/plain', 'application/x-www-form-urlencoded', undefined])(
    'takes a filter that is called %s',
    async type => {
      log.write('good', 0, 'v', goodRecord({ event_id: 'a' }))
      const { inject, status } = await open()
      log.write('good', 0, 'v', goodRecord({ event_id: 'b' }))
      await until(() => status().rates.good.total === 1)
      const headers = type === undefined ? {} : { 'content-type': type }
      const answer = await inject({ method: 'POST', url: '/micro/good', headers, payload: '{"limit":1}' })
      expect(answer.json()).toMatchObject([{ event: { event_id: 'b' } }])
    },
  )

  test('keeps no more records than configured', async () => {
    for (let i = 0; i < 9; i++) log.write('good', 0, 'v', goodRecord({ event_id: `${i}` }))
    const { inject, status } = await open()
    log.write('bad', 0, 'v', badRecord({}))
    await until(() => status().rates.bad.total === 1)
    const events = (await inject('/micro/good')).json<{ event: { event_id: string } }[]>()
    expect(events.map(({ event }) => event.event_id)).toEqual(['8', '7', '6', '5', '4'])
  })

  test.each([
    { url: '/micro/good?limit=x', code: 400, error: 'limit' },
    { url: '/micro/bad?limit=-1', code: 400, error: 'limit' },
    { url: '/micro/nothing', code: 404, error: 'nothing here' },
    { url: '/%zz', code: 400, error: '' },
  ])('responds with $code to $url', async ({ url, code, error }) => {
    const answer = await (await open()).inject(url)
    expect(answer.statusCode).toBe(code)
    expect(answer.body).toContain(error)
  })

  test('refuses a filter larger than any', async () => {
    const { inject } = await open()
    const answer = await inject({ method: 'POST', url: '/micro/good', payload: 'x'.repeat(65_537) })
    expect(answer.statusCode).toBe(413)
  })

  test('hides from the client what went wrong inside', async () => {
    log.write('good', 0, 'v', goodRecord({ source_position: '0' }))
    const { inject, status } = await open()
    log.write('bad', 0, 'v', badRecord({}))
    await until(() => status().rates.bad.total === 1)
    log.broken = new Error('disk gone')
    const answer = await inject('/micro/good')
    expect(answer.statusCode).toBe(500)
    expect(answer.body).not.toContain('disk')
  })
})

test('every response is kept from caches and from other sites', async () => {
  const { inject } = await open()
  for (const url of ['/', '/console/live', '/api/status', '/micro/all', '/micro/good', '/nowhere']) {
    const { headers } = await inject(url)
    expect(headers, url).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    expect(headers, url).not.toHaveProperty('access-control-allow-origin')
  }
})

test('the records of these tests hold every field', () => {
  expect(Object.keys(record('good', {})).length).toBeGreaterThan(70)
})
