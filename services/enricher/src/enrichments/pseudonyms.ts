import { createHmac } from 'node:crypto'
import { uuidOf } from '../coordinates.ts'
import { remember } from './cache.ts'

export const PSEUDONYM_FIELDS = ['user_id', 'domain_user_id', 'network_user_id', 'session_id'] as const
export type PseudonymField = (typeof PSEUDONYM_FIELDS)[number]

/** Pseudonyms of people: always the same for one person, and not reversible without the key. */
export interface Pseudonyms {
  /** The pseudonym, in the form of a UUID; the value itself for a field that is not to be changed. */
  of(field: PseudonymField, value: string | null, appId: string): string | null
}

/**
 * HMAC-SHA-256 over application, field and value: neither two applications nor two fields can be joined by it.
 * `entriesMax` pseudonyms are remembered.
 */
export function createPseudonyms(
  key: Uint8Array,
  fields: readonly PseudonymField[],
  entriesMax: number,
): Pseudonyms {
  const chosen = new Set<PseudonymField>(fields)
  const pseudonym = remember(
    text => ({ name: uuidOf(createHmac('sha256', key).update(text).digest('hex')) }),
    { entriesMax, keyLengthMax: 512 },
  )
  return {
    of(field, value, appId) {
      if (value === null || !chosen.has(field)) return value
      return pseudonym(JSON.stringify([appId, field, value])).name
    },
  }
}
