import { parameterList } from '@sluicebox/protocol/url-filter'
import { describe, expect, test } from 'vitest'
import { CAMPAIGN_NAMES, type Campaign } from './campaign.ts'
import { KEPT_PARAMETERS } from './kept-parameters.ts'
import { readPage } from './page.ts'

describe('page', () => {
  const options = {
    keep: parameterList(KEPT_PARAMETERS),
    campaign: CAMPAIGN_NAMES,
    withClickId: true,
  }
  test('drops what may not be kept, and reads the campaign before', () => {
    const page = readPage('https://me:pw@Shop.example.com/a?email=x@y.z&utm_source=mail&gclid=1#tab', options)
    expect(page).toMatchObject({
      faults: undefined,
      url: 'https://shop.example.com/a?utm_source=mail&gclid=1#tab',
      host: 'shop.example.com',
      path: '/a',
      query: 'utm_source=mail&gclid=1',
      fragment: 'tab',
      campaign: { source: 'mail', clickId: '1' },
    })
  })

  test.each<[string, Partial<Campaign>, string]>([
    [
      'https://a.example/?a=1&amp;utm_source=mail&amp;gclid=g1',
      { source: 'mail', clickId: 'g1', network: 'Google' },
      'https://a.example/?utm_source=mail&gclid=g1',
    ],
    ['https://a.example/#utm_source=mail', { source: 'mail' }, 'https://a.example/#utm_source=mail'],
    [
      'https://a.example/#/cart?utm_source=mail&email=x@y.example',
      { source: 'mail' },
      'https://a.example/#/cart?utm_source=mail',
    ],
    [
      'https://a.example/#!/cart?ScCid=s1',
      { clickId: 's1', network: 'Snapchat' },
      'https://a.example/#!/cart?ScCid=s1',
    ],
    [
      'https://a.example/?utm_source=query#/?utm_source=fragment&utm_medium=cpc',
      { source: 'query', medium: 'cpc' },
      'https://a.example/?utm_source=query#/?utm_source=fragment&utm_medium=cpc',
    ],
  ])('the campaign of %s', (url, campaign, kept) => {
    expect(readPage(url, options)).toMatchObject({ faults: undefined, url: kept, campaign })
  })

  test.each([
    ['no-url', 'field_invalid'],
    [`https://a.example/${'x'.repeat(3001)}`, 'field_too_long'],
    [`https://a.example/?x=${'x'.repeat(6001)}`, 'field_too_long'],
    [`https://a.example/#${'x'.repeat(3001)}`, 'field_too_long'],
    [`https://${'x'.repeat(256)}/`, 'field_too_long'],
    [`${'x'.repeat(17)}://a.example/`, 'field_too_long'],
  ])('%s is bad', (url, reason) => {
    expect(readPage(url, options).faults).toMatchObject([{ reason, place: 'url' }])
  })

  test('the parameter that carries a visitor’s id from another site is not kept', () => {
    expect(readPage('https://a.example/?_sp=visitor.123&q=1', options).url).toBe('https://a.example/?q=1')
  })
})
