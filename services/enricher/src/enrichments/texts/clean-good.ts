import type { Draft, GoodRecord } from '@sluicebox/event/records'
import type { Page } from '../urls/page.ts'
import type { Referrer } from '../urls/referrer.ts'
import type { Texts } from './texts.ts'

/**
 * How each column that a client fills with text is cleaned before it is stored. A column of text that is in no list
 * can't hold anything private, or exists to identify; the tests name all of these.
 */
export const CLEANED = {
  text: [
    ...['app_id', 'platform', 'tracker', 'tracker_namespace', 'language', 'timezone', 'page_title'],
    ...['category', 'search_term', 'currency'],
    ...['struct_category', 'struct_action', 'struct_label', 'struct_property'],
    ...['mkt_medium', 'mkt_source', 'mkt_term', 'mkt_content', 'mkt_campaign'],
  ],
  id: ['product_id', 'order_id', 'mkt_click_id'],
  json: ['event_data', 'contexts'],
} as const satisfies Partial<Record<keyof Texts, readonly (keyof GoodRecord)[]>>

type TextColumn = (typeof CLEANED)[keyof typeof CLEANED][number]

/** Cleans the client's texts in the columns of a record. This is the last step for a record. */
export function cleanGood(good: Draft<GoodRecord>, texts: Texts): void {
  cleanColumns(good, CLEANED.text, texts.text)
  cleanColumns(good, CLEANED.id, texts.id)
  cleanColumns(good, CLEANED.json, texts.json)
  if (good.notes.length > 0) good.notes = good.notes.map(texts.text)
}

function cleanColumns(
  good: Draft<GoodRecord>,
  names: readonly TextColumn[],
  clean: (text: string) => string,
): void {
  for (const name of names) {
    const sent = good[name]
    if (sent === null) continue
    const stored = clean(sent)
    // Nearly all stay as they are, and writing a column by its name costs more than reading it.
    if (stored !== sent) good[name] = stored
  }
}

/**
 * Characters that may hide a parameter, a login or an e-mail address in a part of a URL, besides the marks between its
 * parts, which were read already. Most parts contain none, and a URL that is seen once should cost little.
 */
const HIDING = { path: /[;@%\\?#]|:\/\//, parameters: /[;@%\\?#:/]/ }

/** Whether a part of a URL has to be cleaned. */
const hides = (text: string | null, marks: RegExp): boolean => text !== null && marks.test(text)

/** Cleans the URL of a page. This happens before the rules read it, so that values from its path are clean too. */
export function cleanPage(page: Page, texts: Texts): Page {
  const { host, path, query, fragment } = page
  if (
    !hides(host, HIDING.path) &&
    !hides(path, HIDING.path) &&
    !hides(query, HIDING.parameters) &&
    !hides(fragment, HIDING.parameters)
  )
    return page
  return {
    ...page,
    url: cleaned(page.url, texts.text),
    host: cleaned(page.host, texts.id),
    path: cleaned(page.path, texts.text),
    query: cleaned(page.query, texts.query),
    fragment: cleaned(page.fragment, texts.fragment),
  }
}

/** Cleans the URL of a referrer. */
export function cleanReferrer(referrer: Referrer, texts: Texts): Referrer {
  return {
    ...referrer,
    url: cleaned(referrer.url, texts.text),
    host: cleaned(referrer.host, texts.id),
    path: cleaned(referrer.path, texts.text),
    term: cleaned(referrer.term, texts.text),
  }
}

function cleaned(text: string | null, clean: (text: string) => string): string | null {
  return text === null ? null : clean(text) || null
}
