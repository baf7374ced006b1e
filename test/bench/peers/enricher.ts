// An enricher as a team writes it: JSON, ajv, plain objects and avsc. It validates entities, splits URLs, reads campaign,
// referrer and user agent, and names the action.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import { EVENT_SCHEMAS_DIR } from '@sluicebox/registry/events/events'
import { BLANK, GOOD_TYPE, type PeerGood } from './good.ts'

export interface PeerCollected {
  readonly collected_at: number
  readonly ip: string | null
  readonly user_agent: string | null
  readonly referer: string | null
  readonly event: Readonly<Record<string, string>>
}

interface SelfDescribing {
  readonly schema: string
  readonly data: Readonly<Record<string, unknown>>
}

const BROWSERS = [
  /(Edg)\/([\d.]+)/,
  /(OPR)\/([\d.]+)/,
  /(Firefox)\/([\d.]+)/,
  /(Chrome)\/([\d.]+)/,
  /(Safari)\/([\d.]+)/,
]
const SYSTEMS = [
  /(Windows) NT ([\d.]+)/,
  /(Android) ([\d.]+)/,
  /(iPhone) OS ([\d_]+)/,
  /(Mac OS X) ([\d_]+)/,
  /(Linux)()/,
]
const PAGES: readonly (readonly [string, RegExp])[] = [
  ['home', /^\/$/],
  ['product', /^\/products?\//],
  ['list', /^\/(?:collections?|categor(?:y|ies))\//],
  ['cart', /^\/(?:cart|basket)/],
  ['checkout', /^\/checkout/],
]
const SEARCHERS = ['google', 'bing', 'duckduckgo', 'yahoo', 'ecosia']
const NETWORKS = ['instagram', 'facebook', 'twitter', 'pinterest', 'tiktok']

const ajv = new Ajv({ strict: false, allErrors: false })
formats.default(ajv)
ajv.addFormat('ipv4', true)
const validators = new Map<string, ValidateFunction>()

function validatorOf(schema: string): ValidateFunction {
  let validate = validators.get(schema)
  if (validate === undefined) {
    const [, vendor, name, , version] = /^iglu:([^/]+)\/([^/]+)\/([^/]+)\/(.+)$/.exec(schema)!
    const text = readFileSync(join(EVENT_SCHEMAS_DIR, vendor!, name!, `${version!}.json`), 'utf8')
    const { $schema: _, self: __, ...body } = JSON.parse(text) as Record<string, unknown>
    validators.set(schema, (validate = ajv.compile(body)))
  }
  return validate
}

function checked(item: SelfDescribing): SelfDescribing {
  const validate = validatorOf(item.schema)
  if (!validate(item.data)) throw new Error(ajv.errorsText(validate.errors))
  return item
}

const numberOf = (text: string | undefined): number | null => (text === undefined ? null : Number(text))

function sizeOf(text: string | undefined): [number | null, number | null] {
  const [width, height] = (text ?? '').split('x')
  return [numberOf(width || undefined), numberOf(height)]
}

function firstMatch(patterns: readonly RegExp[], text: string): [string | null, string | null] {
  for (const pattern of patterns) {
    const match = pattern.exec(text)
    if (match !== null) return [match[1]!, match[2]!]
  }
  return [null, null]
}

function mediumOf(host: string): string {
  if (SEARCHERS.some(name => host.includes(name))) return 'search'
  if (NETWORKS.some(name => host.includes(name))) return 'social'
  return host === 'shop.example.com' ? 'internal' : 'unknown'
}

/** Returns the good event in Avro. Throws when the event is bad. */
export function enrichPeer(text: string): Buffer {
  const { collected_at, ip, user_agent, referer, event } = JSON.parse(text) as PeerCollected
  if (event['e'] === undefined || event['eid'] === undefined) throw new Error('e and eid are needed')
  const wrapper =
    event['ue_pr'] === undefined ? undefined : (JSON.parse(event['ue_pr']) as { data: SelfDescribing })
  const data = wrapper === undefined ? undefined : checked(wrapper.data)
  const entities =
    event['co'] === undefined ? [] : (JSON.parse(event['co']) as { data: SelfDescribing[] }).data.map(checked)
  const page = new URL(event['url'] ?? referer ?? 'about:blank')
  const referrer = event['refr'] === undefined ? undefined : new URL(event['refr'])
  const [browser, browser_version] = firstMatch(BROWSERS, user_agent ?? '')
  const [os, os_version] = firstMatch(SYSTEMS, user_agent ?? '')
  const product = entities.find(({ schema }) => schema.includes('/product/'))?.data
  const [viewport_width, viewport_height] = sizeOf(event['vp'])
  const [screen_width, screen_height] = sizeOf(event['res'])
  const [document_width, document_height] = sizeOf(event['ds'])
  const created_at = numberOf(event['dtm'])
  const sent_at = numberOf(event['stm'])
  const page_kind = PAGES.find(([, pattern]) => pattern.test(page.pathname))?.[0] ?? 'other'
  const good: PeerGood = {
    ...BLANK,
    event_id: event['eid'],
    event_name: data === undefined ? event['e'] : data.schema.split('/')[1]!,
    app_id: event['aid'] ?? null,
    platform: event['p'] ?? null,
    tracker: event['tv'] ?? null,
    namespace: event['tna'] ?? null,
    language: event['lang'] ?? null,
    timezone: event['tz'] ?? null,
    visitor_id: event['duid'] ?? null,
    session_id: event['sid'] ?? null,
    network_id: event['nuid'] ?? null,
    user_id: event['uid'] ?? null,
    ip: ip?.replace(/\.\d+$/, '.0') ?? null,
    page_url: page.href,
    page_title: event['page'] ?? null,
    page_host: page.host,
    page_path: page.pathname,
    page_query: page.search.slice(1) || null,
    page_fragment: page.hash.slice(1) || null,
    page_kind,
    referrer_url: referrer?.href ?? null,
    referrer_host: referrer?.host ?? null,
    referrer_path: referrer?.pathname ?? null,
    referrer_medium: referrer === undefined ? null : mediumOf(referrer.host),
    mkt_medium: page.searchParams.get('utm_medium'),
    mkt_source: page.searchParams.get('utm_source'),
    mkt_campaign: page.searchParams.get('utm_campaign'),
    mkt_term: page.searchParams.get('utm_term'),
    mkt_content: page.searchParams.get('utm_content'),
    user_agent,
    browser,
    browser_version,
    os,
    os_version,
    device: /Mobi|Android|iPhone/.test(user_agent ?? '') ? 'mobile' : 'desktop',
    action:
      (data?.data['type'] as string | undefined) ?? (page_kind === 'product' ? 'product_view' : 'page_view'),
    product_id: (product?.['id'] as string | undefined) ?? null,
    category: (product?.['category'] as string | undefined) ?? null,
    currency: (product?.['currency'] as string | undefined) ?? null,
    price: (product?.['price'] as number | undefined) ?? null,
    quantity: (product?.['quantity'] as number | undefined) ?? null,
    contexts: entities.length === 0 ? null : JSON.stringify(entities),
    data: data === undefined ? null : JSON.stringify(data),
    fingerprint: createHash('sha256').update(JSON.stringify(event)).digest('hex'),
    collected_at,
    created_at,
    sent_at,
    event_time: collected_at - Math.max(0, (sent_at ?? 0) - (created_at ?? 0)),
    session_index: numberOf(event['vid']),
    viewport_width,
    viewport_height,
    screen_width,
    screen_height,
    document_width,
    document_height,
  }
  return GOOD_TYPE.toBuffer(good)
}
