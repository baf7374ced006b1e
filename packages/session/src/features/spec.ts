import { canonicalJson, sha256 } from '@sluicebox/event/canonical'
import { z } from 'zod'
import { COUNTED_FIELDS, NUMBER_FIELDS, TEXT_FIELDS, type Field, type TextField } from './fields.ts'

// The declarations that a data scientist writes, one line per feature. Features are made of the events before the goal,
// in the order of the log; time is event time that never goes back (an event older than the one before counts as
// simultaneous with it). Where there is nothing to say a feature is missing (NaN), but counts and sums are 0.

/** A value that an event must have in a field; a list means any of them; `not`: any value but these. */
type TextTest = string | readonly string[] | { not: string | readonly string[] } | { exists: boolean }

/** Which events a feature looks at: every test must hold. */
export type Where = {
  readonly [F in Field]?: (F extends TextField ? TextTest : { exists: boolean }) | undefined
}

/** Different values that a feature remembers of one session, unless it says otherwise. */
export const VALUES_DEFAULT = 16
const VALUES_MAX = 256
/** Values of one field that may be named in one list of features: a code of theirs is one byte. */
export const NAMED_VALUES_MAX = 250
export const BACK_MAX = 16
const FEATURES_MAX = 1_000

const oneOf = <const T extends readonly [string, ...string[]]>(fields: T, what: string) =>
  z.enum(fields, { error: issue => `is ${show(issue.input)}; write ${what}: ${fields.join(', ')}` })
const textField = oneOf(TEXT_FIELDS, 'one of the fields of text')
const valueField = oneOf([...TEXT_FIELDS, ...COUNTED_FIELDS], 'one of these fields')
const numberField = oneOf(NUMBER_FIELDS, 'one of the fields of numbers')

const value = z.string({ error: issue => `is ${show(issue.input)}; write a text, in quotes` }).max(1_000)
const values = z.array(value).min(1, 'is empty; write at least one value').max(NAMED_VALUES_MAX)
const test = z.union([value, values, z.strictObject({ not: z.union([value, values]) }), existence()], {
  error: issue =>
    `is ${show(issue.input)}; write a value, a list of values, { not: … } with either, or { exists: true }`,
})

function existence() {
  return z.strictObject(
    { exists: z.boolean() },
    { error: 'can only be asked for: write { exists: true } or { exists: false }' },
  )
}

const where = z
  .strictObject({
    ...(Object.fromEntries(TEXT_FIELDS.map(field => [field, test.optional()])) as Record<string, z.ZodType>),
    ...(Object.fromEntries(
      [...COUNTED_FIELDS, ...NUMBER_FIELDS].map(field => [field, existence().optional()]),
    ) as Record<string, z.ZodType>),
  })
  .describe('only events that pass every test; all events without it') as z.ZodType as z.ZodType<Where>

const name = z
  .string('is not a text; name the feature')
  .regex(/^[a-z][a-z0-9_]{0,79}$/, 'must be lower case letters, digits and underscores, a letter first')
const is = z.union([value, values]).describe('1 when it is this value, or one of these, else 0')
const codes = values.describe('1, 2, 3 … for the values in this order, 0 for any other')
const max = z
  .int()
  .min(1)
  .max(VALUES_MAX)
  .describe(`different values told apart in one session; ${VALUES_DEFAULT} if not given`)

const onlyWhere = { where: where.optional() }

/** Every kind of feature: what it is, what it costs, and what may be written with it. */
const kinds = {
  count: kind('count', 'How many events match. 2 bytes.', onlyWhere),
  share: kind('share', 'Which part of all events matches, 0 to 1. 2 bytes.', { where }),
  rate: kind(
    'rate',
    'Matching events a minute, since the session began; the first minute counts as a whole one. 2 bytes.',
    onlyWhere,
  ),
  distinct: kind(
    'distinct',
    'How many different values the field took, exact up to `max`, where it stays. 4 bytes × max + 2.',
    { of: valueField, max: max.optional(), ...onlyWhere },
  ),
  revisits: kind(
    'revisits',
    'How often the field took a value that it had before, among the first `max` different ones. 4 bytes × max + 4.',
    { of: valueField, max: max.optional(), ...onlyWhere },
  ),
  entropy: kind(
    'entropy',
    'How evenly the field is spread over its values, in bits; all beyond the first `max` count as one. 6 bytes × max + 4.',
    { of: valueField, max: max.optional(), ...onlyWhere },
  ),
  sum: number('sum', 'Sum of the field. 10 bytes, as for all kinds of numbers of one field and filter.'),
  mean: number('mean', 'Mean of the field. 10 bytes.'),
  std: number('std', 'Standard deviation (of the whole, not of a sample) of the field. 18 bytes.'),
  min: number('min', 'Least value of the field. 10 bytes.'),
  max: number('max', 'Greatest value of the field. 10 bytes.'),
  first: number('first', 'First value of the field. 10 bytes.'),
  last: number('last', 'Latest value of the field. 10 bytes.'),
  elapsed: kind('elapsed', 'Seconds from the first event to the latest. No bytes of its own.', {}),
  time_since: kind(
    'time_since',
    'Seconds from the latest matching event to the latest of all; missing when none matched. 4 bytes.',
    { where },
  ),
  gap: kind(
    'gap',
    'Seconds between matching events that follow each other: a statistic of them. 4 to 14 bytes.',
    {
      stat: oneOf(['mean', 'max', 'last', 'std'], 'a statistic').describe('mean, max, last or std'),
      ...onlyWhere,
    },
  ),
  dwell: kind(
    'dwell',
    'Seconds spent after matching events: each until the next event, whatever that is. 5 bytes.',
    { where },
  ),
  first_touch: kind(
    'first_touch',
    'The value of the field at the first matching event. 1 byte, shared by all of one field and filter.',
    { of: textField, is: is.optional(), values: codes.optional(), ...onlyWhere },
  ),
  sequence: kind(
    'sequence',
    'The value of the field at the latest matching event (back: 1), the one before it (back: 2) … 1 byte × the greatest back.',
    {
      of: textField,
      back: z.int().min(1).max(BACK_MAX).describe(`1 to ${BACK_MAX}; 1 if not given`).optional(),
      is: is.optional(),
      values: codes.optional(),
      ...onlyWhere,
    },
  ),
  transition: kind(
    'transition',
    'How often a matching event with value `from` was followed by one with value `to`, none matching between; without `from`, whether the first matching event had `to`. 2 bytes.',
    { of: textField, from: value.optional(), to: value, ...onlyWhere },
  ),
  calendar: kind('calendar', 'When the session began. No bytes.', {
    part: oneOf(['hour', 'weekday', 'weekend'], 'a part of the calendar').describe(
      'hour 0 to 23; weekday 1 (Monday) to 7; weekend 1 or 0',
    ),
    utc_offset_minutes: z
      .int()
      .min(-840)
      .max(840)
      .describe('of the clock to read, 120 for UTC+2; 0 if not given')
      .optional(),
  }),
}

function kind<Name extends string, Shape extends z.ZodRawShape>(kindName: Name, doc: string, shape: Shape) {
  return z.strictObject({ name, kind: z.literal(kindName), ...shape }).describe(doc)
}

function number<Name extends string>(kindName: Name, doc: string) {
  return kind(kindName, doc, { of: numberField, ...onlyWhere })
}

export type FeatureKind = keyof typeof kinds
export type FeatureSpec = { [K in FeatureKind]: z.infer<(typeof kinds)[K]> }[FeatureKind]
/** The declaration of a feature of one kind. */
export type SpecOf<K extends FeatureKind> = Extract<FeatureSpec, { kind: K }>

/** Every fault of a list of features, each with where it stands and what to write instead. */
export class FeatureError extends Error {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(
      `the features have ${faults.length} fault${faults.length === 1 ? '' : 's'}:\n  ${faults.join('\n  ')}`,
    )
    this.faults = faults
  }
}

/** The declarations in `input`, as read from YAML or JSON. Throws a `FeatureError` that lists all faults. */
export function parseFeatures(input: unknown): FeatureSpec[] {
  if (!Array.isArray(input) || input.length === 0)
    throw new FeatureError([`the list is ${show(input)}; write a list with one feature per line`])
  if (input.length > FEATURES_MAX)
    throw new FeatureError([`the list has ${input.length} features; ${FEATURES_MAX} are the most`])
  const faults: string[] = []
  const names = new Map<string, number>()
  const specs = input.map((item: unknown, i) => {
    const called = itemName(item)
    const place = `features[${i}]${called === undefined ? '' : ` (${called})`}`
    const spec = parseOne(item, place, faults)
    if (called !== undefined && names.has(called))
      faults.push(`${place}: name: appears at features[${names.get(called)}] already; choose another`)
    if (called !== undefined) names.set(called, names.get(called) ?? i)
    return spec
  })
  if (faults.length > 0) throw new FeatureError(faults)
  return specs as FeatureSpec[]
}

function parseOne(item: unknown, place: string, faults: string[]): FeatureSpec | undefined {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    faults.push(`${place}: is ${show(item)}; write { name: …, kind: …, … }`)
    return undefined
  }
  const kindName = 'kind' in item ? item.kind : undefined
  if (typeof kindName !== 'string' || !Object.hasOwn(kinds, kindName)) {
    faults.push(`${place}: kind: is ${show(kindName)}; write one of: ${Object.keys(kinds).join(', ')}`)
    return undefined
  }
  const schema = kinds[kindName as FeatureKind]
  const parsed = schema.safeParse(item)
  if (!parsed.success) {
    for (const issue of parsed.error.issues) faults.push(...describeIssue(issue, item, place, kindName))
    return undefined
  }
  const fault = contradiction(parsed.data)
  if (fault !== undefined) {
    faults.push(`${place}: ${fault}`)
    return undefined
  }
  return parsed.data
}

/** Returns the faults between the parts of a declaration whose parts are each valid. */
function contradiction(spec: FeatureSpec): string | undefined {
  if (spec.kind === 'first_touch' || spec.kind === 'sequence') {
    if ((spec.is === undefined) === (spec.values === undefined))
      return 'must have one of `is: a_value` (1 or 0) and `values: [a, b, …]` (1, 2, …), and not both'
    if (spec.values !== undefined && new Set(spec.values).size < spec.values.length)
      return 'values: names a value twice'
  }
  if ('of' in spec && isAbsent(spec.where?.[spec.of]))
    return `where: leaves no event that has a ${spec.of}, and the feature is made of it`
  return undefined
}

function isAbsent(asked: unknown): boolean {
  return typeof asked === 'object' && asked !== null && 'exists' in asked && asked.exists === false
}

function describeIssue(issue: z.core.$ZodIssue, item: object, place: string, kindName: string): string[] {
  const path = issue.path.map(String)
  const at = [place, ...(path.length === 0 ? [] : [path.join('.')])].join(': ')
  if (issue.code !== 'unrecognized_keys') {
    const isMissing = path.length === 1 && (item as Record<string, unknown>)[path[0]!] === undefined
    return [`${at}: ${isMissing ? `is missing; a ${kindName} needs it` : issue.message}`]
  }
  if (path[0] === 'where')
    return issue.keys.map(
      key =>
        `${at}: ${key}: can't be filtered by; write one of: ${[...TEXT_FIELDS, ...COUNTED_FIELDS, ...NUMBER_FIELDS].join(', ')}`,
    )
  const known = Object.keys(kinds[kindName as FeatureKind].shape).filter(
    key => key !== 'name' && key !== 'kind',
  )
  return issue.keys.map(
    key =>
      `${at}: ${key}: is not known; a ${kindName} has ${known.length === 0 ? 'nothing but name and kind' : known.join(', ')}`,
  )
}

function itemName(item: unknown): string | undefined {
  return typeof item === 'object' && item !== null && 'name' in item && typeof item.name === 'string'
    ? item.name
    : undefined
}

function show(input: unknown): string {
  if (input === undefined) return 'not there'
  const text = JSON.stringify(input)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

/** The SHA-256 of the declarations as canonical JSON, in hexadecimal: their order counts, that of their keys does not. */
export function featureHash(specs: readonly FeatureSpec[]): string {
  return sha256(canonicalJson(specs))
}

/** One kind of feature, for a reference page. */
export interface KindReference {
  readonly kind: string
  readonly description: string
  /** The keys that may be written besides name and kind. */
  readonly keys: readonly {
    readonly key: string
    readonly isRequired: boolean
    readonly description: string
  }[]
}

/** Every kind of feature, in the order of the reference page. */
export function describeKinds(): KindReference[] {
  return Object.entries(kinds).map(([kindName, schema]) => ({
    kind: kindName,
    description: schema.description ?? '',
    keys: Object.entries(schema.shape as Record<string, z.ZodType>)
      .filter(([key]) => key !== 'name' && key !== 'kind')
      .map(([key, part]) => ({
        key,
        isRequired: !part.safeParse(undefined).success,
        description: part.description ?? '',
      })),
  }))
}
