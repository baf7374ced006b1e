import { maskEmails } from '@sluicebox/protocol/email'
import { createUrlFilter, type KeepParameter } from '@sluicebox/protocol/url-filter'

/** Returns the parts of a client's text that may be stored in `good`. */
export interface Texts {
  /** Cleans a text: its URLs keep only the allowed parameters, and its e-mail addresses are masked. */
  text(text: string): string
  /** Cleans the query of a URL, or its fragment. */
  query(query: string): string
  fragment(fragment: string): string
  /** Cleans an id, which may look like a URL: masks its e-mail addresses, and changes nothing else. */
  id(id: string): string
  /** Cleans all texts and names in a JSON text that `JSON.stringify` has written. */
  json(json: string): string
}

/**
 * A JSON text without any of these is stored as it is, which is the usual case. A reference to a schema is not a URL.
 */
const SUSPECT = /[?#;@%]|(?<=[a-z-]):(?!\/\/)(?<!"iglu:)/i

/** A text without any of these contains no parameter, login, scheme or e-mail address, in any encoding. */
const MARK = /[?#;@%:\\]/

export function createTexts(keep: KeepParameter, { masksEmails }: { masksEmails: boolean }): Texts {
  const urls = createUrlFilter(keep)
  const id = (text: string): string => (masksEmails ? maskEmails(text) : text)
  const text = (each: string): string => (MARK.test(each) ? id(urls.text(each)) : each)
  return {
    text,
    id,
    query: query => id(urls.query(query)),
    fragment: fragment => id(urls.fragment(fragment)),
    json: json => (SUSPECT.test(json) ? JSON.stringify(clean(JSON.parse(json))) : json),
  }

  /** Changes the value, so the caller must not use it again. */
  function clean(value: unknown): unknown {
    if (typeof value === 'string') return text(value)
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map(clean)
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [text(key), clean(member)]))
  }
}
