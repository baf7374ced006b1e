import { describe, expect, test } from 'vitest'
import { contexts, goodOf, pageView, unstruct, type ConfigChanges } from '../testing/run.ts'
import type { GoodRecord } from '@sluicebox/event/records'
import type { Rule } from './rule.ts'

const SNOWPLOW = 'iglu:com.snowplowanalytics.snowplow'
const SHOP = 'https://shop.example.com'

function view(path: string, config: ConfigChanges = {}): GoodRecord {
  return goodOf(pageView({ url: path.startsWith('/') ? `${SHOP}${path}` : path }), {}, config)
}

describe('the URL of a page view', () => {
  test.each<[string, string, string, string | null]>([
    ['/', 'home', 'page_view', null],
    ['/index.php', 'home', 'page_view', null],
    ['/de', 'home', 'page_view', null],
    ['/en-gb/', 'home', 'page_view', null],
    ['/product/lamp-7', 'product', 'product_view', 'lamp-7'],
    ['/Products/Lamp-7/', 'product', 'product_view', 'Lamp-7'],
    ['/p/123456', 'product', 'product_view', '123456'],
    ['/dp/B000123', 'product', 'product_view', 'B000123'],
    ['/de/produkt/stehlampe', 'product', 'product_view', 'stehlampe'],
    ['/fr/produits/lampe', 'product', 'product_view', 'lampe'],
    ['/collections/lamps/products/lamp-7', 'product', 'product_view', 'lamp-7'],
    ['/lamps/floor-lamp-p-4711.html', 'product', 'product_view', '4711'],
    ['/12-hanging-lamp.html', 'product', 'product_view', '12'],
    ['/catalog/product/view/id/815/category/3', 'product', 'product_view', '815'],
    ['/product.php?id=7', 'other', 'page_view', null],
    ['/product?id=7', 'product', 'product_view', '7'],
    ['/products/%E7%81%AF', 'product', 'product_view', '灯'],
    ['/products', 'list', 'list_view', null],
    ['/products/category/lamps', 'list', 'list_view', null],
    ['/category/lamps', 'list', 'list_view', null],
    ['/collections/sale', 'list', 'list_view', null],
    ['/kategorie/lampen/stehlampen', 'list', 'list_view', null],
    ['/product-category/lamps/', 'list', 'list_view', null],
    ['/shop', 'list', 'list_view', null],
    ['/new-arrivals', 'list', 'list_view', null],
    ['/search?q=lamp', 'search', 'search', null],
    ['/catalogsearch/result/?q=lamp', 'search', 'search', null],
    ['/suche', 'search', 'search', null],
    ['/s?k=lamp', 'search', 'search', null],
    ['/?s=lamp&post_type=product', 'search', 'search', null],
    ['/cart', 'cart', 'page_view', null],
    ['/warenkorb', 'cart', 'page_view', null],
    ['/panier', 'cart', 'page_view', null],
    ['/checkout/cart', 'cart', 'page_view', null],
    ['/checkout', 'checkout', 'checkout_step', null],
    ['/checkout/onepage', 'checkout', 'checkout_step', null],
    ['/123/checkouts/abc', 'checkout', 'checkout_step', null],
    ['/kasse/adresse', 'checkout', 'checkout_step', null],
    ['/checkout/thank-you', 'confirmation', 'transaction', null],
    ['/123/checkouts/abc/thank_you', 'confirmation', 'transaction', null],
    ['/checkout/onepage/success/', 'confirmation', 'transaction', null],
    ['/checkout/order-received/4711/', 'confirmation', 'transaction', null],
    ['/order-confirmation', 'confirmation', 'transaction', null],
    ['/thank-you', 'confirmation', 'transaction', null],
    ['/danke', 'confirmation', 'transaction', null],
    ['/newsletter/thank-you', 'content', 'page_view', null],
    ['/account/login', 'account', 'page_view', null],
    ['/customer/account', 'account', 'page_view', null],
    ['/mein-konto', 'account', 'page_view', null],
    ['/blog/ten-lamps', 'content', 'page_view', null],
    ['/en/about-us', 'content', 'page_view', null],
    ['/pages/shipping', 'content', 'page_view', null],
    ['/impressum', 'content', 'page_view', null],
    ['/#/products/lamp-7', 'product', 'product_view', 'lamp-7'],
    ['/#!/cart?x=1', 'cart', 'page_view', null],
    ['/#products', 'home', 'page_view', null],
    ['/something/else', 'other', 'page_view', null],
    ['about:blank', 'other', 'page_view', null],
  ])('%s is %s: %s of %s', (path, pageKind, action, productId) => {
    const event = view(path)
    expect([event.page_kind, event.action, event.product_id]).toEqual([pageKind, action, productId])
  })

  test.each([
    ['/search?q=red+lamp&token=secret', 'red lamp'],
    ['/search/lamp', 'lamp'],
    ['/suche?suchbegriff=Lampe', 'Lampe'],
    ['/?s=lamp&post_type=product', 'lamp'],
  ])('%s searches for %s', (path, term) => {
    expect(view(path).search_term).toBe(term)
  })

  test('gives category and order where they stand', () => {
    expect(view('/collections/lamps').category).toBe('lamps')
    expect(view('/checkout/order-received/4711/').order_id).toBe('4711')
  })

  test('names the page for other events too, which keep their names', () => {
    const ping = goodOf(pageView({ e: 'pp', url: `${SHOP}/product/lamp-7` }))
    expect([ping.action, ping.page_kind, ping.product_id]).toEqual(['page_ping', 'product', 'lamp-7'])
  })

  test('that takes long to match is matched in part', () => {
    const path = `${'/a'.repeat(1400)}/product/1`
    expect(view(path)).toMatchObject({ page_kind: 'other' })
  })
})

describe('the e-commerce events of the trackers', () => {
  const ecommerce = `${SNOWPLOW}.ecommerce`
  const entity = (name: string, data: object): object => ({
    schema: `${ecommerce}/${name}/jsonschema/1-0-0`,
    data,
  })
  const product = (id: string): object =>
    entity('product', { id, category: 'lamps', price: 9.5, currency: 'EUR', quantity: 2 })
  const action = (type: string, entities: object[], name?: string): GoodRecord =>
    goodOf(
      pageView({
        e: 'ue',
        url: `${SHOP}/x`,
        ue_pr: unstruct(`${ecommerce}/snowplow_ecommerce_action/jsonschema/1-0-2`, {
          type,
          ...(name === undefined ? {} : { name }),
        }),
        co: contexts(...entities),
      }),
    )

  test.each<[string, object[], Partial<GoodRecord>]>([
    [
      'product_view',
      [product('p-1')],
      { action: 'product_view', page_kind: 'product', product_id: 'p-1', price: 9.5 },
    ],
    [
      'add_to_cart',
      [product('p-1'), entity('cart', { total_value: 19, currency: 'EUR' })],
      {
        action: 'add_to_cart',
        page_kind: 'other',
        product_id: 'p-1',
        category: 'lamps',
        price: 9.5,
        quantity: 2,
        currency: 'EUR',
        revenue: null,
      },
    ],
    ['add_to_cart', [product('p-1'), product('p-2')], { action: 'add_to_cart', product_id: 'p-1' }],
    ['remove_from_cart', [product('p-1')], { action: 'remove_from_cart', product_id: 'p-1' }],
    [
      'list_view',
      [product('p-1'), product('p-2')],
      { action: 'list_view', page_kind: 'list', product_id: null, price: null, category: 'lamps' },
    ],
    ['list_click', [product('p-1')], { action: 'list_click', product_id: 'p-1' }],
    [
      'checkout_step',
      [entity('checkout_step', { step: 1 })],
      { action: 'checkout_step', page_kind: 'checkout' },
    ],
    [
      'transaction',
      [
        entity('transaction', {
          transaction_id: 'o-1',
          revenue: 79,
          currency: 'EUR',
          payment_method: 'card',
          total_quantity: 3,
        }),
        product('p-1'),
        product('p-2'),
      ],
      {
        action: 'transaction',
        page_kind: 'confirmation',
        order_id: 'o-1',
        revenue: 79,
        quantity: 3,
        currency: 'EUR',
        product_id: null,
      },
    ],
    [
      'refund',
      [entity('refund', { transaction_id: 'o-1', refund_amount: 5, currency: 'EUR' })],
      { action: 'refund', order_id: 'o-1', currency: 'EUR', revenue: null },
    ],
    ['trns_error', [], { action: 'transaction_error' }],
  ])('%s', (type, entities, expected) => {
    expect(action(type, entities)).toMatchObject(expected)
  })

  test('a list without products is named by its name', () => {
    expect(action('list_view', [], 'recommended').category).toBe('recommended')
  })

  test.each([
    ['Product page', 'product'],
    ['home', 'home'],
    ['category', 'list'],
    ['search results', 'search'],
    ['basket', 'cart'],
    ['Order Confirmation', 'confirmation'],
    ['something', 'other'],
  ])('the entity that calls its page "%s" says %s', (type, kind) => {
    const event = goodOf(pageView({ url: `${SHOP}/x`, co: contexts(entity('page', { type })) }))
    expect(event.page_kind).toBe(kind)
  })

  test('entities speak of any event', () => {
    const event = goodOf(pageView({ url: `${SHOP}/product/other`, co: contexts(product('p-1')) }))
    expect(event).toMatchObject({ action: 'product_view', product_id: 'p-1', price: 9.5 })
  })
})

describe('other events', () => {
  const struct = (changes: Record<string, unknown>): Record<string, unknown> =>
    pageView({ e: 'se', url: `${SHOP}/x`, ...changes })
  const own = (name: string, version: string, data: object): Record<string, unknown> =>
    pageView({
      e: 'ue',
      url: `${SHOP}/x`,
      ue_pr: unstruct(`${SNOWPLOW}/${name}/jsonschema/${version}`, data),
    })
  test.each<[string, Record<string, unknown>, Partial<GoodRecord>]>([
    ['a link click', own('link_click', '1-0-1', { targetUrl: `${SHOP}/y` }), { action: 'link_click' }],
    [
      'a link that puts into the cart',
      own('link_click', '1-0-1', { targetUrl: `${SHOP}/cart/add/7` }),
      { action: 'add_to_cart' },
    ],
    ['a link to nowhere', own('link_click', '1-0-1', { targetUrl: ':' }), { action: 'link_click' }],
    ['a form', own('submit_form', '1-0-0', { formId: 'f' }), { action: 'form_submit' }],
    [
      'a search',
      own('site_search', '1-0-0', { terms: ['red', 'lamp'] }),
      { action: 'search', search_term: 'red lamp', page_kind: 'search' },
    ],
    [
      'the older cart event',
      own('add_to_cart', '1-0-0', { sku: 'p-1', quantity: 2, unitPrice: 9.5, currency: 'EUR' }),
      { action: 'add_to_cart', product_id: 'p-1', quantity: 2, price: 9.5, currency: 'EUR' },
    ],
    [
      'an order of old',
      pageView({ e: 'tr', tr_id: 'o-1', tr_tt: '79.00', tr_cu: 'EUR' }),
      { action: 'transaction', order_id: 'o-1', revenue: 79, currency: 'EUR' },
    ],
    [
      'an item of old',
      pageView({ e: 'ti', ti_id: 'o-1', ti_sk: 'p-1', ti_ca: 'lamps', ti_pr: '9.50', ti_qu: '2' }),
      {
        action: 'transaction_item',
        order_id: 'o-1',
        product_id: 'p-1',
        category: 'lamps',
        price: 9.5,
        quantity: 2,
      },
    ],
    [
      'add-to-basket',
      struct({ se_ca: 'shop', se_ac: 'add-to-basket', se_la: 'p-1', se_pr: 'pcs', se_va: '2' }),
      { action: 'add_to_cart', product_id: 'p-1', struct_value: 2 },
    ],
    [
      'Add to Cart',
      struct({ se_ca: 'ecommerce', se_ac: 'Add to Cart' }),
      { action: 'add_to_cart', product_id: null },
    ],
    ['addToCart', struct({ se_ac: 'addToCart' }), { action: 'add_to_cart' }],
    [
      'a purchase',
      struct({ se_ac: 'purchase', se_la: 'o-1', se_va: '79.5' }),
      { action: 'transaction', order_id: 'o-1', revenue: 79.5 },
    ],
    [
      'a structured event of your own',
      struct({ se_ca: 'video', se_ac: 'Play it' }),
      { action: 'Play it', event_name: 'event' },
    ],
    ['a structured event with a strange action', struct({ se_ac: 'play/it' }), { action: 'struct' }],
    ['a structured event without action', struct({ se_ca: 'x' }), { action: 'struct' }],
  ])('%s', (_name, event, expected) => {
    expect(goodOf(event)).toMatchObject(expected)
  })
})

describe('rules of a site', () => {
  const rules = (...own: Rule[]): ConfigChanges => ({ rules: own })

  test('come before those that ship, and the first that matches decides', () => {
    const config = rules(
      { when: { path: '/product/gift-card' }, then: { pageKind: 'content' } },
      { when: { path: '/product/:product_id' }, then: { pageKind: 'list', productId: 'path:product_id' } },
    )
    expect(view('/product/gift-card', config)).toMatchObject({ page_kind: 'content', action: 'page_view' })
    expect(view('/product/x', config)).toMatchObject({
      page_kind: 'list',
      action: 'list_view',
      product_id: 'x',
    })
    expect(view('/cart', config).page_kind).toBe('cart')
  })

  test('can be all there are', () => {
    expect(view('/product/x', { defaultRules: false })).toMatchObject({
      page_kind: 'other',
      action: 'page_view',
    })
  })

  test.each<[string, Rule, string, Partial<GoodRecord>]>([
    [
      'a regular expression',
      { when: { pathRegex: '^/art(?<nr>\\d+)$' }, then: { pageKind: 'product', productId: 'path:nr' } },
      '/ART77',
      { product_id: '77' },
    ],
    [
      'a host below',
      { when: { host: 'example.com' }, then: { pageKind: 'home' } },
      '/z',
      { page_kind: 'home' },
    ],
    [
      'another host',
      { when: { host: 'hop.example.com' }, then: { pageKind: 'home' } },
      '/z',
      { page_kind: 'other' },
    ],
    [
      'a parameter',
      { when: { query: { view: '*' } }, then: { pageKind: 'list', category: ['query:none', 'query:View'] } },
      '/z?VIEW=big',
      { page_kind: 'list', category: 'big' },
    ],
    [
      'a parameter with its value',
      { when: { query: { view: 'small' } }, then: { pageKind: 'list' } },
      '/z?view=big',
      { page_kind: 'other' },
    ],
    [
      'a number',
      { when: { path: '/z' }, then: { price: 'query:price', quantity: 'query:x', currency: 'EUR' } },
      '/z?price=9.5&x=many',
      { price: 9.5, quantity: null, currency: 'EUR' },
    ],
    [
      'an action',
      { when: { path: '/z' }, then: { action: 'peek' } },
      '/z',
      { action: 'peek', page_kind: 'other' },
    ],
    [
      'an action that is not a name',
      { when: { path: '/z' }, then: { action: 'query:a' } },
      '/z?a=b/c',
      { action: 'page_view' },
    ],
    [
      'both path and event',
      { when: { event: 'page_view', path: '/z/:x' }, then: { action: 'peek', category: 'path:x' } },
      '/z/1',
      { action: 'peek', category: '1' },
    ],
    [
      'the kind of the page',
      {
        when: { event: ['page_view', 'page_ping'], pageKind: ['cart', 'checkout'] },
        then: { action: 'nearly' },
      },
      '/cart',
      { action: 'nearly', page_kind: 'cart' },
    ],
    [
      'a value that is too long',
      { when: { path: '/z' }, then: { productId: 'query:id', orderId: 'x'.repeat(255) } },
      `/z?id=${'x'.repeat(256)}`,
      { product_id: null, order_id: 'x'.repeat(255) },
    ],
  ])('by %s', (_name, rule, path, expected) => {
    expect(view(path, rules(rule))).toMatchObject(expected)
  })

  test.each<[string, Rule, Partial<GoodRecord>]>([
    [
      'schema and data',
      {
        when: { schema: `${SNOWPLOW}/link*`, data: { elementId: 'buy' } },
        then: { action: 'buy', productId: 'data:elementContent' },
      },
      { action: 'buy', product_id: 'p-7' },
    ],
    [
      'data that differ',
      { when: { event: 'link_click', data: { elementId: 'sell' } }, then: { action: 'sell' } },
      { action: 'link_click' },
    ],
    [
      'data of every object',
      { when: { event: 'link_click' }, then: { action: 'click', category: 'data:constructor' } },
      { action: 'click', category: null },
    ],
    [
      'an entity',
      {
        when: { event: 'link_click' },
        then: { productId: 'entity:com.snowplowanalytics.snowplow/web_page:id' },
      },
      { action: 'link_click', product_id: '10000000-0000-4000-8000-000000000000' },
    ],
    [
      'the target',
      { when: { target: '/go/:where' }, then: { pageKind: 'content' } },
      { page_kind: 'content' },
    ],
  ])('of events: %s', (_name, rule, expected) => {
    const click = { targetUrl: 'https://x.example/go/there', elementId: 'buy', elementContent: 'p-7' }
    const event = pageView({
      e: 'ue',
      url: `${SHOP}/z`,
      ue_pr: unstruct(`${SNOWPLOW}/link_click/jsonschema/1-0-1`, click),
      co: contexts({
        schema: `${SNOWPLOW}/web_page/jsonschema/1-0-0`,
        data: { id: '10000000-0000-4000-8000-000000000000' },
      }),
    })
    expect(goodOf(event, {}, rules(rule))).toMatchObject(expected)
  })

  test('of structured events read their parts', () => {
    const rule: Rule = {
      when: { structCategory: 'Video Player', structAction: ['play', 'pause'] },
      then: {
        action: 'watch',
        productId: 'struct:label',
        category: 'struct:property',
        quantity: 'struct:value',
      },
    }
    const event = pageView({
      e: 'se',
      se_ca: 'video-player',
      se_ac: 'PLAY',
      se_la: 'l',
      se_pr: 'p',
      se_va: '3',
    })
    expect(goodOf(event, {}, rules(rule))).toMatchObject({
      action: 'watch',
      product_id: 'l',
      category: 'p',
      quantity: 3,
    })
  })
})
