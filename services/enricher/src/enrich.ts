import { asCreatedTime, asSentTime } from '@sluicebox/event/instants'
import { blankGood } from '@sluicebox/event/blank'
import type { Draft, GoodRecord, RawRecord } from '@sluicebox/event/records'
import { decide, setDecision } from './actions/decide.ts'
import { eventIdOf, firstCoordinates, type Coordinates } from './coordinates.ts'
import { setAddress } from './enrichments/address.ts'
import { setSent } from './enrichments/as-sent.ts'
import { setBot } from './enrichments/bot.ts'
import { setCampaign } from './enrichments/campaign.ts'
import { eventName } from './enrichments/event-name.ts'
import { eventTime } from './enrichments/event-time.ts'
import { fingerprint } from './enrichments/fingerprint.ts'
import { setIdentifiers, readIdentifiers } from './enrichments/identifiers.ts'
import { NO_PAGE, setPage } from './enrichments/page.ts'
import { setScroll } from './enrichments/page-ping.ts'
import { NO_REFERRER, setReferrer, type Referrer } from './enrichments/referrer.ts'
import { NO_USER_AGENT, setUserAgent } from './enrichments/user-agent.ts'
import type { Fault, SentEvent } from '@sluicebox/protocol/sent-event'
import type { RuledPage, Tools } from './tools.ts'

const NO_RULED_PAGE: RuledPage = { page: NO_PAGE, match: undefined }

/** Where an event happened, and where its visitor came from. */
export interface Places extends RuledPage {
  readonly referrer: Referrer
}

/** What a request says of where its events happened. */
type Origin = Pick<RawRecord, 'privacy' | 'referer'>

/** Reads the URLs of an event; what is wrong with them is in the faults of each. */
export function readPlaces(event: SentEvent, raw: Origin, tools: Tools): Places {
  const { page, match } = pageOf(event, raw, tools)
  const referrer = event.referrer === null ? NO_REFERRER : tools.readReferrer(event.referrer)
  return { page, match, referrer }
}

/** Every fault of an event and its URLs; undefined for none. */
export function faultsOf({ faults }: SentEvent, { page, referrer }: Places): readonly Fault[] | undefined {
  if (faults === undefined && page.faults === undefined && referrer.faults === undefined) return undefined
  return [...(faults ?? []), ...(page.faults ?? []), ...(referrer.faults ?? [])]
}

/**
 * The good record of an event without faults. A column is added by one function that sets it, in a file of its own, and one
 * line here. A column that no function sets stays blank.
 */
export function enrich(
  event: SentEvent,
  raw: RawRecord,
  { page, match, referrer }: Places,
  coordinates: Coordinates,
  tools: Tools,
): GoodRecord {
  const name = eventName(event)
  const time = eventTime(event, raw.collected_at)
  const agentText = event.userAgent ?? raw.user_agent
  const agent = agentText === null ? NO_USER_AGENT : tools.readUserAgent(agentText)
  const good: Draft<GoodRecord> = blankGood()
  good.source_partition = coordinates.partition
  good.source_position = coordinates.position
  good.source_index = coordinates.index
  good.collected_at = raw.collected_at
  good.created_at = event.createdAt === null ? null : asCreatedTime(event.createdAt)
  good.sent_at = event.sentAt === null ? null : asSentTime(event.sentAt)
  good.event_time = time.eventTime
  good.event_time_clamped = time.clamped
  good.visitor = raw.visitor
  good.event_id = event.eventId ?? eventIdOf(firstCoordinates(coordinates, raw.retry_of))
  good.event_name = name.name
  good.event_schema = name.schema
  good.event_fingerprint = fingerprint(event.claims)
  good.privacy = raw.privacy
  good.enricher = tools.enricher
  setDecision(good, decide(event, name, page, match, tools.rules))
  setPage(good, page, event.title)
  setReferrer(good, referrer, page.host, tools.internalHosts)
  setCampaign(good, page.campaign)
  setUserAgent(good, agent)
  setBot(good, agent, event.entities)
  setIdentifiers(good, readIdentifiers(event, raw, tools.pseudonyms))
  setAddress(good, event, raw, tools.readIp)
  setScroll(good, event)
  setSent(good, event)
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
