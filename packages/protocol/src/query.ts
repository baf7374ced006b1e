/** The parameters of a query string, or of a form: percent-decoded, `+` read as a space; of repeated names the last. */
export type Query = Readonly<Record<string, string>>

/** Undefined when a name or value is not percent-encoded UTF-8. */
export function parseQuery(text: string): Query | undefined {
  // Without a prototype: a name such as __proto__ is a name like any other.
  const query = Object.create(null) as Record<string, string>
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decode(equals < 0 ? pair : pair.slice(0, equals))
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1))
    if (name === undefined || value === undefined) return undefined
    query[name] = value
  }
  return query
}

function decode(text: string): string | undefined {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    return undefined
  }
}
