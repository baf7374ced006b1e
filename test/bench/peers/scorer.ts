// A scorer as a team writes it: a Map of sessions as objects, a handful of features, trees as objects, JSON.
import { createPlainTrees, plainScore } from '../reference.ts'
import { GOOD_TYPE, type PeerGood } from './good.ts'

interface Session {
  n: number
  startedAt: number
  at: number
  actions: Record<string, number>
  pages: Record<string, number>
  products: Set<string>
  categories: Set<string>
  prices: number
  priceMax: number
  medium: string | null
}

const ACTIONS = ['page_view', 'product_view', 'list_view', 'search', 'add_to_cart', 'checkout_step']
const PAGES = ['home', 'list', 'product', 'cart', 'checkout', 'other']
const FEATURES = 40
const trees = createPlainTrees()
const sessions = new Map<string, Session>()

/** Returns the score of an event's session as JSON. */
export function scorePeer(bytes: Buffer): string {
  const good = GOOD_TYPE.fromBuffer(bytes) as PeerGood
  const id = good.session_id ?? good.visitor_id ?? ''
  const now = good.event_time ?? 0
  let session = sessions.get(id)
  if (session === undefined)
    sessions.set(
      id,
      (session = {
        n: 0,
        startedAt: now,
        at: now,
        actions: {},
        pages: {},
        products: new Set(),
        categories: new Set(),
        prices: 0,
        priceMax: 0,
        medium: good.referrer_medium,
      }),
    )
  const gapMs = now - session.at
  session.n++
  session.at = now
  const action = good.action ?? 'custom'
  const page = good.page_kind ?? 'other'
  session.actions[action] = (session.actions[action] ?? 0) + 1
  session.pages[page] = (session.pages[page] ?? 0) + gapMs
  if (good.product_id !== null) session.products.add(good.product_id)
  if (good.category !== null) session.categories.add(good.category)
  session.prices += good.price ?? 0
  session.priceMax = Math.max(session.priceMax, good.price ?? 0)
  const { n } = session
  const counts = ACTIONS.map(name => session.actions[name] ?? 0)
  const hour = new Date(now).getUTCHours()
  const features = [
    ...counts,
    ...counts.map(count => count / n),
    ...PAGES.map(name => session.pages[name] ?? 0),
    ...[n, now - session.startedAt, gapMs, session.products.size, session.categories.size],
    ...[session.prices / n, session.priceMax, good.price ?? 0, hour],
    ...['search', 'social', 'internal'].map(medium => Number(session.medium === medium)),
    ...['desktop', 'mobile'].map(device => Number(good.device === device)),
  ]
  while (features.length < FEATURES) features.push(0)
  const raw = plainScore(trees, features)
  return JSON.stringify({
    session_id: id,
    visitor_id: good.visitor_id,
    n,
    event_id: good.event_id,
    collected_at: good.collected_at,
    event_time: now,
    score: 1 / (1 + Math.exp(-raw)),
    features,
  })
}
