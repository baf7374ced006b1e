import { isAscii, isUtf8 } from 'node:buffer'

// Foreign JSON as text: parsed, or cut into the exact characters of its items.

/** The text of `bytes` without a byte order mark; undefined when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (isAscii(buffer)) return buffer.toString('latin1')
  if (!isUtf8(buffer)) return undefined
  const text = buffer.toString('utf8')
  return text.startsWith('\ufeff') ? text.slice(1) : text
}

/** A value, or undefined when `text` is not JSON. (No JSON text means undefined.) */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/**
 * The texts of the items of the array that `text` is, or, with `key`, that its member of that name is (the last one,
 * as JSON.parse takes it). `text` must be JSON and have the array. For bad events only: their bytes are kept as they
 * were sent, whatever numbers, escapes or repeated keys they hold.
 */
export function itemTexts(text: string, key?: string): string[] {
  let at = skipSpace(text, 0)
  if (key !== undefined) at = memberAt(text, at, key)
  const items: string[] = []
  at = skipSpace(text, at + 1)
  while (text[at] !== ']') {
    const end = valueEnd(text, at)
    items.push(text.slice(at, end))
    at = skipSpace(text, end)
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return items
}

/** Where the value of the object's last member called `key` begins. */
function memberAt(text: string, objectAt: number, key: string): number {
  let found = -1
  let at = skipSpace(text, objectAt + 1)
  while (text[at] !== '}') {
    const nameEnd = valueEnd(text, at)
    const name = JSON.parse(text.slice(at, nameEnd)) as string
    const valueStart = skipSpace(text, skipSpace(text, nameEnd) + 1)
    if (name === key) found = valueStart
    at = skipSpace(text, valueEnd(text, valueStart))
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return found
}

/** Returns the end of the value that begins at `start`. */
function valueEnd(text: string, start: number): number {
  const first = text[start]
  if (first === '"') return stringEnd(text, start)
  if (first !== '{' && first !== '[') {
    let end = start
    while (end < text.length && !',]} \t\r\n'.includes(text[end] as string)) end++
    return end
  }
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const char = text[at]
    if (char === '"') at = stringEnd(text, at) - 1
    else if (char === '{' || char === '[') depth++
    else if ((char === '}' || char === ']') && --depth === 0) return at + 1
  }
  return text.length
}

function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at + 1
  }
  return text.length
}

function skipSpace(text: string, at: number): number {
  while (at < text.length && ' \t\r\n'.includes(text[at] as string)) at++
  return at
}
