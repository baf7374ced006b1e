/** The decoded value of a parameter of a query string: the first one that is not empty. */
export function queryValue(query: string | null, name: string): string | undefined {
  if (query === null || !query.includes(name)) return undefined
  for (const pair of query.split('&')) {
    if (nameOf(pair) !== name) continue
    const value = decode(pair.slice(pair.indexOf('=') + 1))
    if (value !== '' && pair.includes('=')) return value
  }
  return undefined
}

/**
 * Returns the query with some parameters changed: `change` gets a name and the decoded value, and returns the new
 * value, or undefined to leave the parameter out. Everything else stays as it was sent, byte for byte.
 */
export function changeQuery(
  query: string,
  change: (name: string, value: string) => string | undefined,
): string {
  const kept: string[] = []
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=')
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1))
    const changed = change(nameOf(pair), value)
    if (changed === value) kept.push(pair)
    else if (changed !== undefined) kept.push(`${pair.slice(0, equals)}=${encodeURIComponent(changed)}`)
  }
  return kept.join('&')
}

function nameOf(pair: string): string {
  const end = pair.indexOf('=')
  return decode(end < 0 ? pair : pair.slice(0, end))
}

function decode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
