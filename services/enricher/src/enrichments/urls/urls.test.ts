import fc from 'fast-check'
import { expect, test } from 'vitest'
import { goodOf, pageView, testConfig } from '../../testing/run.ts'
import { PERSONAL_PARAMETERS } from './kept-parameters.ts'

// The URLs of an event, from what was sent to the columns of good.

test('a sign-in or payment provider is internal, and has a name', () => {
  const event = pageView({ refr: 'https://www.paypal.com/checkoutnow?token=EC-1' })
  expect(goodOf(event)).toMatchObject({
    referrer_medium: 'internal',
    referrer_source: 'PayPal',
    page_referrer: 'https://www.paypal.com/checkoutnow',
  })
})

test('hosts are compared as DNS has them', () => {
  const url = 'https://BÜCHER.example:443/'
  const refr = 'https://www.xn--bcher-kva.example./a'
  expect(goodOf(pageView({ url, refr }))).toMatchObject({
    page_url: 'https://xn--bcher-kva.example/',
    page_host: 'xn--bcher-kva.example',
    referrer_host: 'www.xn--bcher-kva.example',
    referrer_medium: 'internal',
  })
  const other = pageView({ url: 'https://a.example/', refr })
  expect(goodOf(other).referrer_medium).toBe('unknown')
  expect(goodOf(other, {}, { internalHosts: ['Bücher.example'] }).referrer_medium).toBe('internal')
})

test('of an anonymous visitor no click id is kept, wherever it is in a URL', () => {
  const names = [...PERSONAL_PARAMETERS, 'MSCLKID', 'ScCid', 'clk']
  const places = fc.constantFrom('?', '?a=1&', '?a=1&amp;', '#', '#/cart?', '#!/cart?a=1&', '#/cart;')
  const campaign = { ...testConfig().campaign, clickIds: { CLK: 'Acme' } }
  fc.assert(
    fc.property(fc.constantFrom(...names), places, fc.boolean(), (name, place, isReferrer) => {
      const link = `https://shop.example.com/${place}${name}=click-1&utm_source=mail`
      const event = pageView(isReferrer ? { refr: link } : { url: link })
      const good = goodOf(event, { privacy: 'anonymous' }, { keptParameters: ['*'], campaign })
      const { event_fingerprint: _hash, ...columns } = good
      expect(JSON.stringify(columns)).not.toContain('click-1')
      expect(good[isReferrer ? 'page_referrer' : 'page_url']).toContain('utm_source=mail')
      expect(isReferrer ? 'mail' : good.mkt_source).toBe('mail')
    }),
  )
})
