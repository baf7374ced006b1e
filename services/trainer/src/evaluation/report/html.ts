/** Text that is markup already. */
export interface Html {
  readonly markup: string
}

type Part = string | number | Html | readonly Html[] | undefined

/** Markup from a template: whatever is put in is escaped, unless it is markup already. */
export function html(parts: TemplateStringsArray, ...values: readonly Part[]): Html {
  const markup = parts.map((part, i) => part + (i < values.length ? toMarkup(values[i]) : '')).join('')
  return { markup }
}

function toMarkup(value: Part): string {
  if (value === undefined) return ''
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return escape(value)
  if ('markup' in value) return value.markup
  return value.map(one => one.markup).join('')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, character => ENTITIES[character]!)
}
