import { describe, expect, test } from 'vitest'
import { compileSchema } from './validate.ts'

/** The message of the first fault of `data`. */
function fault(rules: object, data: unknown): string | undefined {
  return compileSchema(rules as Record<string, unknown>, '07')(data)[0]?.message
}

describe('a fault says where, what and what would be right', () => {
  test.each([
    [{ required: ['action'] }, {}, 'lacks "action"'],
    [{ properties: { page: { required: ['url'] } } }, { page: {} }, 'lacks "url"'],
    [{ type: ['string', 'null'] }, 7, 'must be string or null, not 7'],
    [{ type: 'number' }, '12,90', 'must be number, not "12,90"'],
    [{ type: 'number' }, [1], 'must be number, not an array of 1'],
    [{ type: 'number' }, {}, 'must be number, not an object'],
    [{ type: 'string' }, null, 'must be string, not null'],
    [{ enum: ['a', 'b', null] }, 'c', 'must be "a", "b" or null, not "c"'],
    [{ const: 'a' }, 'c', 'must be "a", not "c"'],
    [{ maxLength: 3 }, 'abcd', 'is longer than 3 characters'],
    [{ minLength: 1 }, '', 'is empty'],
    [{ minLength: 3 }, 'ab', 'is shorter than 3 characters'],
    [{ pattern: '^a$' }, 'b', 'must match ^a$, and "b" does not'],
    [{ format: 'date-time' }, 'now', 'must be a date and time such as 2026-11-20T09:30:00Z, not "now"'],
    [{ format: 'ipv4' }, 'x', 'must be an IPv4 address, not "x"'],
    [{ minimum: 0 }, -1, 'must be >= 0, not -1'],
    [{ maxItems: 1 }, [1, 2], 'has more than 1 items'],
    [{ maxProperties: 1 }, { a: 1, b: 2 }, 'has more than 1 fields'],
    [{ minProperties: 1 }, {}, 'has fewer than 1 fields'],
    [{ multipleOf: 2 }, 3, 'must be multiple of 2'],
    [{ not: {} }, 1, 'must NOT be valid'],
  ])('%j against %j', (rules, data, message) => {
    expect(fault(rules, data)).toBe(message)
  })

  test('a value is shown in part, its control characters escaped', () => {
    expect(fault({ type: 'number' }, `${'x'.repeat(500)}`)).toBe(`must be number, not "${'x'.repeat(39)}…`)
    expect(fault({ type: 'number' }, '\u001b[2J\n')).toBe('must be number, not "\\u001b[2J\\n"')
  })

  test('a long list of choices is cut', () => {
    const many = Array.from({ length: 40 }, (_, i) => i)
    expect(fault({ enum: many }, 'x')).toContain('10, 11 … (40 values)')
  })

  test('what a field is for is said beside a wrong value, not beside a missing one', () => {
    const stars = { type: 'integer', description: 'How many stars.' }
    expect(fault({ properties: { stars } }, { stars: 'five' })).toBe(
      'must be integer, not "five" (How many stars.)',
    )
    expect(fault({ description: 'A poll.', required: ['stars'] }, {})).toBe('lacks "stars"')
  })
})

describe('an unknown field', () => {
  const rules = { properties: { session_id: {}, action: {}, id: {} }, additionalProperties: false }
  test.each([
    ['sessionId', 'did you mean "session_id"?'],
    ['Action', 'did you mean "action"?'],
    ['actoin', 'did you mean "action"?'],
    ['actions', 'did you mean "action"?'],
    ['acton', 'did you mean "action"?'],
    ['bction', 'did you mean "action"?'],
  ])('%s: %s', (name, hint) => {
    expect(fault(rules, { [name]: 1 })).toBe(`has a field "${name}" that its schema does not know; ${hint}`)
  })

  test.each(['price', 'ix', 'x'.repeat(41), '__proto__'])(
    'far from all known ones gets no hint: %s',
    name => {
      expect(fault(rules, JSON.parse(`{"${name}":1}`))).not.toContain('did you mean')
    },
  )
})
