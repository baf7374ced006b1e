// The event that the peers pass on: sixty fields, in Avro.
import avro from 'avsc'

const TEXTS = [
  ...['event_id', 'event_name', 'app_id', 'platform', 'tracker', 'namespace', 'language', 'timezone'],
  ...['visitor_id', 'session_id', 'network_id', 'user_id', 'ip', 'country'],
  ...['page_url', 'page_title', 'page_host', 'page_path', 'page_query', 'page_fragment', 'page_kind'],
  ...['referrer_url', 'referrer_host', 'referrer_path', 'referrer_medium', 'referrer_source'],
  ...['mkt_medium', 'mkt_source', 'mkt_campaign', 'mkt_term', 'mkt_content'],
  ...['user_agent', 'browser', 'browser_version', 'os', 'os_version', 'device'],
  ...['action', 'product_id', 'category', 'currency', 'order_id', 'contexts', 'data', 'fingerprint'],
] as const
const NUMBERS = [
  ...['collected_at', 'created_at', 'sent_at', 'event_time', 'session_index', 'price', 'quantity', 'revenue'],
  ...['viewport_width', 'viewport_height', 'screen_width', 'screen_height'],
  ...['document_width', 'document_height'],
] as const

export type PeerGood = Record<(typeof TEXTS)[number], string | null> &
  Record<(typeof NUMBERS)[number], number | null>

const optional = (names: readonly string[], type: string): object[] =>
  names.map(name => ({ name, type: ['null', type], default: null }))

export const GOOD_TYPE = avro.Type.forSchema({
  type: 'record',
  name: 'PeerGood',
  fields: [...optional(TEXTS, 'string'), ...optional(NUMBERS, 'double')],
} as unknown as avro.Schema)

/** An event of which nothing is known. */
export const BLANK = Object.fromEntries([...TEXTS, ...NUMBERS].map(name => [name, null])) as PeerGood
