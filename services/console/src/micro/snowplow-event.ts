import type { GoodRecord } from '@sluicebox/event/records'

const SNOWPLOW = 'com.snowplowanalytics.snowplow'
/** Schema of events from /v1/events: they name none, and their properties are their data. */
const OURS = 'iglu:com.sluicebox/event/jsonschema/1-0-0'

/** A good event under the field names of Snowplow's event model, with its type and schemas. */
export interface SnowplowEvent {
  readonly eventType: string
  readonly schema: string
  /** References of the schemas of its entities. */
  readonly contexts: readonly string[]
  readonly event: Readonly<Record<string, unknown>>
}

interface SelfDescribing {
  readonly schema: string
  readonly data: unknown
}

/** Returns a good record under Snowplow's names. Fields that only Sluicebox derives keep their own names. */
export function snowplowEvent(good: GoodRecord): SnowplowEvent {
  const eventType = typeOf(good)
  const schema = good.event_schema ?? OURS
  const contexts = entitiesOf(good.contexts)
  const { vendor, name, format, version } = partsOf(schema)
  return {
    eventType,
    schema,
    contexts: contexts.map(entity => entity.schema),
    event: {
      app_id: good.app_id,
      platform: good.platform,
      collector_tstamp: iso(good.collected_at),
      dvce_created_tstamp: iso(good.created_at),
      dvce_sent_tstamp: iso(good.sent_at),
      derived_tstamp: iso(good.event_time),
      event: eventType,
      event_id: good.event_id,
      name_tracker: good.tracker_namespace,
      v_tracker: good.tracker,
      v_etl: good.enricher,
      user_id: good.user_id,
      user_ipaddress: good.ip,
      domain_userid: good.domain_user_id,
      domain_sessionidx: good.session_index,
      domain_sessionid: good.session_id,
      network_userid: good.network_user_id,
      page_url: good.page_url,
      page_title: good.page_title,
      page_referrer: good.page_referrer,
      page_urlhost: good.page_host,
      page_urlpath: good.page_path,
      page_urlquery: good.page_query,
      page_urlfragment: good.page_fragment,
      refr_urlhost: good.referrer_host,
      refr_urlpath: good.referrer_path,
      refr_medium: good.referrer_medium,
      refr_source: good.referrer_source,
      refr_term: good.referrer_term,
      mkt_medium: good.mkt_medium,
      mkt_source: good.mkt_source,
      mkt_term: good.mkt_term,
      mkt_content: good.mkt_content,
      mkt_campaign: good.mkt_campaign,
      mkt_clickid: good.mkt_click_id,
      mkt_network: good.mkt_network,
      contexts: { schema: `iglu:${SNOWPLOW}/contexts/jsonschema/1-0-0`, data: contexts },
      unstruct_event:
        eventType === 'unstruct'
          ? {
              schema: `iglu:${SNOWPLOW}/unstruct_event/jsonschema/1-0-0`,
              data: { schema, data: dataOf(good) },
            }
          : null,
      se_category: good.struct_category,
      se_action: good.struct_action,
      se_label: good.struct_label,
      se_property: good.struct_property,
      se_value: good.struct_value,
      pp_xoffset_min: good.scroll_x_min,
      pp_xoffset_max: good.scroll_x_max,
      pp_yoffset_min: good.scroll_y_min,
      pp_yoffset_max: good.scroll_y_max,
      useragent: good.user_agent,
      br_name: good.browser_name,
      br_version: good.browser_version,
      br_lang: good.language,
      br_viewwidth: good.viewport_width,
      br_viewheight: good.viewport_height,
      os_name: good.os_name,
      os_timezone: good.timezone,
      dvce_type: good.device_type,
      dvce_screenwidth: good.screen_width,
      dvce_screenheight: good.screen_height,
      doc_width: good.document_width,
      doc_height: good.document_height,
      event_vendor: vendor,
      event_name: name,
      event_format: format,
      event_version: version,
      event_fingerprint: good.event_fingerprint,
      action: good.action,
      page_kind: good.page_kind,
      product_id: good.product_id,
      is_bot: good.is_bot,
    },
  }
}

/** The event's type in the tracker protocol: an event with data of its own is `unstruct`. */
function typeOf({ event_schema, event_data, event_name }: GoodRecord): string {
  if (event_schema === null || event_data !== null) return 'unstruct'
  return event_name === 'event' ? 'struct' : event_name
}

function dataOf({ event_schema, event_data, action }: GoodRecord): unknown {
  const data = parse(event_data)
  return event_schema === null ? { action, properties: data } : data
}

function partsOf(schema: string): { vendor: string; name: string; format: string; version: string } {
  const [vendor = '', name = '', format = '', version = ''] = schema.replace(/^iglu:/, '').split('/')
  return { vendor, name, format, version }
}

function entitiesOf(contexts: string | null): SelfDescribing[] {
  const parsed = parse(contexts)
  return Array.isArray(parsed) ? (parsed as SelfDescribing[]) : []
}

function parse(text: string | null): unknown {
  if (text === null) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}
