// What the peers read, made from the same events as what ours read.
import type { GoodRecord } from '@sluicebox/event/records'
import type { OutputRecord } from '@sluicebox/stream/log'
import { EVENTS_PER_RECORD, pageViewsRecord } from '../enricher.ts'
import { BLANK, GOOD_TYPE } from './good.ts'

/** The message of event number `n`: the collector of a team writes one for each event. */
export function peerCollected(n: number): OutputRecord {
  const { collected_at, ip, user_agent, referer, body } = pageViewsRecord(Math.floor(n / EVENTS_PER_RECORD))
  const { data } = JSON.parse(Buffer.from(body ?? []).toString()) as { data: Record<string, string>[] }
  const event = data[n % EVENTS_PER_RECORD]!
  const value = Buffer.from(JSON.stringify({ collected_at, ip, user_agent, referer, event }))
  return { key: event['duid'] ?? null, value }
}

/** A good record as a peer writes it. */
export function peerGood(good: GoodRecord): Uint8Array {
  return GOOD_TYPE.toBuffer({
    ...BLANK,
    event_id: good.event_id,
    visitor_id: good.visitor,
    session_id: good.session_id,
    action: good.action,
    page_kind: good.page_kind,
    product_id: good.product_id,
    category: good.category,
    price: good.price,
    page_url: good.page_url,
    page_title: good.page_title,
    page_host: good.page_host,
    page_path: good.page_path,
    page_query: good.page_query,
    referrer_url: good.page_referrer,
    referrer_host: good.referrer_host,
    referrer_path: good.referrer_path,
    referrer_medium: good.referrer_medium,
    mkt_medium: good.mkt_medium,
    mkt_source: good.mkt_source,
    mkt_campaign: good.mkt_campaign,
    user_agent: good.user_agent,
    browser: good.browser_name,
    os: good.os_name,
    device: good.device_type,
    collected_at: good.collected_at,
    event_time: good.event_time,
  })
}
