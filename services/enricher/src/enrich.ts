import { asCreatedTime, asSentTime } from '@sluicebox/event/instants'
import type { GoodRecord, RawRecord } from '@sluicebox/event/records'
import { decide } from './actions/decide.ts'
import { eventIdOf, firstCoordinates, type Coordinates } from './coordinates.ts'
import { botReason } from './enrichments/bot.ts'
import { eventName } from './enrichments/event-name.ts'
import { eventTime } from './enrichments/event-time.ts'
import { fingerprint } from './enrichments/fingerprint.ts'
import { readIdentifiers } from './enrichments/identifiers.ts'
import { firstAddress } from '@sluicebox/protocol/address'
import { NO_PAGE } from './enrichments/page.ts'
import { scrollOffsets } from './enrichments/page-ping.ts'
import { isInternal, NO_REFERRER, type Referrer } from './enrichments/referrer.ts'
import { NO_USER_AGENT } from './enrichments/user-agent.ts'
import type { Fault, SelfDescribing, SentEvent } from '@sluicebox/protocol/sent-event'
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

/** The good record of an event without faults. */
export function enrich(
  event: SentEvent,
  raw: RawRecord,
  { page, match, referrer }: Places,
  coordinates: Coordinates,
  tools: Tools,
): GoodRecord {
  const name = eventName(event)
  const decision = decide(event, name, page, match, tools.rules)
  const time = eventTime(event, raw.collected_at)
  const agentText = event.userAgent ?? raw.user_agent
  const agent = agentText === null ? NO_USER_AGENT : tools.readUserAgent(agentText)
  const bot = botReason(agent, event.entities)
  const ids = readIdentifiers(event, raw, tools.pseudonyms)
  const scroll = scrollOffsets(event)
  const internal = isInternal(referrer.host, page.host, tools.internalHosts)
  return {
    kind: 'event',
    source_partition: coordinates.partition,
    source_position: coordinates.position,
    source_index: coordinates.index,
    collected_at: raw.collected_at,
    created_at: event.createdAt === null ? null : asCreatedTime(event.createdAt),
    sent_at: event.sentAt === null ? null : asSentTime(event.sentAt),
    event_time: time.eventTime,
    event_time_clamped: time.clamped,
    visitor: raw.visitor,
    event_id: event.eventId ?? eventIdOf(firstCoordinates(coordinates, raw.retry_of)),
    session_id: ids.sessionId,
    session_index: ids.sessionIndex,
    action: decision.action,
    page_kind: decision.pageKind,
    product_id: decision.productId,
    category: decision.category,
    price: decision.price,
    quantity: decision.quantity,
    currency: decision.currency,
    revenue: decision.revenue,
    order_id: decision.orderId,
    search_term: decision.searchTerm,
    page_url: page.url,
    page_title: event.title,
    page_host: page.host,
    page_path: page.path,
    page_query: page.query,
    page_fragment: page.fragment,
    page_referrer: referrer.url,
    referrer_host: referrer.host,
    referrer_path: referrer.path,
    referrer_medium: internal ? 'internal' : referrer.medium,
    referrer_source: internal ? null : referrer.source,
    referrer_term: internal ? null : referrer.term,
    mkt_medium: page.campaign.medium,
    mkt_source: page.campaign.source,
    mkt_term: page.campaign.term,
    mkt_content: page.campaign.content,
    mkt_campaign: page.campaign.campaign,
    mkt_click_id: page.campaign.clickId,
    mkt_network: page.campaign.network,
    user_agent: agent.text,
    browser_name: agent.browserName,
    browser_version: agent.browserVersion,
    os_name: agent.osName,
    os_version: agent.osVersion,
    device_type: agent.deviceType,
    is_bot: bot !== null,
    bot_reason: bot,
    ip: ipOf(event, raw, tools),
    app_id: event.appId,
    platform: event.platform,
    tracker: event.tracker,
    tracker_namespace: event.trackerNamespace,
    user_id: ids.userId,
    domain_user_id: ids.domainUserId,
    network_user_id: ids.networkUserId,
    event_name: name.name,
    event_schema: name.schema,
    event_data: dataText(event),
    contexts: contextsText(ids.entities),
    language: event.language,
    timezone: event.timezone,
    viewport_width: event.viewportWidth,
    viewport_height: event.viewportHeight,
    screen_width: event.screenWidth,
    screen_height: event.screenHeight,
    document_width: event.documentWidth,
    document_height: event.documentHeight,
    scroll_x_min: scroll.xMin,
    scroll_x_max: scroll.xMax,
    scroll_y_min: scroll.yMin,
    scroll_y_max: scroll.yMax,
    struct_category: event.structCategory,
    struct_action: event.structAction,
    struct_label: event.structLabel,
    struct_property: event.structProperty,
    struct_value: event.structValue,
    event_fingerprint: fingerprint(event.claims),
    privacy: raw.privacy,
    simulated: event.simulated,
    enricher: tools.enricher,
  }
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

/** The address; `unknown`, as the collector writes it, for a visitor who wants none. */
function ipOf(event: SentEvent, raw: RawRecord, tools: Tools): string | null {
  if (raw.privacy === 'anonymous') return raw.ip === null ? null : 'unknown'
  const text = event.ip === null ? raw.ip : firstAddress(event.ip)
  return text === null ? null : tools.readIp(text).address
}

function dataText(event: SentEvent): string | null {
  if (event.type === 'action') return event.properties === null ? null : JSON.stringify(event.properties)
  return event.type === 'unstruct' && event.event !== null ? JSON.stringify(event.event.data) : null
}

function contextsText(entities: readonly SelfDescribing[]): string | null {
  return entities.length === 0 ? null : JSON.stringify(entities)
}
