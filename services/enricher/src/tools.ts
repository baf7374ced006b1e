import { hash } from 'node:crypto'
import { DEFAULT_RULES, DEFAULT_RULES_VERSION } from './actions/defaults.ts'
import { compileRules, type Match, type Rules } from './actions/rules.ts'
import { canonicalAddress } from '@sluicebox/protocol/address'
import { parameterList } from '@sluicebox/protocol/url-filter'
import type { EnricherConfig } from './config.ts'
import type { Ip } from './enrichments/address.ts'
import { remember } from './enrichments/cache.ts'
import type { Conversion } from './enrichments/currency/base-amounts.ts'
import { NO_LOCATION } from './enrichments/geo/database.ts'
import { locateIn } from './enrichments/geo/geo.ts'
import type { CampaignNames } from './enrichments/urls/campaign.ts'
import { PERSONAL_PARAMETERS } from './enrichments/urls/kept-parameters.ts'
import { readPage, type Page } from './enrichments/urls/page.ts'
import { cleanPage, cleanReferrer } from './enrichments/texts/clean-good.ts'
import { createTexts, type Texts } from './enrichments/texts/texts.ts'
import { createPseudonyms, type Pseudonyms } from './enrichments/pseudonyms.ts'
import { REFERRER_SITES_VERSION } from './enrichments/urls/referrer-sites.ts'
import { readReferrer, type Referrer } from './enrichments/urls/referrer.ts'
import { asciiHost } from './enrichments/urls/url.ts'
import { NO_FILES, type EnricherFiles } from './files/files.ts'
import { nameFiles } from './files/maker.ts'
import {
  AGENT_LISTS_VERSION,
  readUserAgent,
  USER_AGENT_LENGTH_MAX,
  type Agent,
} from './enrichments/agents/agent.ts'
import { readHintedAgent } from './enrichments/agents/hinted-agent.ts'

/** A page, and what the rules decide about it. */
export interface RuledPage {
  readonly page: Page
  readonly match: Match | undefined
}

/** What enriching needs besides the event: pure functions, some of which remember their results. */
export interface Tools {
  readonly rules: Rules
  readonly readPage: (url: string) => RuledPage
  /** The same without click ids, for anonymous events. */
  readonly readAnonymousPage: (url: string) => RuledPage
  readonly readReferrer: (url: string) => Referrer
  /** The same without click ids, for anonymous events: the previous page may have been the landing page. */
  readonly readAnonymousReferrer: (url: string) => Referrer
  /** Returns the parts of the client's texts that may be stored. */
  readonly texts: Texts
  /** The same without click ids. */
  readonly anonymousTexts: Texts
  /** Takes a user agent, and the client hints that came with it, as `hintLines` returns them; empty without hints. */
  readonly readAgent: (text: string, hintLines: string) => Agent
  readonly readIp: (text: string) => Ip
  readonly internalHosts: ReadonlySet<string>
  readonly pseudonyms: Pseudonyms | undefined
  /** Undefined without a file of rates. */
  readonly conversion: Conversion | undefined
  /** Name and version of the enricher, its rules, lists and files. */
  readonly enricher: string
}

/** Longer URLs rarely repeat. */
const REMEMBERED_LENGTH_MAX = 1024
/** A user agent and all hints that a browser sends. */
const HINTED_LENGTH_MAX = 2048

export interface ToolParts {
  readonly pseudonymKey?: Uint8Array | undefined
  readonly files?: EnricherFiles | undefined
  /** Version of the enricher. */
  readonly version: string
}

/** Compiles the configuration into the tools that each event needs. */
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
  const keep = parameterList(config.keptParameters)
  const personal = new Set([...PERSONAL_PARAMETERS, ...Object.keys(campaign.clickIds)])
  const keepAnonymous = parameterList(config.keptParameters, personal)
  const texts = createTexts(keep, { masksEmails: config.maskEmails })
  const anonymousTexts = createTexts(keepAnonymous, { masksEmails: config.maskEmails })
  const urls = { entriesMax: config.rememberedMax, keyLengthMax: REMEMBERED_LENGTH_MAX }
  const rule = (page: Page): RuledPage => ({ page, match: rules.matchPage(page) })
  return {
    rules,
    texts,
    anonymousTexts,
    readPage: remember(
      url => rule(cleanPage(readPage(url, { keep, campaign, withClickId: true }), texts)),
      urls,
    ),
    readAnonymousPage: remember(
      url =>
        rule(cleanPage(readPage(url, { keep: keepAnonymous, campaign, withClickId: false }), anonymousTexts)),
      urls,
    ),
    readReferrer: remember(url => cleanReferrer(readReferrer(url, keep), texts), urls),
    readAnonymousReferrer: remember(
      url => cleanReferrer(readReferrer(url, keepAnonymous), anonymousTexts),
      urls,
    ),
    readAgent: agentReader(config),
    readIp: remember(
      text => ({
        address: canonicalAddress(text) ?? null,
        location: files.geo === undefined ? NO_LOCATION : locateIn(files.geo, text),
      }),
      { entriesMax: config.rememberedMax, keyLengthMax: 64 },
    ),
    conversion:
      files.rates === undefined
        ? undefined
        : { base: config.currency.base as string, rateAt: files.rates.rateAt },
    internalHosts: new Set(config.internalHosts.map(asciiHost)),
    pseudonyms:
      pseudonymKey === undefined
        ? undefined
        : createPseudonyms(pseudonymKey, config.pseudonyms.fields, config.rememberedMax),
    enricher: `${enricherName(config, version)}${nameFiles(files, config)}`,
  }
}

/**
 * Remembers user agents, and separately those that came with hints. The key of the latter holds the hints, then the
 * user agent.
 */
function agentReader({ rememberedMax }: EnricherConfig): Tools['readAgent'] {
  const plain = remember(readUserAgent, { entriesMax: rememberedMax, keyLengthMax: USER_AGENT_LENGTH_MAX })
  const hinted = remember(
    key => {
      const end = key.lastIndexOf('\n')
      return readHintedAgent(key.slice(end + 1), key.slice(0, end))
    },
    { entriesMax: rememberedMax, keyLengthMax: HINTED_LENGTH_MAX },
  )
  return (text, hintLines) =>
    hintLines === '' ? plain(text) : hinted(hintLines + text.replaceAll('\n', ' '))
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

/** Every record names what made it, so that a change of rules or lists is visible. */
function enricherName(config: EnricherConfig, version: string): string {
  const shipped = config.defaultRules ? DEFAULT_RULES_VERSION : 'none'
  const own =
    config.rules.length === 0 ? '' : `+${hash('sha256', JSON.stringify(config.rules), 'hex').slice(0, 8)}`
  return `sluicebox-enricher/${version} rules/${shipped}${own} sites/${REFERRER_SITES_VERSION} agents/${AGENT_LISTS_VERSION}`
}

function checkFiles({ geo, currency }: EnricherConfig, files: EnricherFiles): void {
  for (const [setting, name, file] of [
    ['geo.database', geo.database, files.geo],
    ['currency.ratesFile', currency.ratesFile, files.rates],
  ] as const)
    if (name !== undefined && file === undefined)
      throw new Error(`enricher.${setting} names ${name}, but it was not read`)
}
