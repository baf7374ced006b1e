import { HARMLESS_PARAMETERS } from '@sluicebox/protocol/url-filter'
import { CAMPAIGN_NAMES } from './campaign.ts'

/**
 * The parameters that are kept in stored URLs. All others are removed: they may hold anything, such as addresses,
 * tokens and names.
 */
export const KEPT_PARAMETERS: readonly string[] = [
  ...HARMLESS_PARAMETERS,
  ...Object.keys(CAMPAIGN_NAMES.clickIds),
]

/**
 * Parameters of networks, newsletters and trackers that identify one click or one person. None is kept for an anonymous
 * visitor, whatever the configuration allows.
 */
export const PERSONAL_PARAMETERS: readonly string[] = [
  ...Object.keys(CAMPAIGN_NAMES.clickIds),
  ...['ysclid', 'srsltid', 'gclsrc', 'clickid', 'click_id', 'igshid', 'igsh', 's_kwcid'],
  ...[
    'mc_eid',
    'ml_subscriber',
    'ml_subscriber_hash',
    'mkt_tok',
    '_hsenc',
    '_hsmi',
    '__hssc',
    '__hstc',
    '__hsfp',
  ],
  ...['_kx', 'vero_id', 'oly_anon_id', 'oly_enc_id', 'wickedid', '_bta_tid', '_bta_c'],
  ...['_ga', '_gl', '_gac', '_sp', '_branch_match_id', 'fb_action_ids'],
]
