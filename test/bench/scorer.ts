import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { blankGood } from '@sluicebox/event/blank'
import { asCollectedTime, correctTime } from '@sluicebox/event/instants'
import type { GoodRecord } from '@sluicebox/event/records'
import { createModel } from '@sluicebox/model/runtimes/create-model'
import type { Tree } from '@sluicebox/model/parameters/parameters'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import { createScorer } from '@sluicebox/scorer/scorer'
import type { ScoringBundle } from '@sluicebox/scorer/scoring-bundle'
import { compileFeatures } from '@sluicebox/session/features/features'
import { SESSION_FIELDS, type SessionEvent } from '@sluicebox/session/session-event'
import { SESSION_POLICY } from '@sluicebox/session/sessions/policy'
import { createSessions, type Sessions } from '@sluicebox/session/sessions/sessions'
import { parseFeatures } from '@sluicebox/session/features/spec'
import type { Batch } from '@sluicebox/stream/log'
import { sessionsReference, snapshotReference, turnReference } from './reference.ts'
import type { Row } from './row.ts'

// Good records to scored records: Avro, sessions, 40 features, 200 trees of depth 6 with reasons, Avro. Events come in
// no order of sessions, so that every one misses the processor's caches.

const BATCH_RECORDS = 500
const EVENTS_PER_ROUND = 50_000
const ROUNDS = 5
const HUNDRED_THOUSAND = 100_000
const MILLION = 1_000_000
const EVENTS_PER_SESSION = 5
const START = Date.UTC(2026, 10, 20, 12)
/** Of the references. */
const SCORER = 0.4
const TURN = 6
const SNAPSHOT = 4

const ACTIONS = [
  'page_view',
  'page_ping',
  'list_view',
  'product_view',
  'search',
  'add_to_cart',
  'checkout_step',
]
const PAGE_KINDS = ['home', 'list', 'product', 'search', 'cart', 'checkout', 'content']
const CATEGORIES = ['shoes/running', 'shoes/trail', 'shirts', 'bags', 'hats']
const MEDIA = ['search', 'social', 'internal', 'email', null]

/** Forty features, of every kind. */
const FEATURES = parseFeatures([
  ...['page_view', 'product_view', 'list_view', 'search', 'add_to_cart', 'checkout_step'].flatMap(action => [
    { name: `${action}_count`, kind: 'count', where: { action } },
    { name: `${action}_share`, kind: 'share', where: { action } },
  ]),
  { name: 'events', kind: 'count' },
  { name: 'events_a_minute', kind: 'rate' },
  { name: 'elapsed_seconds', kind: 'elapsed' },
  ...['product_view', 'add_to_cart', 'search'].map(action => ({
    name: `since_${action}_seconds`,
    kind: 'time_since',
    where: { action },
  })),
  ...['mean', 'max', 'last'].map(stat => ({ name: `gap_${stat}_seconds`, kind: 'gap', stat })),
  ...['home', 'list', 'product', 'cart'].map(page_kind => ({
    name: `${page_kind}_seconds`,
    kind: 'dwell',
    where: { page_kind },
  })),
  { name: 'products', kind: 'distinct', of: 'product_id', max: 12 },
  { name: 'product_revisits', kind: 'revisits', of: 'product_id', max: 12 },
  { name: 'categories', kind: 'distinct', of: 'category', max: 6 },
  { name: 'price_mean', kind: 'mean', of: 'price' },
  { name: 'price_max', kind: 'max', of: 'price' },
  { name: 'price_last', kind: 'last', of: 'price' },
  { name: 'from_search', kind: 'first_touch', of: 'referrer_medium', is: 'search' },
  { name: 'from_social', kind: 'first_touch', of: 'referrer_medium', is: 'social' },
  { name: 'device', kind: 'first_touch', of: 'device_type', values: ['desktop', 'mobile', 'tablet'] },
  { name: 'hour', kind: 'calendar', part: 'hour' },
  { name: 'weekend', kind: 'calendar', part: 'weekend' },
  { name: 'latest_action', kind: 'sequence', of: 'action', values: ACTIONS },
  { name: 'action_before', kind: 'sequence', of: 'action', back: 2, values: ACTIONS },
  { name: 'view_to_view', kind: 'transition', of: 'action', from: 'product_view', to: 'product_view' },
  { name: 'view_to_cart', kind: 'transition', of: 'action', from: 'product_view', to: 'add_to_cart' },
])

/** Events per second of processor time, and what a million sessions take. */
export async function benchScorer(): Promise<Row[]> {
  const perSecond = benchStage()
  const { bytes, pauseMs, snapshotMs } = await benchMillion()
  return [
    {
      name: `scorer, ${FEATURES.length} features, 200 trees, reasons, ${HUNDRED_THOUSAND.toLocaleString('en')} live sessions`,
      value: perSecond,
      unit: 'events/CPU-s',
      reference: sessionsReference(),
      target: { min: SCORER },
    },
    {
      name: `memory of a live session, at a million of ${EVENTS_PER_SESSION} events`,
      value: bytes,
      unit: 'bytes',
      target: { max: 400 },
    },
    {
      name: 'longest turn of the event loop while they come and close, processor time',
      value: pauseMs,
      unit: 'ms',
      reference: turnReference(BATCH_RECORDS),
      target: { max: TURN },
    },
    {
      name: 'snapshot of 100,000 of them',
      value: snapshotMs,
      unit: 'ms',
      reference: snapshotReference(),
      target: { max: SNAPSHOT },
    },
  ]
}

function benchStage(): number {
  const scorer = benchedScorer()
  const state = scorer.start(0)
  const encode = folderCodec('good').encode
  const ids = Array.from({ length: HUNDRED_THOUSAND }, uuid)
  const visitors = Array.from({ length: HUNDRED_THOUSAND }, uuid)
  let n = 0
  /** A round has new events each time; what it costs to make them is not measured. */
  const round = (events: number, sessionOf: (i: number) => number): number => {
    const batches: Batch[] = []
    for (let start = 0; start < events; start += BATCH_RECORDS) {
      const records = Array.from({ length: BATCH_RECORDS }, (_, i) => {
        const session = sessionOf(start + i)
        const value = encode(goodRecord(n, ids[session]!, visitors[session]!))
        return { key: visitors[session]!, value, position: BigInt(n++), appendedAt: 0 }
      })
      batches.push({ stream: 'good', partition: 0, records, next: BigInt(n) })
    }
    const before = process.cpuUsage()
    let scored = 0
    for (const batch of batches) scored += scorer.process(state, batch).scored.length
    const { user, system } = process.cpuUsage(before)
    if (scored !== events) throw new Error(`${events} events made ${scored} scores`)
    return events / ((user + system) / 1e6)
  }
  for (let start = 0; start < HUNDRED_THOUSAND; start += EVENTS_PER_ROUND)
    round(EVENTS_PER_ROUND, i => start + i)
  const rounds = Array.from({ length: ROUNDS }, () =>
    round(EVENTS_PER_ROUND, () => Math.floor(Math.random() * HUNDRED_THOUSAND)),
  )
  return rounds.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]!
}

interface MillionFigures {
  readonly bytes: number
  readonly pauseMs: number
  readonly snapshotMs: number
}

/**
 * In a process of its own, so that nothing else is in its memory. The young generation has a fixed size there: what
 * the process takes once must not count as the sessions'.
 */
async function benchMillion(): Promise<MillionFigures> {
  const execArgv = ['--expose-gc', '--min-semi-space-size=16', '--max-semi-space-size=16']
  const child = fork(import.meta.filename, ['million'], { execArgv })
  const [figures] = (await once(child, 'message')) as [MillionFigures]
  return figures
}

async function measureMillion(): Promise<MillionFigures> {
  const program = compileFeatures(FEATURES)
  const policy = { ...SESSION_POLICY, sessionsMax: 2 * MILLION }
  const event = { ...goodRecord(0, uuid(), uuid()) }
  const open = (): Sessions => createSessions({ policy, program })
  let n = 0
  let clock = START
  let longestMs = 0
  /** Each session in turn gets an event, until all have theirs; a turn of the event loop after each batch. */
  const fill = async (sessions: Sessions, from: number, to: number, eventMs = 0.25): Promise<void> => {
    const count = (to - from) * EVENTS_PER_SESSION
    for (let done = 0; done < count; done += BATCH_RECORDS) {
      const before = process.threadCpuUsage()
      for (let i = done; i < done + BATCH_RECORDS; i++)
        sessions.advance(sessionEvent(event, n++, from + (i % (to - from)), (clock += eventMs)), () => {})
      await new Promise(setImmediate)
      const { user, system } = process.threadCpuUsage(before)
      longestMs = Math.max(longestMs, (user + system) / 1_000)
    }
  }
  const residentBytes = (): number => {
    globalThis.gc?.()
    return process.memoryUsage.rss()
  }

  const small = open()
  await fill(small, 0, HUNDRED_THOUSAND)
  const snapshotAt = performance.now()
  open().restore(small.snapshot())
  const snapshotMs = performance.now() - snapshotAt

  const sessions = open()
  await fill(sessions, 0, HUNDRED_THOUSAND)
  const before = residentBytes()
  longestMs = 0
  await fill(sessions, HUNDRED_THOUSAND, MILLION)
  const bytes = (residentBytes() - before) / (MILLION - HUNDRED_THOUSAND)
  // Others come, and the first million close.
  await fill(sessions, MILLION, MILLION + 3 * HUNDRED_THOUSAND, 1.5)
  if (sessions.stats.reopenable !== MILLION) throw new Error(`${sessions.stats.reopenable} sessions closed`)
  return { bytes, pauseMs: longestMs, snapshotMs }
}

/** The same object each time, with the ids of the session and the event. */
function sessionEvent(event: GoodRecord, n: number, session: number, ms: number): SessionEvent {
  const at = asCollectedTime(Math.floor(ms))
  return {
    ...event,
    visitor: `0e37df36-f698-41e6-8dd4-${session.toString(16).padStart(12, '0')}`,
    session_id: `f81d4fae-7dec-41d0-a765-${session.toString(16).padStart(12, '0')}`,
    event_id: `6f0d9c1e-2b3a-4c5d-8e7f-${n.toString(16).padStart(12, '0')}`,
    action: ACTIONS[n % ACTIONS.length]!,
    product_id: `product ${n % 1_013}`,
    collected_at: at,
    event_time: correctTime(null, null, at).eventTime,
  }
}

function benchedScorer(): ReturnType<typeof createScorer> {
  return createScorer({
    bundle: bundle(),
    policy: SESSION_POLICY,
    goodCodec: folderCodec('good', { project: SESSION_FIELDS }),
    scoredCodec: folderCodec('scored'),
    badCodec: folderCodec('bad'),
  })
}

export function bundle(): ScoringBundle {
  const trees = Array.from({ length: 200 }, () => completeTree(6))
  const model = createModel({ kind: 'trees', link: 'logit', baseline: -3, trees }, FEATURES.length)
  return {
    id: randomBytes(32).toString('hex'),
    name: 'bench@1',
    goal: SESSION_POLICY.goal,
    program: compileFeatures(FEATURES),
    model,
    calibrate: model.probability,
    threshold: 0.5,
    reasonsMax: 5,
    notBefore: -Infinity,
    expiresAt: Infinity,
  }
}

function completeTree(depth: number): Tree {
  const inner = 2 ** depth - 1
  const count = 2 * inner + 1
  const isInner = (node: number): boolean => node < inner
  const nodes = Array.from({ length: count }, (_, node) => node)
  return {
    feature: Int32Array.from(nodes, node =>
      isInner(node) ? Math.floor(Math.random() * FEATURES.length) : -1,
    ),
    threshold: Float64Array.from(nodes, () => Math.random() * 3),
    missingLeft: Uint8Array.from(nodes, node => node % 2),
    left: Int32Array.from(nodes, node => (isInner(node) ? 2 * node + 1 : -1)),
    right: Int32Array.from(nodes, node => (isInner(node) ? 2 * node + 2 : -1)),
    value: Float64Array.from(nodes, () => (Math.random() - 0.5) / 10),
  }
}

/** A good record as filled as a page view of a shop is. */
export function goodRecord(n: number, sessionId: string, visitor: string): GoodRecord {
  const collectedAt = asCollectedTime(START + n)
  const action = ACTIONS[n % ACTIONS.length]!
  const isProduct = n % 7 >= 3
  return blankGood({
    source_partition: 0,
    source_position: String(n),
    source_index: 0,
    collected_at: collectedAt,
    event_time: correctTime(null, null, collectedAt).eventTime,
    visitor,
    event_id: uuid(),
    session_id: sessionId,
    session_index: 3,
    action,
    page_kind: PAGE_KINDS[n % PAGE_KINDS.length]!,
    product_id: isProduct ? `shoe-${n % 997}` : null,
    category: isProduct ? CATEGORIES[n % CATEGORIES.length]! : null,
    price: isProduct ? 20 + (n % 90) : null,
    quantity: isProduct ? 1 : null,
    currency: isProduct ? 'EUR' : null,
    page_url: `https://shop.example.com/products/shoe-${n % 997}?utm_source=google`,
    page_title: `Running shoe ${n % 500}, light and fast`,
    page_host: 'shop.example.com',
    page_path: `/products/shoe-${n % 997}`,
    page_query: 'utm_source=google',
    page_referrer: 'https://www.google.com/',
    referrer_host: 'www.google.com',
    referrer_path: '/',
    referrer_medium: MEDIA[n % MEDIA.length]!,
    referrer_source: 'Google',
    mkt_medium: 'cpc',
    mkt_source: 'google',
    mkt_campaign: 'autumn',
    user_agent:
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0',
    browser_name: 'Chrome',
    browser_version: '120.0.0.0',
    os_name: 'Windows',
    os_version: '10',
    device_type: n % 2 === 0 ? 'desktop' : 'mobile',
    ip: '203.0.113.0',
    app_id: 'shop',
    platform: 'web',
    tracker: 'js-4.6.8',
    tracker_namespace: 'sp',
    domain_user_id: visitor,
    network_user_id: visitor,
    event_name: 'page_view',
    event_schema: 'iglu:com.snowplowanalytics.snowplow/page_view/jsonschema/1-0-0',
    contexts: `[{"schema":"iglu:com.snowplowanalytics.snowplow/web_page/jsonschema/1-0-0","data":{"id":"${sessionId}"}}]`,
    language: 'en-US',
    timezone: 'Europe/Berlin',
    viewport_width: 1_280,
    viewport_height: 720,
    screen_width: 1_920,
    screen_height: 1_080,
    document_width: 1_280,
    document_height: 4_000,
    privacy: 'none',
    enricher: 'sluicebox 0.1.0',
  })
}

function uuid(): string {
  const hex = randomBytes(16).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
}

if (process.argv[2] === 'million' && process.argv[1] === import.meta.filename)
  process.send?.(await measureMillion())
