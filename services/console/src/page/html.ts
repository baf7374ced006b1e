/** HTML that was made by `html`: everything in it that came from elsewhere is escaped. */
export interface Html {
  readonly html: string
}

type Part = Html | string | number | null | undefined | false | readonly Part[]

/**
 * HTML from a template. Every value is text and is escaped, unless it is itself made by `html`: events come from
 * strangers. Null, undefined and false are nothing; an array is its parts one after another.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Html {
  return { html: strings.reduce((text, string, i) => text + render(values[i - 1]) + string) }
}

/** Text of our own that is HTML already: styles and scripts. Never for what came from elsewhere. */
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

// Characters that turn the direction of text around or can't be seen would let an event's text pass for ours.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g

function escape(text: string): string {
  return text.replace(/[&<>"'`]/g, found => ESCAPES[found] ?? '').replace(UNSEEN, '\ufffd')
}
