/** Markup that `html` made: every value in it that is not markup itself has been escaped. */
export interface Html {
  readonly html: string
}

type Part = Html | string | number | null | undefined | false | readonly Part[]

/**
 * Returns the markup of a template. Each value is text and is escaped, unless `html` or `trusted` made it: names and
 * texts come from events, and events come from strangers. Null, undefined and false add nothing; an array adds its
 * parts one after another.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Html {
  return { html: strings.reduce((text, string, i) => text + render(values[i - 1]) + string) }
}

/** Marks text as markup already: a style or script of this repository. Never for text that came from elsewhere. */
export function trusted(text: string): Html {
  return { html: text }
}

function render(part: Part): string {
  if (part === null || part === undefined || part === false) return ''
  if (typeof part === 'string') return escape(part)
  if (typeof part === 'number') return String(part)
  if ('html' in part) return part.html
  return part.map(render).join('')
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
}

// Characters that reverse the direction of text, or that are invisible, would let a stranger's text pass for ours. Each is
// replaced by the visible U+FFFD.
const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\u{e0000}-\u{e007f}]/gu

function escape(text: string): string {
  return text.replace(/[&<>"'`]/g, found => ESCAPES[found] ?? '').replace(UNSEEN, '\ufffd')
}
