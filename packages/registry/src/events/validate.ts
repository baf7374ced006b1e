import {
  _,
  Ajv,
  type ErrorObject,
  type FuncKeywordDefinition,
  type KeywordCxt,
  type Options,
  type ValidateFunction,
} from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import ajvDraft04 from 'ajv-draft-04'
import ajvFormats, { type FormatName } from 'ajv-formats'
import { formatNames } from 'ajv-formats/dist/formats.js'
import { configure } from 'safe-stable-stringify'
import { explain } from './explain.ts'
import { compilePattern } from './pattern.ts'
import { COST } from './prepare.ts'
import { OutOfSteps, spend, steps, STEPS_MAX } from './steps.ts'

/** One fault of an event or entity, for a person. */
export interface SchemaError {
  /** Its place: a JSON pointer, empty for the whole. */
  readonly path: string
  /** Which rule of the schema it breaks. */
  readonly keyword: string
  /** What is wrong and what would be right, to follow the place: `must be number, not "12,90"`. */
  readonly message: string
}

/** Returns the faults of `data`; always the same empty array when it is valid. */
export type Validator = (data: unknown) => readonly SchemaError[]

/** The editions of JSON Schema that are understood. */
export type Draft = '04' | '07' | '2019-09' | '2020-12'

const VALID: readonly SchemaError[] = Object.freeze([])
const ERRORS_MAX = 10
const TOO_LONG: readonly SchemaError[] = Object.freeze([
  {
    path: '',
    keyword: COST,
    message: `takes more than ${STEPS_MAX} steps to check against its schema: send less in one part`,
  },
])

// A CommonJS module's default export is the module itself to the compiler, and the class at run time.
const Draft04 = ajvDraft04 as unknown as typeof Ajv
const addFormats = ajvFormats as unknown as (
  ajv: Ajv,
  options: { mode: 'fast' | 'full'; formats: readonly FormatName[] },
) => Ajv

/**
 * Returns why `rules` are not a schema of the edition; undefined when they are. This is much cheaper than compiling
 * them.
 */
export function schemaFault(rules: Record<string, unknown>, draft: Draft): string | undefined {
  const compiler = compilerOf(draft)
  return compiler.validateSchema(rules) === true
    ? undefined
    : compiler.errorsText(compiler.errors, { dataVar: '#' })
}

/**
 * Compiles the rules of a prepared schema. The validator stops at the first fault (with the alternatives of an `anyOf`,
 * up to ten), and after a bounded number of steps, whatever the data: running out of steps is a fault of the data as
 * well.
 */
export function compileSchema(rules: Record<string, unknown>, draft: Draft): Validator {
  // Without a name of its own, a schema can't refer to itself as a whole.
  const named = { ...rules, [draft === '04' ? 'id' : '$id']: 'schema.json' }
  const validate: ValidateFunction = compilerOf(draft).compile(named)
  return data => {
    steps.left = STEPS_MAX
    try {
      return validate(data) ? VALID : explainAll(validate.errors ?? [], data)
    } catch (error) {
      // A schema that refers to itself endlessly counts as out of steps too: it overflows the stack.
      if (error instanceof OutOfSteps || error instanceof RangeError) return TOO_LONG
      throw error
    }
  }
}

function explainAll(errors: readonly ErrorObject[], data: unknown): SchemaError[] {
  return errors.slice(0, ERRORS_MAX).map(error => ({
    path: error.instancePath,
    keyword: error.keyword,
    message: explain(error, data),
  }))
}

/** Subtracts the cost of each part before the part is checked. */
const COUNTED = {
  keyword: COST,
  before: '$ref',
  code({ gen, schema }: KeywordCxt) {
    const take = gen.scopeValue('func', { ref: spend, code: _`undefined` })
    gen.code(_`${take}(${schema as number})`)
  },
} as const

const textOf = configure({ circularValue: Error, strict: false })

/** The library's own check compares every item with every other one. */
const UNIQUE_ITEMS: FuncKeywordDefinition = {
  keyword: 'uniqueItems',
  type: 'array',
  schemaType: 'boolean',
  validate: (isWanted: boolean, items: readonly unknown[]) =>
    !isWanted || new Set(items.map(item => textOf(item))).size === items.length,
  error: { message: 'must NOT have duplicate items' },
}

/** Patterns as the compiler asks for them. Two are the same when their texts are. */
const toPattern: NonNullable<NonNullable<Options['code']>['regExp']> = Object.assign(
  (source: string) => {
    const pattern = compilePattern(source)
    if (pattern === undefined) throw new Error(`the pattern ${source} can't be matched in bounded time`)
    return { ...pattern, toString: () => source }
  },
  { code: 'undefined' },
)

/** The library's `url` is not a format of JSON Schema, and its pattern backtracks. Unknown formats are ignored. */
const FORMATS = formatNames.filter(name => name !== 'url')

const compilers = new Map<Draft, Ajv>()

function compilerOf(draft: Draft): Ajv {
  const known = compilers.get(draft)
  if (known !== undefined) return known
  const ajv = createCompiler(draft)
  addFormats(ajv, { mode: 'fast', formats: FORMATS })
  ajv.addKeyword(COUNTED)
  ajv.removeKeyword('uniqueItems')
  ajv.addKeyword(UNIQUE_ITEMS)
  compilers.set(draft, ajv)
  return ajv
}

function createCompiler(draft: Draft): Ajv {
  const options: Options = {
    allErrors: false,
    // `verbose` keeps the schema's rule beside the fault: the message names what is allowed.
    verbose: true,
    // Foreign schemas contain keywords and formats of their own, which do not affect validity.
    strict: false,
    // Schemas in several folders may have the same $id, so each is compiled by itself.
    addUsedSchema: false,
    // Patterns of draft 4 are not Unicode patterns: \- and \_ are errors in those.
    unicodeRegExp: draft !== '04',
    // 19.99 is a multiple of 0.01, whatever binary fractions say.
    multipleOfPrecision: 9,
    logger: false,
    code: { regExp: toPattern },
  }
  switch (draft) {
    case '04':
      return new Draft04(options)
    case '07':
      return new Ajv(options)
    case '2019-09':
      return new Ajv2019(options)
    case '2020-12':
      return new Ajv2020(options)
  }
}
