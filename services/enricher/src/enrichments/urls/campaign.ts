import type { Fault } from '@sluicebox/protocol/sent-event'
import type { Columns } from '../columns.ts'
import type { Parameters } from './parameters.ts'

/** What the parameters of a landing page's URL tell about the advertisement that led there. */
export interface Campaign {
  readonly medium: string | null
  readonly source: string | null
  readonly term: string | null
  readonly content: string | null
  readonly campaign: string | null
  readonly clickId: string | null
  /** The network that gave the click id. */
  readonly network: string | null
}

/** The parameters of each field; the first name that is present wins. */
export interface CampaignNames {
  readonly medium: readonly string[]
  readonly source: readonly string[]
  readonly term: readonly string[]
  readonly content: readonly string[]
  readonly campaign: readonly string[]
  /** The network of each parameter. */
  readonly clickIds: Readonly<Record<string, string>>
}

export const CAMPAIGN_NAMES: CampaignNames = {
  medium: ['utm_medium'],
  source: ['utm_source'],
  term: ['utm_term'],
  content: ['utm_content'],
  campaign: ['utm_campaign'],
  // ysclid (Yandex) and srsltid (Google) are left out: they come only with unpaid search results.
  clickIds: {
    gclid: 'Google',
    gbraid: 'Google',
    wbraid: 'Google',
    dclid: 'DoubleClick',
    msclkid: 'Microsoft',
    fbclid: 'Meta',
    ttclid: 'TikTok',
    twclid: 'X',
    li_fat_id: 'LinkedIn',
    epik: 'Pinterest',
    sccid: 'Snapchat',
    rdt_cid: 'Reddit',
    qclid: 'Quora',
    ndclid: 'Nextdoor',
    yclid: 'Yandex',
    rb_clickid: 'VK',
    ko_click_id: 'Kakao',
    ldtag_cl: 'LINE',
    vmcid: 'Yahoo',
    ef_id: 'Adobe',
    tblci: 'Taboola',
    dicbo: 'Outbrain',
    obclid: 'Outbrain',
    auctid: 'Teads',
    irclickid: 'Impact',
    awc: 'Awin',
    cjevent: 'Commission Junction',
    ransiteid: 'Rakuten Advertising',
    tduid: 'Tradedoubler',
  },
}

const LENGTHS = { medium: 255, source: 255, term: 255, content: 500, campaign: 255, clickId: 1000 }

export const NO_CAMPAIGN: Campaign = {
  medium: null,
  source: null,
  term: null,
  content: null,
  campaign: null,
  clickId: null,
  network: null,
}

/** Reads the campaign from a URL's parameters. Values that are too long are left out: minor faults of the page's URL. */
export function readCampaign(
  parameters: Parameters,
  names: CampaignNames,
  faults: Fault[],
  { withClickId }: { withClickId: boolean },
): Campaign {
  if (parameters.size === 0) return NO_CAMPAIGN
  const read = (key: keyof typeof LENGTHS, candidates: readonly string[]): string | null => {
    const name = candidates.find(candidate => parameters.has(candidate))
    if (name === undefined) return null
    const value = parameters.get(name) as string
    if (value.length <= LENGTHS[key]) return value
    faults.push({
      reason: 'field_too_long',
      place: `url?${name}`,
      text: `is ${value.length} characters long; ${LENGTHS[key]} are allowed`,
      isMinor: true,
    })
    return null
  }
  const clickName = withClickId
    ? Object.keys(names.clickIds).find(candidate => parameters.has(candidate))
    : undefined
  return {
    medium: read('medium', names.medium),
    source: read('source', names.source),
    term: read('term', names.term),
    content: read('content', names.content),
    campaign: read('campaign', names.campaign),
    clickId: clickName === undefined ? null : read('clickId', [clickName]),
    network: clickName === undefined ? null : (names.clickIds[clickName] ?? null),
  }
}

type CampaignColumns =
  'mkt_medium' | 'mkt_source' | 'mkt_term' | 'mkt_content' | 'mkt_campaign' | 'mkt_click_id' | 'mkt_network'

/** Sets the columns of the campaign that led to the page. */
export function setCampaign(
  good: Columns<CampaignColumns>,
  { page: { campaign } }: { readonly page: { readonly campaign: Campaign } },
): void {
  good.mkt_medium = campaign.medium
  good.mkt_source = campaign.source
  good.mkt_term = campaign.term
  good.mkt_content = campaign.content
  good.mkt_campaign = campaign.campaign
  good.mkt_click_id = campaign.clickId
  good.mkt_network = campaign.network
}
