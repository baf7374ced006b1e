import { hash } from 'node:crypto'
import type { SentEvent } from '@sluicebox/protocol/sent-event'
import type { Columns } from './columns.ts'

/**
 * Fields in which copies of an event may differ: the ids that a client generates again, the time of sending, and the
 * collector.
 */
const LEFT_OUT = new Set(['eid', 'stm', 'nuid', 'tnuid', 'cv', 'event_id', 'sent_at'])

/**
 * A hash of what the client sent, whatever the order of its fields: equal for copies of an event that got other ids.
 * 128 bits of SHA-256 in hexadecimal.
 */
export function fingerprint(claims: Readonly<Record<string, unknown>>): string {
  let text = ''
  for (const key of countedKeys(Object.keys(claims))) {
    const value = claims[key]
    // Separators that no name and hardly a value holds, so that ab + c is not a + bc.
    text += `${key}\u001f${typeof value === 'string' ? value : JSON.stringify(value)}\u001e`
  }
  return hash('sha256', text, 'hex').slice(0, 32)
}

/** The keys of the previous event, in its own order and in the order of the hash. */
let lastKeys: readonly string[] = []
let lastCounted: readonly string[] = []

/**
 * Returns the keys that count, sorted. Most events have the same keys as the previous one, and sorting them each time
 * took longer than the hash.
 */
function countedKeys(keys: readonly string[]): readonly string[] {
  if (!hasSameItems(keys, lastKeys)) {
    lastKeys = keys
    lastCounted = keys.filter(key => !LEFT_OUT.has(key)).sort()
  }
  return lastCounted
}

function hasSameItems(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Sets the column of the fingerprint. */
export function setFingerprint(
  good: Columns<'event_fingerprint'>,
  { event }: { readonly event: Pick<SentEvent, 'claims'> },
): void {
  good.event_fingerprint = fingerprint(event.claims)
}
