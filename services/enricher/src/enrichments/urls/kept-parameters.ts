import { HARMLESS_PARAMETERS } from '@sluicebox/protocol/url-filter'
import { CAMPAIGN_NAMES } from './campaign.ts'

/**
 * The query parameters that are kept in stored URLs. All others are removed: they may hold anything, such as addresses,
 * tokens and names.
 */
export const KEPT_PARAMETERS: readonly string[] = [
  ...HARMLESS_PARAMETERS,
  ...Object.keys(CAMPAIGN_NAMES.clickIds),
]
