import type { CollectedTime, CreatedTime, EventTime, SentTime } from './instants.ts'

// The records of the four streams. Their fields keep the names of the Avro schemas in schemas/avro, where each is
// documented, so that a column in the archive and a property in the code have one name. A test holds both together.

/** The part of one request that belongs to one visitor, or a heartbeat. Stream `raw`. */
export interface RawRecord {
  readonly kind: 'payload' | 'heartbeat'
  readonly collected_at: CollectedTime
  readonly collector: string
  readonly request_id: string
  readonly visitor: string
  readonly path: string
  readonly querystring: string | null
  readonly content_type: string | null
  readonly body: Uint8Array | null
  readonly ip: string | null
  readonly user_agent: string | null
  readonly referer: string | null
  readonly hostname: string | null
  readonly network_user_id: string | null
  readonly headers: readonly string[]
  readonly privacy: 'none' | 'anonymous'
  readonly retry_of: string | null
}

/** One validated, enriched event, or a heartbeat. Stream `good`. */
export interface GoodRecord {
  readonly kind: 'event' | 'heartbeat'
  readonly source_partition: number
  readonly source_position: string
  readonly source_index: number
  readonly collected_at: CollectedTime
  readonly created_at: CreatedTime | null
  readonly sent_at: SentTime | null
  readonly event_time: EventTime
  readonly event_time_clamped: string | null
  readonly visitor: string
  readonly event_id: string
  readonly session_id: string | null
  readonly session_index: number | null
  readonly action: string
  readonly page_kind: string
  readonly product_id: string | null
  readonly category: string | null
  readonly price: number | null
  readonly quantity: number | null
  readonly currency: string | null
  readonly revenue: number | null
  readonly base_currency: string | null
  readonly price_base: number | null
  readonly revenue_base: number | null
  readonly order_id: string | null
  readonly search_term: string | null
  readonly page_url: string | null
  readonly page_title: string | null
  readonly page_host: string | null
  readonly page_path: string | null
  readonly page_query: string | null
  readonly page_fragment: string | null
  readonly page_referrer: string | null
  readonly referrer_host: string | null
  readonly referrer_path: string | null
  readonly referrer_medium: string | null
  readonly referrer_source: string | null
  readonly referrer_term: string | null
  readonly mkt_medium: string | null
  readonly mkt_source: string | null
  readonly mkt_term: string | null
  readonly mkt_content: string | null
  readonly mkt_campaign: string | null
  readonly mkt_click_id: string | null
  readonly mkt_network: string | null
  readonly user_agent: string | null
  readonly browser_name: string | null
  readonly browser_version: string | null
  readonly os_name: string | null
  readonly os_version: string | null
  readonly device_type: string | null
  readonly is_bot: boolean
  readonly bot_reason: string | null
  readonly ip: string | null
  readonly app_id: string | null
  readonly platform: string | null
  readonly tracker: string | null
  readonly tracker_namespace: string | null
  readonly user_id: string | null
  readonly domain_user_id: string | null
  readonly network_user_id: string | null
  readonly event_name: string
  readonly event_schema: string | null
  readonly event_data: string | null
  readonly contexts: string | null
  readonly language: string | null
  readonly timezone: string | null
  readonly geo_country: string | null
  readonly geo_country_source: string | null
  readonly geo_region: string | null
  readonly geo_city: string | null
  readonly viewport_width: number | null
  readonly viewport_height: number | null
  readonly screen_width: number | null
  readonly screen_height: number | null
  readonly document_width: number | null
  readonly document_height: number | null
  readonly scroll_x_min: number | null
  readonly scroll_x_max: number | null
  readonly scroll_y_min: number | null
  readonly scroll_y_max: number | null
  readonly struct_category: string | null
  readonly struct_action: string | null
  readonly struct_label: string | null
  readonly struct_property: string | null
  readonly struct_value: number | null
  readonly event_fingerprint: string | null
  readonly privacy: 'none' | 'anonymous'
  readonly simulated: boolean
  readonly enricher: string
  readonly notes: readonly string[]
}

/** An event or request that could not be used, with the reason and the bytes to repair it. Stream `bad`. */
export interface BadRecord {
  readonly source_partition: number
  readonly source_position: string
  readonly source_index: number
  readonly reason: string
  readonly message: string
  readonly errors: readonly string[]
  readonly stage: string
  readonly processor: string
  readonly schema: string | null
  readonly original: Uint8Array
  readonly original_format: 'body' | 'event' | 'line' | 'query'
  readonly collected_at: CollectedTime
  readonly visitor: string
  readonly event_id: string | null
  readonly request_id: string
  readonly path: string
  readonly querystring: string | null
  readonly content_type: string | null
  readonly ip: string | null
  readonly user_agent: string | null
  readonly referer: string | null
  readonly hostname: string | null
  readonly network_user_id: string | null
  readonly headers: readonly string[]
  readonly privacy: 'none' | 'anonymous'
  readonly retry_of: string | null
}

/** What one feature adds to the raw score. */
export interface Reason {
  readonly feature: string
  readonly value: number | null
  readonly contribution: number
}

/** One score of one session. Stream `scored`. */
export interface ScoredRecord {
  readonly score_id: string
  readonly kind: 'update' | 'final'
  readonly source_partition: number
  readonly source_position: string
  readonly source_index: number
  readonly session_id: string
  readonly visitor: string
  readonly revision: number
  readonly n: number
  readonly event_id: string | null
  readonly action: string | null
  readonly page_kind: string | null
  readonly created_at: CreatedTime | null
  readonly collected_at: CollectedTime
  readonly event_time: EventTime
  readonly session_started_at: number
  readonly session_event_count: number
  readonly score: number | null
  readonly probability: number | null
  readonly decision: boolean | null
  readonly threshold: number | null
  readonly no_score_reason: string | null
  readonly reasons: readonly Reason[]
  readonly baseline: number | null
  readonly bundle_id: string
  readonly bundle_name: string
  readonly feature_hash: string
  readonly arm: 'champion' | 'challenger' | 'shadow'
  readonly goal: string
  readonly goal_reached: boolean | null
  readonly goal_at: number | null
  readonly goal_event_id: string | null
  readonly closed_by: 'gap' | 'age' | 'events' | 'sessions' | null
  readonly is_bot: boolean
  readonly simulated: boolean
}

/** The records of each stream. */
export interface StreamRecords {
  readonly raw: RawRecord
  readonly good: GoodRecord
  readonly bad: BadRecord
  readonly scored: ScoredRecord
}

export type StreamName = keyof StreamRecords

export const STREAMS = ['raw', 'good', 'bad', 'scored'] as const satisfies readonly StreamName[]

/** A record while it is being filled in. */
export type Draft<Record> = { -readonly [Field in keyof Record]: Record[Field] }
