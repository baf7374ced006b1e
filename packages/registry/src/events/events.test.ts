import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EVENT_SCHEMAS_DIR, loadEventSchemas, type EventSchemas, type SchemaFinding } from './events.ts'

const ours = loadEventSchemas([])
const WEB_PAGE = 'iglu:com.snowplowanalytics.snowplow/web_page/jsonschema/1-0-0'
const DRAFT_07 = 'http://json-schema.org/draft-07/schema#'
const DRAFT_04 = 'http://json-schema.org/draft-04/schema#'
const IGLU = 'http://iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0#'

interface Fixture {
  readonly good: unknown
  readonly bad: unknown
  /** How the first fault of `bad` reads, after its place. */
  readonly fault: string
}

describe('the schemas that ship with Sluicebox', () => {
  test.each(ours.list().map(({ ref, file }) => ({ ref, file })))(
    '$ref takes the good fixture and explains the bad one',
    ({ ref, file }) => {
      const path = join(import.meta.dirname, 'fixtures/events', file.slice(EVENT_SCHEMAS_DIR.length))
      expect(existsSync(path), `write a fixture { good, bad, fault } at ${path}`).toBe(true)
      const fixture = JSON.parse(readFileSync(path, 'utf8')) as Fixture
      const validate = ours.validator(ref)
      expect(validate?.(fixture.good)).toEqual([])
      const [fault] = validate?.(fixture.bad) ?? []
      expect(`${fault?.path} ${fault?.message}`.trim()).toContain(fixture.fault)
    },
  )

  test('each describes itself', () => {
    for (const { ref, description } of ours.list()) expect(description, ref).not.toBe('')
  })

  test('a list of them names fields, types and what is required', () => {
    expect(ours.list().find(({ ref }) => ref === WEB_PAGE)?.fields).toEqual([
      { name: 'id', type: 'string', required: true, description: 'Id of the page view, a UUID.' },
    ])
  })
})

describe('a reference', () => {
  test('always gives the same validator, and valid events the same empty list', () => {
    const validate = ours.validator(WEB_PAGE)
    expect(ours.validator(WEB_PAGE)).toBe(validate)
    const page = { id: '0f6b52a0-2a1f-4c55-8f1d-3f6f9a1b7c20' }
    expect(validate?.(page)).toBe(validate?.({ ...page }))
    expect(validate?.(page)).toHaveLength(0)
  })

  test.each([
    'iglu:com.snowplowanalytics.snowplow/web_page/jsonschema/1-0-9',
    'iglu:com.snowplowanalytics.snowplow/web_page/avro/1-0-0',
    'iglu:com.snowplowanalytics.snowplow/../web_page/jsonschema/1-0-0',
    'com.snowplowanalytics.snowplow/web_page/jsonschema/1-0-0',
    `${WEB_PAGE} `,
    '__proto__',
    '',
  ])('that no folder holds gives undefined: %s', ref => {
    expect(ours.validator(ref)).toBeUndefined()
  })

  test.each<[string, string | undefined]>([
    ['1-0-7', WEB_PAGE],
    ['1-12-0', WEB_PAGE],
    ['1-0-0', undefined],
    ['2-0-0', undefined],
    ['0-9-9', undefined],
  ])('newer than all known versions of its model, %s, has a newest known one: %s', (version, newest) => {
    expect(ours.newest(WEB_PAGE.replace('1-0-0', version))).toBe(newest)
  })

  test.each(['', '__proto__', 'iglu:', WEB_PAGE.replace('web_page', 'other'), `${WEB_PAGE}-1`])(
    'of no known model has no newest known one: %j',
    ref => {
      expect(ours.newest(ref)).toBeUndefined()
    },
  )
})

describe("a site's own folder", () => {
  let dir: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'schemas-'))
  })
  afterEach(() => {
    rmSync(dir, { recursive: true })
  })

  function write(path: string, content: unknown): void {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), typeof content === 'string' ? content : JSON.stringify(content))
  }

  /** A schema for the event acme/poll 1-0-0. */
  const poll = (rules: object, $schema = DRAFT_07): object => ({
    $schema,
    self: { vendor: 'acme', name: 'poll', format: 'jsonschema', version: '1-0-0' },
    ...rules,
  })
  const POLL = 'iglu:acme/poll/jsonschema/1-0-0'

  test.each(['acme/poll/1-0-0.json', 'acme/poll/jsonschema/1-0-0'])('holds schemas as %s', path => {
    write(path, poll({ required: ['answer'] }))
    const validate = loadEventSchemas([dir]).validator(POLL)
    expect(validate?.({ answer: 1 })).toEqual([])
    expect(validate?.({})).toEqual([{ path: '', keyword: 'required', message: 'lacks "answer"' }])
  })

  test('comes before ours', () => {
    write('com.snowplowanalytics.snowplow/web_page/1-0-0.json', {
      $schema: IGLU,
      self: {
        vendor: 'com.snowplowanalytics.snowplow',
        name: 'web_page',
        format: 'jsonschema',
        version: '1-0-0',
      },
      required: ['number'],
    })
    const schemas = loadEventSchemas([dir])
    expect(schemas.validator(WEB_PAGE)?.({ number: 1 })).toEqual([])
    expect(schemas.list().filter(({ ref }) => ref === WEB_PAGE)).toHaveLength(1)
  })

  test.each([
    { $schema: IGLU, rules: { maximum: 5, exclusiveMaximum: true } },
    { $schema: DRAFT_04, rules: { maximum: 5, exclusiveMaximum: true } },
    { $schema: 'http://json-schema.org/draft-06/schema#', rules: { exclusiveMaximum: 5 } },
    { $schema: DRAFT_07, rules: { exclusiveMaximum: 5 } },
    { $schema: 'https://json-schema.org/draft/2019-09/schema', rules: { exclusiveMaximum: 5 } },
    { $schema: 'https://json-schema.org/draft/2020-12/schema', rules: { exclusiveMaximum: 5 } },
  ])('is read by the edition that it names: $$schema', ({ $schema, rules }) => {
    write('acme/poll/1-0-0.json', poll({ properties: { stars: rules } }, $schema))
    const validate = loadEventSchemas([dir]).validator(POLL)
    expect(validate?.({ stars: 4.9 })).toEqual([])
    expect(validate?.({ stars: 5 })[0]?.message).toBe('must be < 5, not 5')
  })

  test('may count in hundredths', () => {
    write('acme/poll/1-0-0.json', poll({ properties: { price: { multipleOf: 0.01 } } }))
    const validate = loadEventSchemas([dir]).validator(POLL)
    expect(validate?.({ price: 19.99 })).toEqual([])
    expect(validate?.({ price: 19.995 })).toHaveLength(1)
  })

  test('gives at most ten faults', () => {
    write(
      'acme/poll/1-0-0.json',
      poll({ anyOf: Array.from({ length: 30 }, (_, i) => ({ required: [`f${i}`] })) }),
    )
    expect(loadEventSchemas([dir]).validator(POLL)?.({})).toHaveLength(10)
  })

  const POLL_1 = 'iglu:acme/poll/jsonschema/1-0-1'

  function findings(): { schemas: EventSchemas; found: SchemaFinding[] } {
    const found: SchemaFinding[] = []
    return { schemas: loadEventSchemas([dir], finding => found.push(finding)), found }
  }

  test.each([
    { fault: 'is not JSON', content: '{' },
    { fault: 'is not a JSON object', content: [] },
    { fault: 'is larger than 256 KiB', content: poll({ description: 'x'.repeat(256 * 1024) }) },
    { fault: '"$schema": undefined', content: { self: {} } },
    { fault: '"$schema": "https://acme.test/draft"', content: poll({}, 'https://acme.test/draft') },
    {
      fault: 'its place asks for "self": {"name": "poll"}, not "pool"',
      content: {
        ...poll({}),
        self: { vendor: 'acme', name: 'pool', format: 'jsonschema', version: '1-0-0' },
      },
    },
    { fault: 'is nested more than 64 deep', content: poll(nested(70)) },
    { fault: 'is not a schema', content: poll({ type: 'text' }) },
    { fault: 'is not a schema', content: poll({ properties: { a: { minimum: '3' } } }) },
    {
      fault: '#/properties/a/pattern: Invalid regular',
      content: poll({ properties: { a: { pattern: '[a-z' } } }),
    },
    { fault: 'is not a schema', content: poll({ properties: { a: { required: true } } }, DRAFT_04) },
  ])('leaves out a file that $fault, and reports it once', ({ fault, content }) => {
    write('acme/poll/1-0-0.json', content)
    write('acme/vote/1-0-0.json', {
      ...poll({}),
      self: { vendor: 'acme', name: 'vote', format: 'jsonschema', version: '1-0-0' },
    })
    const { schemas, found } = findings()
    expect(found).toEqual([
      {
        file: join(dir, 'acme/poll/1-0-0.json'),
        level: 'unusable',
        reason: expect.stringContaining(fault),
      },
    ])
    expect(schemas.validator(POLL)).toBeUndefined()
    expect(schemas.newest(POLL_1)).toBeUndefined()
    expect(schemas.validator('iglu:acme/vote/jsonschema/1-0-0')?.({})).toEqual([])
  })

  test('leaves out a schema that only the compiler refuses, and reports it when it is first asked for', () => {
    write('acme/poll/1-0-0.json', poll({ properties: { a: { nullable: true } } }))
    const { schemas, found } = findings()
    expect(found).toEqual([])
    expect([schemas.validator(POLL), schemas.validator(POLL)]).toEqual([undefined, undefined])
    expect(found).toEqual([
      {
        file: join(dir, 'acme/poll/1-0-0.json'),
        level: 'unusable',
        reason: expect.stringContaining('nullable'),
      },
    ])
  })

  test.each([
    {
      gap: '#/properties/a/$ref points to https://acme.test/x, which is not in the folders of schemas',
      rules: { properties: { a: { $ref: 'https://acme.test/x' } } },
    },
    {
      gap: '#/properties/a/$ref points to #/definitions/gone, which is not in the folders of schemas',
      rules: { properties: { a: { $ref: '#/definitions/gone' } } },
    },
    {
      gap: '#/properties/a/$dynamicRef is not followed',
      rules: { properties: { a: { $dynamicRef: '#x' } } },
    },
    {
      gap: '#/properties/a/pattern uses what RE2 lacks',
      rules: { properties: { a: { pattern: '^(?!x)y' } } },
    },
    {
      gap: '#/properties/a/pattern uses what RE2 lacks',
      rules: { properties: { a: { pattern: '^(\\w+)\\1$' } } },
    },
    {
      gap: '#/patternProperties uses what RE2 lacks',
      rules: { patternProperties: { '^(?!x)': false }, additionalProperties: false },
    },
  ])('checks all but what it can not: $gap', ({ gap, rules }) => {
    write('acme/poll/1-0-0.json', poll({ ...rules, required: ['b'] }))
    const { schemas, found } = findings()
    expect(found).toEqual([
      {
        file: join(dir, 'acme/poll/1-0-0.json'),
        level: 'unchecked',
        reason: expect.stringMatching(/so any value is accepted there$/),
      },
    ])
    expect(found[0]?.reason).toContain(gap)
    const validate = schemas.validator(POLL)
    expect(validate?.({ a: 'x', b: 1 })).toEqual([])
    expect(validate?.({ a: 'x' })[0]?.message).toBe('lacks "b"')
  })

  test.each([
    {
      what: 'names of parts',
      rules: { properties: { a: { id: '/properties/a', $ref: '#/definitions/d' } } },
    },
    {
      what: 'a name that two parts have',
      rules: { properties: { a: { $id: 'x', type: 'string' }, b: { $id: 'x' } } },
    },
    { what: 'an encoded reference', rules: { properties: { a: { $ref: '#/definitions/a%20b' } } } },
    { what: 'its own rules again', rules: { properties: { a: { type: 'string' }, b: { $ref: '#' } } } },
    { what: 'an unknown format', rules: { properties: { a: { type: 'string', format: 'colour' } } } },
    { what: 'an unknown keyword', rules: { properties: { a: { type: 'string', pii: { level: 3 } } } } },
    {
      what: 'a pattern as older editions have it',
      rules: { properties: { a: { type: 'string', pattern: '^[\\w\\-]+\\_?$' } } },
    },
    { what: 'a long repetition', rules: { properties: { a: { type: 'string', pattern: '^.{1,4096}$' } } } },
    {
      what: 'a pattern that could run long',
      rules: { properties: { a: { type: 'string', pattern: '^(x+)+$' } } },
    },
  ])('may have $what', ({ rules }) => {
    write(
      'acme/poll/1-0-0.json',
      poll({ ...rules, definitions: { d: { type: 'string' }, 'a b': { type: 'string' } } }),
    )
    const { schemas, found } = findings()
    expect(schemas.validator(POLL)?.({ a: 'x', b: { a: 'x' } })).toEqual([])
    expect(schemas.validator(POLL)?.({ a: 7 })).toHaveLength(1)
    expect(found).toEqual([])
  })

  describe('a reference to another file of the folder is followed', () => {
    const address = (rules: object = {}, $schema = DRAFT_07): object => ({
      $schema,
      self: { vendor: 'acme', name: 'address', format: 'jsonschema', version: '1-0-0' },
      type: 'object',
      properties: { city: { $ref: '#/definitions/city' } },
      definitions: { city: { type: 'string' } },
      ...rules,
    })

    test.each([
      { by: 'its name', ref: 'iglu:acme/address/jsonschema/1-0-0' },
      { by: 'a URL of a registry', ref: 'http://schemas.acme.test/schemas/acme/address/jsonschema/1-0-0#' },
      { by: 'a path in our layout', ref: '../address/1-0-0.json' },
      { by: 'a path in the layout of a registry', ref: '../../address/jsonschema/1-0-0#' },
      { by: 'its $id', ref: 'https://acme.test/address.json' },
      { by: 'a path beside the own $id', ref: 'address.json' },
    ])('by $by: $ref', ({ ref }) => {
      write('acme/address/1-0-0.json', address({ $id: 'https://acme.test/address.json#' }))
      const own = ref === 'address.json' ? { $id: 'https://acme.test/poll.json' } : {}
      write('acme/poll/1-0-0.json', poll({ ...own, properties: { a: { $ref: ref } } }))
      const { schemas, found } = findings()
      expect(found).toEqual([])
      const validate = schemas.validator(POLL)
      expect(validate?.({ a: { city: 'Ulm' } })).toEqual([])
      expect(validate?.({ a: { city: 7 } })).toMatchObject([{ path: '/a/city' }])
    })

    test('with a place in it, around in a circle, and to itself by name', () => {
      write('acme/address/1-0-0.json', address({ properties: { of: { $ref: POLL } } }))
      write(
        'acme/poll/1-0-0.json',
        poll({
          properties: {
            city: { $ref: 'iglu:acme/address/jsonschema/1-0-0#/definitions/city' },
            at: { $ref: 'iglu:acme/address/jsonschema/1-0-0' },
            n: { $ref: `${POLL}#/definitions/n` },
          },
          definitions: { n: { type: 'integer' } },
        }),
      )
      const { schemas, found } = findings()
      expect(found).toEqual([])
      const validate = schemas.validator(POLL)
      expect(validate?.({ city: 'Ulm', n: 1, at: { of: { at: { of: { n: 2 } } } } })).toEqual([])
      expect(validate?.({ city: 7 })).toHaveLength(1)
      expect(validate?.({ at: { of: { at: { of: { n: 'x' } } } } })).toMatchObject([
        { path: '/at/of/at/of/n' },
      ])
    })

    test.each([
      { what: 'is missing', other: undefined },
      { what: 'is not JSON', other: '{' },
      { what: 'breaks the rules of schemas', other: address({ type: 7 }) },
      { what: 'has a broken pattern', other: address({ pattern: '(' }) },
      { what: 'is of another edition', other: address({}, DRAFT_04) },
    ])('but one that $what costs only its part', ({ other }) => {
      if (other !== undefined) write('acme/address/1-0-0.json', other)
      write(
        'acme/poll/1-0-0.json',
        poll({ properties: { a: { $ref: 'iglu:acme/address/jsonschema/1-0-0' }, b: { type: 'string' } } }),
      )
      const { schemas, found } = findings()
      expect(found).toContainEqual({
        file: join(dir, 'acme/poll/1-0-0.json'),
        level: 'unchecked',
        reason: expect.stringContaining('#/properties/a/$ref points to iglu:acme/address/jsonschema/1-0-0'),
      })
      expect(schemas.validator(POLL)?.({ a: 1, b: 'x' })).toEqual([])
      expect(schemas.validator(POLL)?.({ b: 1 })).toHaveLength(1)
    })

    test('up to a number of files', () => {
      const chain = (n: number): object => ({
        $schema: DRAFT_07,
        self: { vendor: 'acme', name: `c${n}`, format: 'jsonschema', version: '1-0-0' },
        properties: { next: { $ref: `iglu:acme/c${n + 1}/jsonschema/1-0-0` } },
      })
      for (let n = 0; n < 40; n++) write(`acme/c${n}/1-0-0.json`, chain(n))
      const { schemas, found } = findings()
      expect(found.find(({ file }) => file.includes('/c0/'))?.reason).toContain('c33/')
      expect(schemas.validator('iglu:acme/c0/jsonschema/1-0-0')?.({ next: { next: {} } })).toEqual([])
    })
  })

  test('may be a checkout of a registry', () => {
    write('README.md', 'Our schemas.')
    write('schemas/acme/poll/jsonschema/1-0-0', poll({}))
    write('schemas/acme/poll/avro/1-0-0', '{}')
    const { schemas, found } = findings()
    expect(schemas.validator(POLL)?.({})).toEqual([])
    expect(found).toEqual([])
  })

  test('without any schema is reported', () => {
    write('acme/README.md', 'None yet.')
    expect(findings().found).toEqual([
      {
        file: dir,
        level: 'unusable',
        reason: 'holds no schema: one is <vendor>/<name>/<version>.json in it',
      },
    ])
  })

  test('is not searched for what is not a schema', () => {
    write('acme/poll/README.md', 'Polls.')
    write('acme/poll/draft.json', '{')
    write('.git/config', '')
    expect(loadEventSchemas([dir]).list()).toEqual(ours.list())
  })

  test('may use names that are keywords elsewhere', () => {
    write(
      'acme/poll/1-0-0.json',
      poll({
        properties: {
          pattern: { type: 'string' },
          properties: { type: 'object' },
          default: { type: 'integer' },
        },
        examples: [{ $ref: 'https://acme.test/x' }],
      }),
    )
    expect(loadEventSchemas([dir]).validator(POLL)?.({ pattern: '(', default: 'x' })[0]?.message).toContain(
      'must be integer',
    )
  })

  test('that is missing, or is a file, stops the start', () => {
    expect(() => loadEventSchemas([join(dir, 'gone')])).toThrow('There is no folder of event schemas')
    write('schemas.json', '{}')
    expect(() => loadEventSchemas([join(dir, 'schemas.json')])).toThrow(
      /schemas\.json can't be read: ENOTDIR/,
    )
  })
})

function nested(levels: number): object {
  return levels === 0 ? {} : { not: nested(levels - 1) }
}
