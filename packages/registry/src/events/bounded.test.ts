import { expect, test } from 'vitest'
import { loadEventSchemas } from './events.ts'
import { prepareSchema } from './prepare.ts'
import { compileSchema, type Validator } from './validate.ts'

const PLACE = { vendor: 'acme', name: 'tree', version: '1-0-0' }

// Anyone may send any data, so no data may keep a check busy: about 50 ms are allowed, and some machines are slower.

const CPU_MS_MAX = 1_000
const MEGABYTE = 1_000_000
const LONG = 200_000

function validatorOf(schema: object): Validator {
  return compileSchema(prepareSchema(schema as Record<string, unknown>, PLACE).rules, '07')
}

/** What the check finds, once it is found in time. The first check of a schema may warm up. */
function checked(validate: Validator | undefined, data: unknown): string | undefined {
  const began = process.threadCpuUsage()
  const message = validate?.(data)[0]?.message
  const { user, system } = process.threadCpuUsage(began)
  expect((user + system) / 1_000).toBeLessThan(CPU_MS_MAX)
  return message
}

const tree = (depth: number): object => (depth === 0 ? {} : { child: tree(depth - 1) })
const FIELDS = Array.from({ length: 5_000 }, (_, i) => `f${i}`)
const ITEMS = Array.from({ length: 10_000 }, (_, i) => ({ id: i, tags: ['a', 'b'], name: 'x'.repeat(20) }))

test('10,000 different items are unique, and a copy among them is found', () => {
  const validate = validatorOf({ uniqueItems: true })
  expect(checked(validate, ITEMS)).toBeUndefined()
  expect(checked(validate, [...ITEMS, { name: 'x'.repeat(20), tags: ['a', 'b'], id: 0 }])).toBe(
    'must NOT have duplicate items',
  )
})

test.each([
  [[1, '1', true, 'true', null, 'null', [], {}, [1], ['1']], undefined],
  [
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    'must NOT have duplicate items',
  ],
  [[{ a: [1, 2] }, { a: [2, 1] }], undefined],
  [[1, 1.0], 'must NOT have duplicate items'],
  [[], undefined],
])('unique are items that JSON tells apart: %j', (items, fault) => {
  expect(validatorOf({ uniqueItems: true })(items)[0]?.message).toBe(fault)
  expect(validatorOf({ uniqueItems: false })(items)).toEqual([])
})

const TOO_LONG = /^takes more than 1000000 steps to check against its schema/

test.each<[what: string, schema: object, data: unknown]>([
  [
    'alternatives within alternatives',
    {
      $ref: '#/definitions/node',
      definitions: {
        node: {
          oneOf: [
            { allOf: [{ properties: { child: { $ref: '#/definitions/node' } } }, { required: ['a'] }] },
            { allOf: [{ properties: { child: { $ref: '#/definitions/node' } } }, { required: ['b'] }] },
            {},
          ],
        },
      },
    },
    tree(31),
  ],
  [
    'many long choices',
    { items: { enum: Array.from({ length: 5_000 }, (_, i) => `choice-${i}`) } },
    new Array(100_000).fill('choice-4999'),
  ],
  [
    'many required fields',
    { items: { required: FIELDS } },
    new Array(100_000).fill(Object.fromEntries(FIELDS.map(name => [name, 1]))),
  ],
  ['a schema that is itself', { $ref: '#' }, {}],
  ['a schema of itself', { allOf: [{ $ref: '#' }, { $ref: '#' }] }, {}],
])('%s: the data does not fit', (_what, schema, data) => {
  expect(checked(validatorOf(schema), data)).toMatch(TOO_LONG)
})

test.each([
  '^(a+)+$',
  '^(a|a)*$',
  '^([a-z]+)*$',
  '^(.*,){11}P',
  '^(a?){30}a{30}$',
  '\\s+$',
  '(x+x+)+y',
  '^(a|b)*a(a|b){12}$',
  '^.{0,1000}x.{0,900}y$',
  '^a*a{99}$',
  '^[^@]+@[^@]+\\.[^@]+$',
])('a text of a megabyte against %s', pattern => {
  for (const text of ['a', ' ', ',', 'x', 'ab', 'aab'])
    checked(validatorOf({ pattern }), text.repeat(MEGABYTE / text.length) + '!')
})

test.each([
  'date',
  'time',
  'date-time',
  'iso-time',
  'duration',
  'uri',
  'uri-reference',
  'uri-template',
  'url',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'regex',
  'uuid',
  'json-pointer',
  'json-pointer-uri-fragment',
  'relative-json-pointer',
  'byte',
])('a long text as the format %s', format => {
  const validate = validatorOf({ format })
  for (const text of ['a', '0', ':', '/', '-', 'a.', 'a-', '{a}', '%41', '(', '1:', 'http://a:@'])
    for (const start of ['', 'http://', '/', 'P', 'a@a.', '2026-01-01T00:00:00.'])
      checked(validate, start + text.repeat(LONG / text.length) + '\n')
})

test('an event of a megabyte against every schema that ships', () => {
  const schemas = loadEventSchemas([])
  for (const { ref, fields } of schemas.list()) {
    const validate = schemas.validator(ref)
    for (const value of [
      'x'.repeat(MEGABYTE),
      '-'.repeat(MEGABYTE),
      ITEMS,
      new Array(100_000).fill('a'),
      tree(31),
    ]) {
      checked(validate, Object.fromEntries(fields.map(({ name }) => [name, value])))
      checked(validate, value)
    }
  }
})
