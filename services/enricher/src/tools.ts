import { hash } from 'node:crypto'
import { DEFAULT_RULES, DEFAULT_RULES_VERSION } from './actions/defaults.ts'
import { compileRules, type Match, type Rules } from './actions/rules.ts'
import { truncateAddress, type AddressPrefixes } from '@sluicebox/protocol/address'
import type { EnricherConfig } from './config.ts'
import type { Ip } from './enrichments/address.ts'
import { remember } from './enrichments/cache.ts'
import type { Conversion } from './enrichments/currency/base-amounts.ts'
import { NO_LOCATION } from './enrichments/geo/database.ts'
import { locateIn } from './enrichments/geo/geo.ts'
import type { CampaignNames } from './enrichments/urls/campaign.ts'
import { keeper } from './enrichments/urls/kept-parameters.ts'
import { readPage, type Page } from './enrichments/urls/page.ts'
import { createPseudonyms, type Pseudonyms } from './enrichments/pseudonyms.ts'
import { REFERRER_SITES_VERSION } from './enrichments/urls/referrer-sites.ts'
import { readReferrer, type Referrer } from './enrichments/urls/referrer.ts'
import { readUserAgent, USER_AGENT_LENGTH_MAX, type UserAgent } from './enrichments/user-agent.ts'
import { NO_FILES, type EnricherFiles } from './files/files.ts'
import { nameFiles } from './files/maker.ts'

/** A page, and what the rules say of it. */
export interface RuledPage {
  readonly page: Page
  readonly match: Match | undefined
}

/** What enriching needs besides the event: pure functions, of which some remember. */
export interface Tools {
  readonly rules: Rules
  readonly readPage: (url: string) => RuledPage
  /** The same without click ids, for anonymous events. */
  readonly readAnonymousPage: (url: string) => RuledPage
  readonly readReferrer: (url: string) => Referrer
  readonly readUserAgent: (text: string) => UserAgent
  readonly readIp: (text: string) => Ip
  readonly internalHosts: ReadonlySet<string>
  readonly pseudonyms: Pseudonyms | undefined
  /** Undefined without a file of rates. */
  readonly conversion: Conversion | undefined
  /** Name and version of the enricher, its rules, lists and files. */
  readonly enricher: string
}

const NO_NAMES: ReadonlySet<string> = new Set()
/** Longer URLs hardly come twice. */
const REMEMBERED_LENGTH_MAX = 1024

export interface ToolParts {
  readonly pseudonymKey?: Uint8Array | undefined
  readonly files?: EnricherFiles | undefined
  /** Of the enricher. */
  readonly version: string
}

/** Compiles the configuration into what is needed for each event. */
export function createTools(
  config: EnricherConfig,
  { pseudonymKey, files = NO_FILES, version }: ToolParts,
): Tools {
  if (config.pseudonyms.keyFile !== undefined && pseudonymKey === undefined)
    throw new Error(
      `enricher.pseudonyms.keyFile names ${config.pseudonyms.keyFile}, but no key was read from it: without the key identifiers would be written as they are.`,
    )
  checkFiles(config, files)
  const rules = compileRules([...config.rules, ...(config.defaultRules ? DEFAULT_RULES : [])])
  const campaign = lowerCase(config.campaign)
  const keep = keeper(config.keptParameters, NO_NAMES)
  const keepAnonymous = keeper(config.keptParameters, new Set(Object.keys(campaign.clickIds)))
  const urls = { entriesMax: config.rememberedMax, keyLengthMax: REMEMBERED_LENGTH_MAX }
  const rule = (page: Page): RuledPage => ({ page, match: rules.matchPage(page) })
  return {
    rules,
    readPage: remember(url => rule(readPage(url, { keep, campaign, withClickId: true })), urls),
    readAnonymousPage: remember(
      url => rule(readPage(url, { keep: keepAnonymous, campaign, withClickId: false })),
      urls,
    ),
    readReferrer: remember(url => readReferrer(url, keep), urls),
    readUserAgent: remember(readUserAgent, {
      entriesMax: config.rememberedMax,
      keyLengthMax: USER_AGENT_LENGTH_MAX,
    }),
    readIp: remember(
      text => ({
        address: truncateAddress(text, prefixesOf(config)) ?? null,
        location: files.geo === undefined ? NO_LOCATION : locateIn(files.geo, text),
      }),
      { entriesMax: config.rememberedMax, keyLengthMax: 64 },
    ),
    conversion:
      files.rates === undefined
        ? undefined
        : { base: config.currency.base as string, rateAt: files.rates.rateAt },
    internalHosts: new Set(config.internalHosts.map(host => host.toLowerCase())),
    pseudonyms:
      pseudonymKey === undefined
        ? undefined
        : createPseudonyms(pseudonymKey, config.pseudonyms.fields, config.rememberedMax),
    enricher: `${enricherName(config, version)}${nameFiles(files, config)}`,
  }
}

/** Parameters are compared in lower case. */
function lowerCase(names: CampaignNames): CampaignNames {
  const lower = (list: readonly string[]): string[] => list.map(name => name.toLowerCase())
  return {
    medium: lower(names.medium),
    source: lower(names.source),
    term: lower(names.term),
    content: lower(names.content),
    campaign: lower(names.campaign),
    clickIds: Object.fromEntries(
      Object.entries(names.clickIds).map(([name, network]) => [name.toLowerCase(), network]),
    ),
  }
}

/** Says on every record what made it: a change of rules or lists shows. */
function enricherName(config: EnricherConfig, version: string): string {
  const shipped = config.defaultRules ? DEFAULT_RULES_VERSION : 'none'
  const own =
    config.rules.length === 0 ? '' : `+${hash('sha256', JSON.stringify(config.rules), 'hex').slice(0, 8)}`
  return `sluicebox-enricher/${version} rules/${shipped}${own} sites/${REFERRER_SITES_VERSION}`
}

function checkFiles({ geo, currency }: EnricherConfig, files: EnricherFiles): void {
  for (const [setting, name, file] of [
    ['geo.database', geo.database, files.geo],
    ['currency.ratesFile', currency.ratesFile, files.rates],
  ] as const)
    if (name !== undefined && file === undefined)
      throw new Error(`enricher.${setting} names ${name}, but it was not read`)
}

/** Whole addresses are prefixes of full length, so that they are read and written in one way. */
function prefixesOf({ truncateIp }: EnricherConfig): AddressPrefixes {
  return truncateIp ? { ipv4PrefixBits: 24, ipv6PrefixBits: 48 } : { ipv4PrefixBits: 32, ipv6PrefixBits: 128 }
}
