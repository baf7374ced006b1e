import { isUtf8 } from 'node:buffer'
import type { PlainEvent } from './visitor.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const COLON = 0x3a
const COMMA = 0x2c
const LETTER_D = 0x64
const LETTER_I = 0x69
const LETTER_P = 0x70
const LETTER_R = 0x72
const LETTER_S = 0x73
/** The bit that makes a capital a small letter. */
const LOWER_CASE = 0x20

const IDS = new Set(['duid', 'tnuid', 'nuid', 'sid', 'eid'])

/** How deep it goes: the envelope, its array `data`, and the events in that. */
const IN_ENVELOPE = 1
const IN_DATA = 2
const IN_EVENT = 3

/**
 * Finds the ids in the events of a tracker's body in one walk over its bytes. Nearly all bodies belong to one visitor
 * and are stored as they came; finding that out without parsing takes half the time and makes no garbage. Returns
 * undefined when the bytes do not tell for sure, or when something in them must not be stored as it is: then the body
 * has to be parsed. It does not check the rest of the body.
 */
export function glanceAtEvents(body: Buffer): readonly PlainEvent[] | undefined {
  if (body[0] !== OPEN_OBJECT || !isUtf8(body)) return undefined
  const events: PlainEvent[] = []
  let event: PlainEvent | undefined
  let depth = 0
  let textStart = 0
  let textEnd = 0
  let isEscaped = false
  /** The id whose value comes next. */
  let id: string | undefined
  let data: 'before' | 'next' | 'inside' | 'after' = 'before'

  for (let at = 0; at < body.length; at++) {
    const byte = body[at] as number
    switch (byte) {
      case QUOTE:
        if (depth === IN_DATA && data === 'inside') return undefined
        textStart = ++at
        isEscaped = false
        for (; at < body.length; at++) {
          const inside = body[at]
          if (inside === QUOTE) break
          if (inside === BACKSLASH) {
            isEscaped = true
            at++
          }
        }
        textEnd = at
        if (id !== undefined && depth === IN_EVENT) {
          if (isEscaped) return undefined
          ;(event as PlainEvent)[id] = body.toString('utf8', textStart, textEnd)
          id = undefined
        }
        break
      case COLON:
        if (depth === IN_EVENT && data === 'inside') {
          // A name with escapes may be any name.
          if (isEscaped) return undefined
          const last = body[textEnd - 1] as number
          if (last === LETTER_D) {
            const name = textEnd - textStart <= 5 ? body.toString('latin1', textStart, textEnd) : ''
            id = IDS.has(name) ? name : undefined
            // Of two members with one name the last counts, whatever it is.
            if (id !== undefined) delete (event as PlainEvent)[id]
          } else if (mayNameAddress(body[textEnd - 2], last)) return undefined
        } else if (depth === IN_ENVELOPE) {
          if (isEscaped) return undefined
          const name = textEnd - textStart <= 6 ? body.toString('latin1', textStart, textEnd) : ''
          if (name === 'data') {
            if (data !== 'before') return undefined
            data = 'next'
          } else if (name !== 'schema') return undefined
        }
        break
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        depth++
        if (depth === IN_EVENT && data === 'inside') {
          if (byte !== OPEN_OBJECT) return undefined
          event = {}
          events.push(event)
        } else if (depth === IN_DATA && data === 'next') {
          if (byte !== OPEN_ARRAY) return undefined
          data = 'inside'
        } else id = undefined
        break
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        if (depth === IN_DATA && data === 'inside') data = 'after'
        depth--
        id = undefined
        break
      case COMMA:
        id = undefined
        break
      default:
        // An event that is a number or a word.
        if (byte > 0x20 && depth === IN_DATA && data === 'inside') return undefined
    }
  }
  return depth === 0 && data === 'after' && events.length > 0 ? events : undefined
}

/** Names such as ip, client_ip, userIP, remote_addr and ip_address: their values may have to be truncated. */
function mayNameAddress(beforeLast: number | undefined, last: number): boolean {
  const end = last | LOWER_CASE
  const before = (beforeLast ?? 0) | LOWER_CASE
  if (end === LETTER_P) return before === LETTER_I
  return (end === LETTER_R && before === LETTER_D) || (end === LETTER_S && before === LETTER_S)
}
