// The current browser tracker with every plugin that installs beside it, in a real browser: what they send by default is
// good, and read.
import { createServer, type Server } from 'node:http'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GoodRecord } from '@sluicebox/event/records'
import { chromiumPath, eventually, json, ROOT, skipsBrowser, temporaryDir, up, type Up } from './sluicebox.ts'
import { CALLS, PLUGINS, SHOP } from './plugin-calls.ts'

const PACKAGES = join(ROOT, 'node_modules/@snowplow')
const SCRIPTS = [
  'browser-tracker/dist/index.umd.min.js',
  ...PLUGINS.map(name => `browser-plugin-${name}/dist/index.umd.min.js`),
]

const removals: (() => void)[] = []
let data: string
let pipeline: Up
let shop: Server
let browser: Browser | undefined
let good: readonly GoodRecord[] = []

describe.skipIf(skipsBrowser)('the browser tracker with all its plugins', () => {
  beforeAll(async () => {
    data = temporaryDir(remove => removals.push(remove))
    pipeline = await up(data)
    shop = createServer((req, res) => {
      const script = SCRIPTS.find(name => req.url === `/${name}`)
      if (script === undefined) res.writeHead(200, { 'content-type': 'text/html' }).end(SHOP(SCRIPTS))
      else res.writeHead(200, { 'content-type': 'text/javascript' }).end(readFileSync(join(PACKAGES, script)))
    })
    await new Promise<void>(resume => shop.listen(0, '127.0.0.1', resume))
    browser = await chromium.launch({
      executablePath: chromiumPath ?? 'chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
    })
    const origin = `http://localhost:${(shop.address() as AddressInfo).port}`
    const context = await browser.newContext({
      permissions: ['geolocation'],
      geolocation: { latitude: 52.5, longitude: 13.4 },
    })
    const page = await context.newPage()
    await page.goto(`${origin}/product/lamp-7`)
    await page.evaluate(CALLS(pipeline.url))
    await page.click('#buy')
    await page.fill('#mail', 'someone')
    await page.click('#send')
    await page.click('#link')
    await page.evaluate('void snowplowBrowserTracking.trackStructEvent({ category: "test", action: "last" })')
    good = await eventually(async () => {
      const events = await json<GoodRecord>('tail', 'good', '--data', data)
      return events.some(event => event.struct_action === 'last') ? events : undefined
    })
  })

  afterAll(async () => {
    await browser?.close()
    shop.close()
    expect(await pipeline.stop()).toBe(0)
    for (const remove of removals) remove()
  })

  test('all that they send by default is good, and a schema vouches for every part of it', async () => {
    const bad = await json<{ message: string }>('tail', 'bad', '--data', data)
    expect(bad.map(({ message }) => message)).toEqual([])
    expect(good.flatMap(({ notes }) => notes)).toEqual([])
    expect(good.length).toBeGreaterThan(70)
  })

  test('events of every plugin came', () => {
    const names = new Set(good.map(event => event.event_name))
    const missing = EVENTS.filter(name => !names.has(name))
    expect(missing).toEqual([])
  })

  test('entities of every plugin came', () => {
    const sent = new Set(good.flatMap(({ contexts }) => contexts?.match(/(?<=iglu:)[^/]+\/[^/]+/g) ?? []))
    const missing = ENTITIES.filter(name => !sent.has(name))
    expect(missing).toEqual([])
  })

  test.each<[string, string, Partial<GoodRecord>]>([
    ['GA', 'list_click', { product_id: 'ga-1', category: 'lamps', price: 9.5, quantity: 2, currency: 'EUR' }],
    ['GA', 'product_view', { product_id: 'ga-1', page_kind: 'product', revenue: null }],
    ['GA', 'add_to_cart', { product_id: 'ga-1', price: 9.5, quantity: 2, currency: 'EUR', order_id: null }],
    ['GA', 'remove_from_cart', { product_id: 'ga-1', quantity: 2 }],
    ['GA', 'checkout_step', { revenue: null, order_id: null }],
    ['GA', 'transaction', { order_id: 'ga-o-1', revenue: 19, quantity: 2, currency: 'EUR' }],
    ['GA', 'refund', { order_id: 'ga-o-1', revenue: null }],
    ['GA', 'promo_click', { revenue: null }],
    ['shop', 'product_view', { product_id: 'p-1', category: 'lamps/red', price: 9.5, currency: 'EUR' }],
    ['shop', 'list_view', { category: 'lamps/red' }],
    ['shop', 'list_click', { product_id: 'p-1' }],
    ['shop', 'add_to_cart', { product_id: 'p-1', price: 9.5, quantity: 2, currency: 'EUR' }],
    ['shop', 'remove_from_cart', { product_id: 'p-1' }],
    ['shop', 'transaction', { order_id: 'o-2', revenue: 19, quantity: 2, currency: 'EUR' }],
    ['shop', 'refund', { order_id: 'o-2', revenue: null }],
    ['shop', 'transaction_error', { order_id: 'o-2', revenue: null }],
    [
      'old',
      'add_to_cart',
      { product_id: 'lamp-1', category: 'lamps', price: 9.5, quantity: 1, currency: 'EUR' },
    ],
    ['old', 'transaction', { order_id: 'o-1', revenue: 19, currency: 'EUR' }],
    ['old', 'transaction_item', { product_id: 'lamp-7', price: 9.5, quantity: 2, order_id: 'o-1' }],
    ['site', 'search', { search_term: 'lamp red' }],
    ['media', 'media_play', { revenue: null }],
    ['media', 'media_progress', { event_name: 'percent_progress_event' }],
    ['media', 'media_end', { event_name: 'end_event' }],
    ['page', 'product_view', { event_name: 'page_view', page_kind: 'product', page_title: 'Lamp' }],
  ])('%s: %s has its columns', (source, action, expected) => {
    const event = good.find(each => each.action === action && SOURCES[source]?.test(each.event_schema ?? ''))
    expect(event).toMatchObject(expected)
    expect(event).toMatchObject({ app_id: 'plugins', platform: 'web', page_path: '/product/lamp-7' })
  })
})

/** Which plugin an event is of, by its schema. */
const SOURCES: Readonly<Record<string, RegExp>> = {
  GA: /enhanced-ecommerce/,
  shop: /snowplow_ecommerce_action/,
  old: /\.snowplow\/(add_to_cart|transaction|transaction_item)\//,
  site: /site_search/,
  media: /\.media\//,
  page: /page_view/,
}

const EVENTS = [
  ...['page_view', 'page_ping', 'event', 'ad_impression', 'ad_click', 'ad_conversion', 'consent_granted'],
  ...[
    'consent_withdrawn',
    'social_interaction',
    'site_search',
    'timing',
    'application_error',
    'button_click',
  ],
  ...['link_click', 'screen_view', 'screen_end', 'transaction', 'transaction_item', 'add_to_cart'],
  ...['remove_from_cart', 'action', 'snowplow_ecommerce_action', 'focus_form', 'change_form', 'submit_form'],
  ...['create_element', 'expose_element', 'obscure_element', 'destroy_element', 'play_event', 'end_event'],
]

const SNOWPLOW = 'com.snowplowanalytics.snowplow'
const ENTITIES = [
  ...['web_page', 'browser_context', 'client_session', 'gdpr', 'consent_document', 'geolocation_context'],
  ...['media_player', 'element', 'element_content', 'element_statistics', 'component_parents'],
]
  .map(name => `${SNOWPLOW}/${name}`)
  .concat([
    ...[`${SNOWPLOW}.media/session`, `${SNOWPLOW}.media/ad`, `${SNOWPLOW}.media/ad_break`],
    ...['com.google.analytics/cookies', 'com.google.ga4/cookies', 'org.ietf/http_client_hints'],
    ...[
      'org.w3/PerformanceTiming',
      'org.w3/PerformanceNavigationTiming',
      'com.snowplowanalytics.mobile/screen',
    ],
    'com.snowplowanalytics.mobile/screen_summary',
  ])
