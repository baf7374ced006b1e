import type { IncomingHttpHeaders } from 'node:http'
import type { AddressPrefixes } from '@sluicebox/protocol/address'
import { maskEmails } from '@sluicebox/protocol/email'
import { FIELDS } from '@sluicebox/protocol/fields'
import { fromBase64 } from '@sluicebox/protocol/ids'
import { maskPlainText } from '@sluicebox/protocol/mask'
import { createUrlFilter, parameterList } from '@sluicebox/protocol/url-filter'
import { createAnonymousData } from './anonymous-data.ts'
import { changeQuery } from './query.ts'
import type { PlainEvent } from './visitor.ts'

export interface PrivacyOptions {
  readonly honourGpc: boolean
  readonly honourDnt: boolean
}

/** Whether the visitor asked not to be identified: by the tracker's header, or by a setting of the browser. */
export function isAnonymous(headers: IncomingHttpHeaders, options: PrivacyOptions): boolean {
  return (
    headers['sp-anonymous'] !== undefined ||
    (options.honourGpc && headers['sec-gpc'] === '1') ||
    (options.honourDnt && headers['dnt'] === '1')
  )
}

/** Fields of the tracker protocol that identify a visitor, a device or a place, or that outlive a session. */
const IDENTIFYING = new Set([
  ...['duid', 'uid', 'nuid', 'tnuid', 'vid', 'ip', 'fp', 'mac', 'ad_uid', 'ctype', 'sp', 'sn', 'sa', 'st'],
  ...['tr_ci', 'tr_st', 'tr_co'],
])
/** The session id, which ends with the visit. */
const SESSION_IDS = new Set(['sid', 'session_id'])
/** Fields that an event of /v1/events may keep. Some of them hold objects; fields of trackers never do. */
const PLAIN_FIELDS = new Set([
  ...[
    'action',
    'event_id',
    'time',
    'sent_at',
    'app_id',
    'platform',
    'user_agent',
    'search_term',
    'simulated',
  ],
  ...['page', 'product', 'order', 'transaction', 'properties'],
])

export interface AnonymousOptions extends AddressPrefixes {
  /** Whether an anonymous event keeps the session id that the client sent. */
  readonly anonymousSessions: 'keep' | 'strict'
  /** Parameters that URLs keep. */
  readonly anonymousParameters: readonly string[]
}

/**
 * Removes everything from an anonymous visitor's data that may not be written, including unknown fields and entities.
 */
export interface Anonymiser {
  /** Changes the event, so the caller must not use it again. */
  event(event: PlainEvent): PlainEvent
  /** Cleans the query of a request. */
  query(query: string): string
  /**
   * Cleans a URL or any text: removes the parameters of URLs that the list does not allow, and masks e-mail and network
   * addresses.
   */
  text(text: string): string
}

export function createAnonymiser(options: AnonymousOptions): Anonymiser {
  const keepsSession = options.anonymousSessions === 'keep'
  const urls = createUrlFilter(parameterList(options.anonymousParameters))
  const keptText = (text: string): string => maskPlainText(maskEmails(urls.text(text)), options)
  const data = createAnonymousData(keptText, { keepsSession })

  return {
    text: keptText,
    query: query => changeQuery(query, keptField),
    event(event) {
      for (const name of Object.keys(event)) {
        const value = event[name]
        const kept =
          typeof value === 'string'
            ? keptField(name, value)
            : isKept(name) && (PLAIN_FIELDS.has(name) || typeof value !== 'object')
              ? data.value(value)
              : undefined
        if (kept === undefined) delete event[name]
        else event[name] = kept
      }
      return event
    },
  }

  function isKept(name: string): boolean {
    if (SESSION_IDS.has(name)) return keepsSession
    return !IDENTIFYING.has(name) && (FIELDS.has(name) || PLAIN_FIELDS.has(name) || name === 'schema')
  }

  function keptField(name: string, value: string): string | undefined {
    if (!isKept(name)) return undefined
    switch (name) {
      case 'co':
        return keptJson(value, keptEntities)
      case 'cx':
        return keptBase64(value, keptEntities)
      case 'ue_pr':
        return keptJson(value, data.event)
      case 'ue_px':
        return keptBase64(value, data.event)
      case 'ua':
      case 'user_agent':
        // Versions with four numbers look like addresses.
        return maskEmails(value)
      default:
        return keptText(value)
    }
  }

  function keptEntities(entities: unknown): unknown {
    if (!Array.isArray(entities)) return undefined
    const kept = data.entities(entities)
    return kept.length === 0 ? undefined : kept
  }
}

/**
 * Returns the wrapper with the data that `keep` returns. Data that can't be read might hold an identifier, and is left
 * out completely.
 */
function keptJson(text: string, keep: (data: unknown) => unknown): string | undefined {
  try {
    const { schema, data } = JSON.parse(text) as { schema?: unknown; data?: unknown }
    const kept = keep(data)
    return kept === undefined ? undefined : JSON.stringify({ schema, data: kept })
  } catch {
    return undefined
  }
}

function keptBase64(text: string, keep: (data: unknown) => unknown): string | undefined {
  const kept = keptJson(fromBase64(text) as string, keep)
  return kept === undefined ? undefined : Buffer.from(kept).toString('base64url')
}
