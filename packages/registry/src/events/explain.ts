import type { ErrorObject } from 'ajv'

const VALUE_CHARS_MAX = 40
const CHOICES_MAX = 12
const DESCRIPTION_CHARS_MAX = 160

/** Rules about a value, where what the field is meant for helps. */
const VALUE_RULES: ReadonlySet<string> = new Set([
  'type',
  'format',
  'pattern',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
])

/**
 * Returns what is wrong at the place of `error`, and what would be right. It follows the place in a message, and is
 * understandable without the schema.
 */
export function explain(error: ErrorObject, data: unknown): string {
  const meant = error.parentSchema?.['description']
  const sentence = faultOf(error, data)
  return VALUE_RULES.has(error.keyword) && error.instancePath !== '' && typeof meant === 'string'
    ? `${sentence} (${clip(meant, DESCRIPTION_CHARS_MAX)})`
    : sentence
}

function faultOf(error: ErrorObject, data: unknown): string {
  const params = error.params as Record<string, unknown>
  const given = 'data' in error ? error.data : data
  switch (error.keyword) {
    case 'required':
      return `lacks "${clip(params['missingProperty'])}"`
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const name = String(params['additionalProperty'] ?? params['unevaluatedProperty'])
      const known = Object.keys((error.parentSchema?.['properties'] ?? {}) as object)
      const near = nearest(name, known)
      const hint = near === undefined ? '' : `; did you mean "${near}"?`
      return `has a field "${clip(name)}" that its schema does not know${hint}`
    }
    case 'type':
      return `must be ${oneOf([params['type']].flat())}, not ${show(given)}`
    case 'enum':
      return `must be ${oneOf((params['allowedValues'] as unknown[]).map(show))}, not ${show(given)}`
    case 'const':
      return `must be ${show(params['allowedValue'])}, not ${show(given)}`
    case 'maxLength':
      return `is longer than ${String(params['limit'])} characters`
    case 'minLength':
      return given === '' ? 'is empty' : `is shorter than ${String(params['limit'])} characters`
    case 'pattern':
      return `must match ${clip(params['pattern'], 200)}, and ${show(given)} does not`
    case 'format':
      return `must be ${FORMATS[String(params['format'])] ?? `in the format ${String(params['format'])}`}, not ${show(given)}`
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return `must be ${String(params['comparison'])} ${String(params['limit'])}, not ${show(given)}`
    case 'maxItems':
      return `has more than ${String(params['limit'])} items`
    case 'minItems':
      return `has fewer than ${String(params['limit'])} items`
    case 'maxProperties':
      return `has more than ${String(params['limit'])} fields`
    case 'minProperties':
      return `has fewer than ${String(params['limit'])} fields`
    default:
      return error.message ?? `breaks the rule "${error.keyword}"`
  }
}

const FORMATS: Readonly<Record<string, string>> = {
  uuid: 'a UUID',
  uri: 'a URL',
  'uri-reference': 'a URL or path',
  'date-time': 'a date and time such as 2026-11-20T09:30:00Z',
  date: 'a date such as 2026-11-20',
  email: 'a mail address',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
}

function oneOf(choices: readonly unknown[]): string {
  const shown = choices.slice(0, CHOICES_MAX).map(String)
  if (choices.length > CHOICES_MAX) return `one of ${shown.join(', ')} … (${choices.length} values)`
  return shown.length > 1 ? `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}` : shown.join('')
}

/** The value in as few characters as tell it apart: the whole of it is in the original bytes. */
function show(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  return clip(JSON.stringify(value) ?? 'nothing')
}

function clip(value: unknown, charsMax = VALUE_CHARS_MAX): string {
  const text = String(value)
  return text.length > charsMax ? `${text.slice(0, charsMax)}…` : text
}

/** The known name that `name` was probably meant to be. */
function nearest(name: string, known: readonly string[]): string | undefined {
  if (name.length > VALUE_CHARS_MAX) return undefined
  const plain = simplify(name)
  return (
    known.find(each => simplify(each) === plain) ?? known.find(each => isOneEditAway(plain, simplify(each)))
  )
}

const simplify = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')

/** One letter more, less, other, or two swapped. */
function isOneEditAway(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1 || Math.min(a.length, b.length) < 3) return false
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  const restA = a.slice(start)
  const restB = b.slice(start)
  return (
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    restA.slice(1) === restB.slice(1) ||
    (restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2))
  )
}
