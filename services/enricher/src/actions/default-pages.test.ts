import { describe, expect, test } from 'vitest'
import { goodOf, pageView, type ConfigChanges } from '../testing/run.ts'
import type { GoodRecord } from '@sluicebox/event/records'

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
