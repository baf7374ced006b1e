import type {
  BadRecord,
  GoodRecord,
  RawRecord,
  ScoredRecord,
  StreamName,
  StreamRecords,
} from '@sluicebox/event/records'
import { paint } from '../terminal.ts'

/** One line a person can read, for `sluicebox tail`. */
export function describeRecord<Name extends StreamName>(stream: Name, record: StreamRecords[Name]): string {
  switch (stream) {
    case 'raw':
      return describeRaw(record as RawRecord)
    case 'good':
      return describeGood(record as GoodRecord)
    case 'bad':
      return describeBad(record as BadRecord)
    case 'scored':
      return describeScored(record as ScoredRecord)
    default:
      return stream satisfies never
  }
}

/** The record as one line of JSON: bytes as text if they are UTF-8, else as base64. */
export function toJson(record: object): string {
  return JSON.stringify(record, (_key, value: unknown) => {
    if (isBufferJson(value)) return bytesText(Buffer.from(value.data))
    return value instanceof Uint8Array ? bytesText(value) : value
  })
}

function isBufferJson(value: unknown): value is { type: 'Buffer'; data: number[] } {
  return typeof value === 'object' && value !== null && (value as { type?: unknown }).type === 'Buffer'
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Bytes as text; as base64 with a mark in front where they are not UTF-8. */
export function bytesText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    return `base64:${Buffer.from(bytes).toString('base64')}`
  }
}

const time = (ms: number): string => paint('dim', new Date(ms).toISOString())

function describeRaw(record: RawRecord): string {
  if (record.kind === 'heartbeat') return `${time(record.collected_at)} ${paint('dim', 'heartbeat')}`
  const query = record.querystring === null ? '' : `?${record.querystring.slice(0, 80)}`
  const body = record.body === null ? '' : ` ${record.body.length} bytes`
  return `${time(record.collected_at)} ${safe(record.visitor)} ${safe(record.path)}${safe(query)}${body}`
}

function describeGood(record: GoodRecord): string {
  if (record.kind === 'heartbeat') return `${time(record.collected_at)} ${paint('dim', 'heartbeat')}`
  const product = record.product_id === null ? '' : ` ${safe(record.product_id)}`
  const price = record.price === null ? '' : ` at ${record.price}`
  return `${time(record.event_time)} ${safe(record.session_id ?? record.visitor)} ${paint('bold', safe(record.action))} on ${safe(record.page_kind)}${product}${price}`
}

function describeBad(record: BadRecord): string {
  return `${time(record.collected_at)} ${paint('red', record.reason)} ${safe(record.message)}`
}

function describeScored(record: ScoredRecord): string {
  const score =
    record.probability === null
      ? paint('dim', `no score: ${record.no_score_reason ?? 'unknown'}`)
      : paint('bold', `${(record.probability * 100).toFixed(1)} %`)
  const outcome =
    record.kind === 'final'
      ? ` ${record.goal_reached === true ? paint('green', 'reached the goal') : 'did not reach the goal'}`
      : ` after ${safe(record.action ?? '')}`
  const reasons = record.reasons
    .slice(0, 3)
    .map(
      reason =>
        `${safe(reason.feature)} ${reason.contribution >= 0 ? '+' : ''}${reason.contribution.toFixed(2)}`,
    )
    .join(', ')
  return `${time(record.event_time)} ${safe(record.session_id)} n=${record.n} ${record.kind}${outcome}: ${score}${reasons === '' ? '' : paint('dim', ` (${reasons})`)}`
}

/** Replaces control characters, so that what a client sent can't control the terminal. */
function safe(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '�').slice(0, 200)
}
