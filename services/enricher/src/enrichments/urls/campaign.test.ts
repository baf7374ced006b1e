import { describe, expect, test } from 'vitest'
import { CAMPAIGN_NAMES, readCampaign, type Campaign } from './campaign.ts'

describe('campaign', () => {
  test.each<[Record<string, string>, Partial<Campaign>]>([
    [{}, {}],
    [
      { utm_medium: 'email', utm_source: 'letter', utm_term: 't', utm_content: 'c', utm_campaign: 'may' },
      { medium: 'email', source: 'letter', term: 't', content: 'c', campaign: 'may', clickId: null },
    ],
    [{ gclid: 'g1' }, { clickId: 'g1', network: 'Google' }],
    [{ msclkid: 'm1' }, { clickId: 'm1', network: 'Microsoft' }],
    [{ dclid: 'd1' }, { clickId: 'd1', network: 'DoubleClick' }],
    [
      { fbclid: 'f1', gclid: 'g1' },
      { clickId: 'g1', network: 'Google' },
    ],
    ...Object.entries(CAMPAIGN_NAMES.clickIds).map(
      ([name, network]): [Record<string, string>, Partial<Campaign>] => [
        { [name]: 'c1' },
        { clickId: 'c1', network, medium: null, source: null },
      ],
    ),
    // They come with search results that nobody pays for.
    [
      { ysclid: 'y1', srsltid: 's1' },
      { clickId: null, network: null },
    ],
    [{ constructor: 'x' }, { clickId: null, network: null }],
  ])('%j', (parameters, expected) => {
    const campaign = readCampaign(new Map(Object.entries(parameters)), CAMPAIGN_NAMES, [], {
      withClickId: true,
    })
    expect(campaign).toMatchObject(expected)
  })

  test('has no click id where that is not wanted, and tells what is too long', () => {
    const parameters = new Map([
      ['gclid', 'g1'],
      ['utm_source', 'x'.repeat(256)],
    ])
    const faults: { reason: string; place: string }[] = []
    const campaign = readCampaign(parameters, CAMPAIGN_NAMES, faults as never, { withClickId: false })
    expect([campaign.clickId, campaign.network, campaign.source]).toEqual([null, null, null])
    expect(faults).toMatchObject([{ reason: 'field_too_long', place: 'url?utm_source' }])
  })
})
