import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import ajvDraft04 from 'ajv-draft-04'
import ajvFormats from 'ajv-formats'
import { explain } from './explain.ts'

/** One fault of an event or entity, for a person. */
export interface SchemaError {
  /** Where it stands: a JSON pointer, empty for the whole. */
  readonly path: string
  /** Which rule of the schema it breaks. */
  readonly keyword: string
  /** What is wrong and what would be right, to be read after the place: `must be number, not "12,90"`. */
  readonly message: string
}

/** The faults of `data`: none, always the same empty array, when it is valid. */
export type Validator = (data: unknown) => readonly SchemaError[]

/** The editions of JSON Schema that are understood. */
export type Draft = '04' | '07' | '2019-09' | '2020-12'

const VALID: readonly SchemaError[] = Object.freeze([])
const ERRORS_MAX = 10

// A CommonJS module's default export is the module itself to the compiler, and the class at run time.
const Draft04 = ajvDraft04 as unknown as typeof Ajv
const addFormats = ajvFormats as unknown as (ajv: Ajv, options: { mode: 'fast' | 'full' }) => Ajv

/**
 * Compiles a schema that `lint` has passed. The validator stops at the first fault (with the alternatives of an
 * `anyOf`, up to ten), so that a hostile event costs no more than a good one.
 */
export function compileSchema(schema: Record<string, unknown>, draft: Draft): Validator {
  const validate: ValidateFunction = compilerOf(draft).compile(standalone(schema))
  return data => (validate(data) ? VALID : explainAll(validate.errors ?? [], data))
}

/** The rules alone: names and places are known already, and `$schema` has chosen the compiler. */
function standalone(schema: Record<string, unknown>): Record<string, unknown> {
  const { $schema: _draft, $id: _id, id: _oldId, self: _self, ...rules } = schema
  return rules
}

function explainAll(errors: readonly ErrorObject[], data: unknown): SchemaError[] {
  return errors.slice(0, ERRORS_MAX).map(error => ({
    path: error.instancePath,
    keyword: error.keyword,
    message: explain(error, data),
  }))
}

const compilers = new Map<Draft, Ajv>()

function compilerOf(draft: Draft): Ajv {
  const known = compilers.get(draft)
  if (known !== undefined) return known
  const ajv = createCompiler(draft)
  addFormats(ajv, { mode: 'fast' })
  compilers.set(draft, ajv)
  return ajv
}

function createCompiler(draft: Draft): Ajv {
  const options: Options = {
    allErrors: false,
    // `verbose` keeps the schema's rule beside the fault: the message names what is allowed.
    verbose: true,
    // Others' schemas hold keywords and formats of their own; both say nothing about validity.
    strict: false,
    // Schemas of many folders may carry one $id: each stands alone.
    addUsedSchema: false,
    // Patterns of draft 4 are not Unicode patterns: \- and \_ are errors in those.
    unicodeRegExp: draft !== '04',
    // 19.99 is a multiple of 0.01, whatever binary fractions say.
    multipleOfPrecision: 9,
    logger: false,
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
