import { describe, expect, test } from 'vitest'
import { contexts, goodOf, pageView, unstruct, type ConfigChanges } from '../testing/run.ts'
import type { GoodRecord } from '@sluicebox/event/records'
import type { Rule } from './rule.ts'

const SNOWPLOW = 'iglu:com.snowplowanalytics.snowplow'
const SHOP = 'https://shop.example.com'
function view(path: string, config: ConfigChanges = {}): GoodRecord {
  return goodOf(pageView({ url: path.startsWith('/') ? `${SHOP}${path}` : path }), {}, config)
}

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
