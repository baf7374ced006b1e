import { blankGood } from '@sluicebox/event/blank'
import type { Draft, GoodRecord, RawRecord } from '@sluicebox/event/records'
import { settle, type Fault, type MinorFields, type SentEvent } from '@sluicebox/protocol/sent-event'
import { decide, setDecision, type Decision } from './actions/decide.ts'
import type { Coordinates } from './coordinates.ts'
import { setAddress } from './enrichments/address.ts'
import type { Agent } from './enrichments/agents/agent.ts'
import { setBot } from './enrichments/agents/bot.ts'
import { hintLines } from './enrichments/agents/hints.ts'
import { setUserAgent } from './enrichments/agents/user-agent.ts'
import { setSent } from './enrichments/as-sent.ts'
import { setBaseAmounts } from './enrichments/currency/base-amounts.ts'
import { setCampaign } from './enrichments/urls/campaign.ts'
import { eachColumnOnce } from './enrichments/columns.ts'
import { eventName, setName, type EventName } from './enrichments/event-name.ts'
import { setTimes } from './enrichments/event-time.ts'
import { setFingerprint } from './enrichments/fingerprint.ts'
import { setGeo } from './enrichments/geo/geo.ts'
import { setIdentifiers } from './enrichments/identifiers.ts'
import { setOrigin } from './enrichments/origin.ts'
import { cleanGood } from './enrichments/texts/clean-good.ts'
import { NO_PAGE, setPage } from './enrichments/urls/page.ts'
import { setScroll } from './enrichments/urls/page-ping.ts'
import { NO_REFERRER, setReferrer, type Referrer } from './enrichments/urls/referrer.ts'
import type { RuledPage, Tools } from './tools.ts'

const NO_RULED_PAGE: RuledPage = { page: NO_PAGE, match: undefined }

/** Where an event happened, and where its visitor came from. */
export interface Places extends RuledPage {
  readonly referrer: Referrer
}

/** What a request tells about the place of its events. */
type Origin = Pick<RawRecord, 'privacy' | 'referer'>

/** Reads the URLs of an event. Each result carries its faults. */
export function readPlaces(event: SentEvent, raw: Origin, tools: Tools): Places {
  const { page, match } = pageOf(event, raw, tools)
  const read = raw.privacy === 'anonymous' ? tools.readAnonymousReferrer : tools.readReferrer
  return { page, match, referrer: event.referrer === null ? NO_REFERRER : read(event.referrer) }
}

/** The faults of an event and its URLs for which it is bad; undefined when it is good. Minor ones may become notes. */
export function faultsOf(
  event: SentEvent,
  { page, referrer }: Places,
  minorFields: MinorFields,
): readonly Fault[] | undefined {
  if (event.faults === undefined && page.faults === undefined && referrer.faults === undefined)
    return undefined
  const faults = [...(event.faults ?? []), ...(page.faults ?? []), ...(referrer.faults ?? [])]
  return settle(event, faults, minorFields)
}

/** A good event and what was read of it: what the columns are made from. */
export interface Subject extends Places {
  readonly event: SentEvent
  readonly raw: RawRecord
  readonly coordinates: Coordinates
  readonly name: EventName
  readonly decision: Decision
  readonly agent: Agent
  readonly tools: Tools
}

/**
 * Sets the columns of a good event. Each function receives only the columns that it declares as its own, and a column
 * that no function declares does not compile. `setSent` writes the notes and runs last but one.
 */
const SETTERS: readonly ((good: Draft<GoodRecord>, subject: Subject) => void)[] = eachColumnOnce([
  setOrigin,
  setTimes,
  setName,
  setDecision,
  setBaseAmounts,
  setPage,
  setReferrer,
  setCampaign,
  setUserAgent,
  setBot,
  setIdentifiers,
  setAddress,
  setGeo,
  setScroll,
  setSent,
  setFingerprint,
])

/** Returns the good record of an event that has no decisive fault. */
export function enrich(
  event: SentEvent,
  raw: RawRecord,
  { page, match, referrer }: Places,
  coordinates: Coordinates,
  tools: Tools,
): GoodRecord {
  const agent = tools.readAgent(event.userAgent ?? raw.user_agent ?? '', hintLines(event, raw))
  const name = eventName(event)
  const decision = decide(event, name, page, match, tools.rules)
  const subject: Subject = { event, raw, coordinates, name, decision, page, match, referrer, agent, tools }
  const good: Draft<GoodRecord> = blankGood()
  for (const set of SETTERS) set(good, subject)
  cleanGood(good, raw.privacy === 'anonymous' ? tools.anonymousTexts : tools.texts)
  return good
}

/** The page that the tracker names, else the one that the browser names as the origin of the request. */
function pageOf(event: SentEvent, raw: Origin, tools: Tools): RuledPage {
  const read = raw.privacy === 'anonymous' ? tools.readAnonymousPage : tools.readPage
  if (event.url !== null) return read(event.url)
  if (raw.referer === null) return NO_RULED_PAGE
  const found = read(raw.referer)
  // A header that is not a URL is not a fault of the event.
  return found.page.faults === undefined ? found : NO_RULED_PAGE
}
