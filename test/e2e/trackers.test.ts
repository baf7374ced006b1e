// Real trackers, real browser: what sites already run must be collected, enriched and scored as it is.
import { createServer, type Server } from 'node:http'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buildPageView, buildSelfDescribingEvent, newTracker } from '@snowplow/node-tracker'
import { chromium, type Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { chromiumPath, eventually, json, ROOT, skipsBrowser, temporaryDir, up, type Up } from './sluicebox.ts'

interface Good {
  readonly event_id: string
  readonly event_name: string
  readonly action: string
  readonly page_kind: string
  readonly session_id: string | null
  readonly product_id: string | null
  readonly price: number | null
  readonly revenue: number | null
  readonly tracker: string
  readonly domain_user_id: string | null
  readonly network_user_id: string | null
  readonly ip: string | null
  readonly contexts: string | null
}

const TRACKER = readFileSync(
  join(ROOT, 'node_modules/@snowplow/browser-tracker/dist/index.umd.min.js'),
  'utf8',
)
const ECOMMERCE = 'iglu:com.snowplowanalytics.snowplow.ecommerce'

const removals: (() => void)[] = []
let data: string
let pipeline: Up
let shop: Server
let shopUrl: string
let browser: Browser | undefined

beforeAll(async () => {
  data = temporaryDir(remove => removals.push(remove))
  pipeline = await up(data)
  shop = createServer((req, res) => {
    if (req.url === '/tracker.js') {
      res.writeHead(200, { 'content-type': 'text/javascript' }).end(TRACKER)
      return
    }
    res.writeHead(200, { 'content-type': 'text/html' })
    res.end('<!doctype html><title>Shop</title><script src="/tracker.js"></script><h1>Shop</h1>')
  })
  await new Promise<void>(resume => shop.listen(0, '127.0.0.1', resume))
  shopUrl = `http://localhost:${(shop.address() as AddressInfo).port}`
  if (skipsBrowser) return
  browser = await chromium.launch({
    executablePath: chromiumPath ?? 'chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  })
})

afterAll(async () => {
  await browser?.close()
  shop.close()
  expect(await pipeline.stop()).toBe(0)
  for (const remove of removals) remove()
})

/** The good events of a session, once there are as many as expected. */
async function goodOf(matches: (event: Good) => boolean, count: number): Promise<Good[]> {
  return eventually(async () => {
    const events = (await json<Good>('tail', 'good', '--data', data)).filter(matches)
    return events.length >= count ? events : undefined
  })
}

async function openShop(
  options: object,
): Promise<{ run: (script: string) => Promise<void>; sessionId: () => Promise<string> }> {
  if (browser === undefined) throw new TypeError('there is no browser')
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  const page = await context.newPage()
  await page.goto(`${shopUrl}/product/lamp-7`)
  const run = async (script: string): Promise<void> => {
    await page.evaluate(script)
  }
  await run(
    `window.t = snowplowBrowserTracking; t.newTracker('sp1', ${JSON.stringify(pipeline.url)}, ${JSON.stringify({ appId: 'shop', ...options })}); void 0`,
  )
  const sessionId = async (): Promise<string> =>
    page.evaluate(
      `new Promise(resolve => { const cookie = document.cookie.split('; ').find(c => c.startsWith('_sp_id')); resolve(cookie ? cookie.split('=')[1].split('.')[5] : '') })`,
    )
  return { run, sessionId }
}

const BUY = `
  t.trackPageView();
  t.trackSelfDescribingEvent({
    event: { schema: '${ECOMMERCE}/snowplow_ecommerce_action/jsonschema/1-0-2', data: { type: 'add_to_cart' } },
    context: [
      { schema: '${ECOMMERCE}/product/jsonschema/1-0-0', data: { id: 'lamp-7', category: 'lamps', price: 39.5, currency: 'EUR', quantity: 2 } },
      { schema: '${ECOMMERCE}/cart/jsonschema/1-0-0', data: { total_value: 79, currency: 'EUR' } },
    ],
  });
  t.trackSelfDescribingEvent({
    event: { schema: '${ECOMMERCE}/snowplow_ecommerce_action/jsonschema/1-0-2', data: { type: 'transaction' } },
    context: [{ schema: '${ECOMMERCE}/transaction/jsonschema/1-0-0', data: { transaction_id: 'o-1', revenue: 79, currency: 'EUR', total_quantity: 2, payment_method: 'card' } }],
  });
  void 0`

describe.skipIf(skipsBrowser)('the browser tracker', () => {
  test.each([
    ['by POST, one event a request', { eventMethod: 'post', bufferSize: 1 }],
    [
      'by POST, with all default entities',
      { eventMethod: 'post', contexts: { webPage: true, session: true, browser: true } },
    ],
    ['by POST, base64', { eventMethod: 'post', encodeBase64: true }],
    ['by GET', { eventMethod: 'get' }],
  ])('%s: a session from view to purchase', async (_name, options) => {
    const page = await openShop(options)
    await page.run(BUY)
    const sessionId = await page.sessionId()
    expect(sessionId).toMatch(/^[0-9a-f-]{36}$/)

    const events = await goodOf(event => event.session_id === sessionId, 3)
    const byAction = new Map(events.map(event => [event.action, event]))
    expect([...byAction.keys()].toSorted()).toEqual(['add_to_cart', 'product_view', 'transaction'])
    expect(byAction.get('product_view')).toMatchObject({ event_name: 'page_view', page_kind: 'product' })
    expect(byAction.get('add_to_cart')).toMatchObject({ product_id: 'lamp-7', price: 39.5 })
    expect(byAction.get('transaction')).toMatchObject({ revenue: 79 })
    for (const event of events) {
      expect(event.tracker).toMatch(/^js-4/)
      expect(event.domain_user_id).toMatch(/^[0-9a-f-]{36}$/)
      expect(event.ip).toBe('127.0.0.0')
      expect(event.contexts).toContain('web_page')
    }

    // What came before the goal was scored; the goal itself is the label and causes no score.
    const scored = await eventually(async () => {
      const scores = (
        await json<{ session_id: string; n: number; action: string; probability: number | null }>(
          'tail',
          'scored',
          '--data',
          data,
        )
      ).filter(score => score.session_id === sessionId)
      return scores.length >= 2 ? scores : undefined
    })
    expect(scored.map(score => score.n)).toEqual([1, 2])
    expect(scored.map(score => score.action)).not.toContain('transaction')
    expect(scored.every(score => (score.probability ?? -1) >= 0)).toBe(true)
  })

  test('with server anonymisation: no cookie, no address, no ids', async () => {
    const page = await openShop({ anonymousTracking: { withServerAnonymisation: true } })
    await page.run(`t.trackStructEvent({ category: 'anonymous', action: 'wave' }); void 0`)
    const [event] = await goodOf(other => other.event_name === 'event', 1)
    expect(event).toMatchObject({ ip: 'unknown', domain_user_id: null, session_id: null })
    expect(event?.network_user_id ?? '00000000-0000-0000-0000-000000000000').toBe(
      '00000000-0000-0000-0000-000000000000',
    )
  })
})

test('the Node tracker', async () => {
  const { hostname, port } = new URL(pipeline.url)
  const tracker = newTracker(
    { namespace: 'node', appId: 'backend' },
    { endpoint: hostname, port: Number(port), protocol: 'http', bufferSize: 1 },
  )
  tracker.setDomainUserId('d0000000-0000-4000-8000-000000000001')
  tracker.setSessionId('50000000-0000-4000-8000-000000000001')
  tracker.track(buildPageView({ pageUrl: 'https://shop.example.com/cart', pageTitle: 'Cart' }))
  tracker.track(
    buildSelfDescribingEvent({
      event: {
        schema: 'iglu:com.snowplowanalytics.snowplow/link_click/jsonschema/1-0-1',
        data: { targetUrl: 'https://shop.example.com/checkout' },
      },
    }),
  )
  await tracker.flush()
  const events = await goodOf(event => event.tracker.startsWith('node-'), 2)
  expect(events.map(event => event.action).toSorted()).toEqual(['link_click', 'page_view'])
  expect(events.every(event => event.session_id === '50000000-0000-4000-8000-000000000001')).toBe(true)
})

test('nothing of it was bad', async () => {
  expect(await json('tail', 'bad', '--data', data)).toEqual([])
})
