import { maskEmails } from '@sluicebox/protocol/email'
import { createUrlFilter, type KeepParameter } from '@sluicebox/protocol/url-filter'

/** What of a text of the client's may be stored in `good`. */
export interface Texts {
  /** Of a text: its URLs have the parameters that may be kept, and its e-mail addresses are masked. */
  text(text: string): string
  /** Of the query of a URL, of its fragment. */
  query(query: string): string
  fragment(fragment: string): string
  /** Of an id, which may look like a URL: its e-mail addresses are masked, and nothing else is changed. */
  id(id: string): string
  /** Of all texts and names in a JSON text, which `JSON.stringify` has written. */
  json(json: string): string
}

/** What a JSON text without these holds is stored as it is: most are. A reference to a schema is not a URL. */
const SUSPECT = /[?#;@%]|(?<=[a-z-]):(?!\/\/)(?<!"iglu:)/i

/** A text without these holds neither a parameter nor a login, a scheme or an e-mail address, in any encoding. */
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

  /** Takes a value that nobody else uses: it is changed. */
  function clean(value: unknown): unknown {
    if (typeof value === 'string') return text(value)
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map(clean)
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [text(key), clean(member)]))
  }
}
