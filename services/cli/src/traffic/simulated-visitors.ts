// Simulated visitors. Every event says `simulated: true`, so that it is never mistaken for a real one and
// never trained on unless asked for.

import { createRandom, type Random } from '@sluicebox/event/random'

interface Product {
  readonly id: string
  readonly category: string
  readonly price: number
}

const CATEGORIES = ['shoes', 'jackets', 'books', 'lamps', 'kitchen', 'toys']
const REFERRERS = [
  undefined,
  'https://www.google.com/',
  'https://www.instagram.com/',
  'https://news.example.org/',
]
const USER_AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:144.0) Gecko/20100101 Firefox/144.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36',
]
const SHOP = 'https://shop.example.com'

export interface SimulatedEvent {
  readonly action: string
  readonly [field: string]: unknown
}

/**
 * One visitor's session, event by event. A visitor has a hidden intent; the higher it is the longer the visit, the more
 * often a product is looked at again and put into the cart, and the likelier the purchase. So there is something to learn.
 */
export function* simulateSession(random: Random): Generator<SimulatedEvent> {
  const intent = random.next() ** 2
  const visitor = uuid(random)
  const session = uuid(random)
  const referrer = random.pick(REFERRERS)
  const userAgent = random.pick(USER_AGENTS)
  const favourite = random.pick(CATEGORIES)
  const cart: Product[] = []
  let last: Product | undefined

  const event = (action: string, path: string, more: object = {}): SimulatedEvent => ({
    event_id: uuid(random),
    action,
    visitor_id: visitor,
    session_id: session,
    app_id: 'simulated-shop',
    platform: 'web',
    user_agent: userAgent,
    simulated: true,
    page: { url: `${SHOP}${path}`, ...(referrer === undefined ? {} : { referrer }) },
    ...more,
  })

  yield event('page_view', '/')
  const steps = 1 + random.below(4 + intent * 16)
  for (let step = 0; step < steps; step++) {
    const choice = random.next()
    if (choice < 0.2) yield event('list_view', `/category/${favourite}`, { product: { category: favourite } })
    else if (choice < 0.3) yield event('search', `/search?q=${favourite}`, { search_term: favourite })
    else if (last !== undefined && choice < 0.35 + intent * 0.3) {
      cart.push(last)
      yield event('add_to_cart', `/product/${last.id}`, { product: { ...last, quantity: 1 } })
    } else {
      // Serious visitors come back to what they saw.
      if (last === undefined || random.next() > intent * 0.5) last = product(random, favourite)
      yield event('product_view', `/product/${last.id}`, { product: last })
    }
  }
  if (cart.length === 0) return
  yield event('page_view', '/cart')
  if (random.next() > 0.3 + intent * 0.5) return
  yield event('checkout_step', '/checkout/address')
  if (random.next() > 0.5 + intent * 0.5) return
  const revenue = Math.round(cart.reduce((sum, item) => sum + item.price, 0) * 100) / 100
  yield event('transaction', '/checkout/thank-you', {
    transaction: { id: uuid(random), revenue, currency: 'EUR' },
  })
}

/**
 * Events of many visitors at once, as a site sees them: `concurrent` sessions continue side by side until `sessions`
 * of them were made.
 */
export function* simulate(options: {
  sessions: number
  seed: number
  concurrent?: number
}): Generator<SimulatedEvent> {
  const random = createRandom(options.seed)
  const open: Generator<SimulatedEvent>[] = []
  let begun = 0
  for (;;) {
    while (begun < options.sessions && open.length < (options.concurrent ?? 20)) {
      open.push(simulateSession(random))
      begun++
    }
    if (open.length === 0) return
    const index = random.below(open.length)
    const next = (open[index] as Generator<SimulatedEvent>).next()
    if (next.done === true) open.splice(index, 1)
    else yield next.value
  }
}

function product(random: Random, favourite: string): Product {
  const category = random.next() < 0.7 ? favourite : random.pick(CATEGORIES)
  const number = random.below(40)
  return { id: `${category}-${number}`, category, price: 9.99 + number * 3 }
}

function uuid(random: Random): string {
  let hex = ''
  for (let i = 0; i < 4; i++)
    hex += random
      .below(2 ** 32)
      .toString(16)
      .padStart(8, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
