import type { Fault, SentEvent } from '@sluicebox/protocol/sent-event'
import { readCampaign, NO_CAMPAIGN, type Campaign, type CampaignNames } from './campaign.ts'
import type { Columns } from '../columns.ts'
import {
  joinParameters,
  NO_PARAMETERS,
  readUrlFragment,
  readUrlQuery,
  type Parameters,
} from './parameters.ts'
import { joinUrl, splitUrl, type Url } from './url.ts'

/** What the URL of a page tells. */
export interface Page {
  /** Undefined when the URL may be stored. */
  readonly faults: readonly Fault[] | undefined
  /** The URL with the parameters that may be kept. */
  readonly url: string | null
  readonly host: string | null
  readonly path: string | null
  readonly query: string | null
  readonly fragment: string | null
  readonly campaign: Campaign
  /** All parameters of query and fragment. Only rules may use them, because most are not kept. */
  readonly parameters: Parameters
}

const LENGTHS = { scheme: 16, host: 255, path: 3000, query: 6000, fragment: 3000 }

export const NO_PAGE: Page = {
  faults: undefined,
  url: null,
  host: null,
  path: null,
  query: null,
  fragment: null,
  campaign: NO_CAMPAIGN,
  parameters: NO_PARAMETERS,
}

export interface PageOptions {
  /** Whether the parameter of this name, in lower case, may be kept. */
  readonly keep: (name: string) => boolean
  readonly campaign: CampaignNames
  /** False for anonymous events: a click id belongs to one person. */
  readonly withClickId: boolean
}

/** Splits the URL of a page, drops parameters that may not be kept, and reads the campaign. */
export function readPage(text: string, { keep, campaign, withClickId }: PageOptions): Page {
  const url = splitUrl(text)
  if (url === undefined) {
    const fault: Fault = {
      reason: 'field_invalid',
      place: 'url',
      text: 'must be a URL, or a path that begins with /',
    }
    return { ...NO_PAGE, faults: [fault] }
  }
  const query = readUrlQuery(url.query, keep)
  const fragment = readUrlFragment(url.fragment, keep)
  const parameters = joinParameters(query.parameters, fragment.parameters)
  const faults = lengthFaults('url', url, LENGTHS)
  const found = readCampaign(parameters, campaign, faults, { withClickId })
  return {
    faults: faults.length === 0 ? undefined : faults,
    url: joinUrl(url, query.kept, fragment.kept),
    host: url.host,
    path: url.path === '' ? null : url.path,
    query: query.kept,
    fragment: fragment.kept,
    campaign: found,
    parameters,
  }
}

/** The parts of a URL that are longer than allowed. */
export function lengthFaults(
  place: string,
  url: Url,
  lengths: Readonly<Record<keyof typeof LENGTHS, number>>,
): Fault[] {
  const faults: Fault[] = []
  for (const part of ['scheme', 'host', 'path', 'query', 'fragment'] as const) {
    const length = url[part]?.length ?? 0
    if (length > lengths[part])
      faults.push({
        reason: 'field_too_long',
        place,
        text: `has a ${part} of ${length} characters; ${lengths[part]} are allowed`,
      })
  }
  return faults
}

/** Sets the columns of a page. */
export function setPage(
  good: Columns<'page_url' | 'page_title' | 'page_host' | 'page_path' | 'page_query' | 'page_fragment'>,
  { event, page }: { readonly event: Pick<SentEvent, 'title'>; readonly page: Page },
): void {
  good.page_url = page.url
  good.page_title = event.title
  good.page_host = page.host
  good.page_path = page.path
  good.page_query = page.query
  good.page_fragment = page.fragment
}
