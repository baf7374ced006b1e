import { getText, isNumberField, getNumber, type CountedField, type Field, type TextField } from './fields.ts'
import { hash32 } from '../memory/hash.ts'
import type { SessionEvent } from '../session-event.ts'
import type { Cells } from '../memory/slots.ts'
import { FeatureError, NAMED_VALUES_MAX, type Where } from './spec.ts'
import { canonicalJson } from '@sluicebox/event/canonical'

// The parts that kinds of features are compiled from. Whatever two features share (a filter, a field's codes, a cell, a
// step) exists once.

/** The current event, as steps see it. */
export interface Now {
  event: SessionEvent
  /** From the session's first event to this one, in milliseconds. */
  offsetMs: number
  /** From the event before to this one; 0 for the first. */
  gapMs: number
  /** By number of field: the code of the event's value. */
  readonly codes: Uint8Array
}

/** The codes that are the same for every field; those of its named values follow. */
export const CODE_ABSENT = 0
export const CODE_OTHER = 1
const CODE_NAMED = 2

/** Changes a session's cells by one event that its filter lets through. `at` is the first byte of the cells. */
export type Step = (cells: Cells, at: number, now: Now) => void
/** The value of a feature; NaN where it is missing. */
export type Reader = (cells: Cells, at: number, startedAt: number) => number

/** Numbers of one size in a session's cells, all zero at first: `cells.u16[(at >> 1) + cell.index]` is the first. */
export interface Cell {
  /** Known once everything is compiled, before the first step. */
  index: number
  readonly itemBytes: 1 | 2 | 4 | 8
  length: number
}

/** A field of text, as codes. */
export interface Codes {
  /** Where the field's code is in `now.codes`. */
  readonly number: number
  /** The code of a named value. */
  code(value: string): number
}

export interface Compiling {
  /** Number of the filter: its steps run at the events that it lets through. Steps of no filter run first. */
  filter(where: Where | undefined): number
  codes(field: TextField, values: readonly string[]): Codes
  /** The 32-bit hash of the field's value, which must be there. */
  hash(field: Field): (now: Now) => number
  /** One cell a key, as long as the longest asked for. */
  cell(key: string, itemBytes: Cell['itemBytes'], length?: number): Cell
  /** Adds a step, but once only for a key. */
  step(filter: number, key: string, make: () => Step): void
  /** One shared object per key. */
  shared<T>(key: string, make: () => T): T
}

export interface Compiled {
  /** Bytes of cells that a session needs, a multiple of eight. */
  readonly bytes: number
  readonly now: Now
  /** Runs the steps of every filter that lets `now.event` through. */
  run(cells: Cells, at: number): void
}

interface CodedField {
  readonly get: (event: SessionEvent) => string | number | null
  readonly number: number
  readonly codes: Map<string, number>
  /** By code, which filters let it through, one bit a filter. Undefined when none asks for the field. */
  masks: Uint32Array | undefined
}

interface Test {
  readonly field: CodedField
  passes(code: number): boolean
}

/** What kinds of features register with, and `finish` to make of it what runs. */
export function createCompiling(): Compiling & { finish(): Compiled } {
  const fields = new Map<Field, CodedField>()
  const filters = new Map<string, number>([['{}', 0]])
  const tests: Test[][] = [[]]
  const steps: Step[][] = [[]]
  const stepKeys = new Set<string>()
  const cells = new Map<string, Cell>()
  const things = new Map<string, unknown>()
  const now: Now = {
    event: undefined as unknown as SessionEvent,
    offsetMs: 0,
    gapMs: 0,
    codes: new Uint8Array(64),
  }

  function shared<T>(key: string, make: () => T): T {
    if (!things.has(key)) things.set(key, make())
    return things.get(key) as T
  }

  function coded(field: Field): CodedField {
    let found = fields.get(field)
    if (found === undefined) {
      const get = isNumberField(field) ? getNumber[field] : getText[field]
      found = { get, number: fields.size, codes: new Map(), masks: undefined }
      fields.set(field, found)
    }
    return found
  }

  function codeOf({ codes }: CodedField, field: Field, value: string): number {
    let code = codes.get(value)
    if (code === undefined) {
      if (codes.size === NAMED_VALUES_MAX)
        throw new FeatureError([
          `more than ${NAMED_VALUES_MAX} values of ${field} are named in all; name fewer`,
        ])
      code = CODE_NAMED + codes.size
      codes.set(value, code)
    }
    return code
  }

  function testOf(field: Field, asked: NonNullable<Where[TextField]>): Test {
    const codedField = coded(field)
    if (typeof asked === 'object' && 'exists' in asked)
      return { field: codedField, passes: code => (code !== CODE_ABSENT) === asked.exists }
    const isNot = typeof asked === 'object' && 'not' in asked
    const named = isNot ? asked.not : (asked as string | readonly string[])
    const codes = new Set([named].flat().map(value => codeOf(codedField, field, value as string)))
    return { field: codedField, passes: code => code !== CODE_ABSENT && codes.has(code) !== isNot }
  }

  return {
    filter(where = {}) {
      const asked = Object.entries(where).filter(entry => entry[1] !== undefined)
      const key = canonicalJson(Object.fromEntries(asked))
      let filter = filters.get(key)
      if (filter === undefined) {
        filter = tests.length
        filters.set(key, filter)
        tests.push(asked.map(([field, test]) => testOf(field as Field, test!)))
        steps.push([])
      }
      return filter
    },
    codes(field, values) {
      const codedField = coded(field)
      for (const value of values) codeOf(codedField, field, value)
      return { number: codedField.number, code: value => codedField.codes.get(value)! }
    },
    hash(field) {
      const get = getText[field as TextField | CountedField]
      let event: SessionEvent | undefined
      let hash = 0
      // Several steps ask for the hash of one event.
      return shared(`hash ${field}`, () => (asking: Now) => {
        if (asking.event !== event) {
          event = asking.event
          hash = hash32(get(event)!)
        }
        return hash
      })
    },
    cell(key, itemBytes, length = 1) {
      const found = cells.get(key)
      if (found !== undefined) {
        found.length = Math.max(found.length, length)
        return found
      }
      const cell: Cell = { index: -1, itemBytes, length }
      cells.set(key, cell)
      return cell
    },
    step(filter, key, make) {
      if (stepKeys.has(key)) return
      stepKeys.add(key)
      steps[filter]!.push(make())
    },
    shared,
    finish() {
      return {
        now,
        bytes: layOut([...cells.values()]),
        run: createRun([...fields.values()], tests, steps, now),
      }
    },
  }
}

/** Gives every cell its place, the widest first, so that each is aligned. Answers the bytes of all. */
function layOut(cells: readonly Cell[]): number {
  let bytes = 0
  for (const cell of cells.toSorted((a, b) => b.itemBytes - a.itemBytes)) {
    cell.index = bytes / cell.itemBytes
    bytes += cell.itemBytes * cell.length
  }
  return Math.ceil(bytes / 8) * 8
}

/**
 * A filter's outcome is a bit: the masks of an event's codes are combined with AND, one operation a field for 32
 * filters, however many features there are.
 */
function createRun(
  fields: readonly CodedField[],
  tests: readonly (readonly Test[])[],
  steps: readonly (readonly Step[])[],
  now: Now,
): Compiled['run'] {
  const wordCount = Math.ceil(tests.length / 32)
  for (const field of fields) field.masks = masksOf(field, tests, wordCount)
  const passing = new Uint32Array(wordCount)

  return function run(cells, at) {
    passing.fill(0xffffffff)
    for (let i = 0; i < fields.length; i++) {
      const { get, codes, masks } = fields[i]!
      const value = get(now.event)
      const code =
        value === null || value === undefined ? CODE_ABSENT : (codes.get(value as string) ?? CODE_OTHER)
      now.codes[i] = code
      if (masks !== undefined)
        for (let word = 0; word < wordCount; word++) passing[word]! &= masks[code * wordCount + word]!
    }
    for (let word = 0; word < wordCount; word++) {
      for (let bits = passing[word]!; bits !== 0; bits &= bits - 1) {
        const filterSteps = steps[32 * word + 31 - Math.clz32(bits & -bits)]
        if (filterSteps === undefined) break
        for (let i = 0; i < filterSteps.length; i++) filterSteps[i]!(cells, at, now)
      }
    }
  }
}

function masksOf(
  field: CodedField,
  tests: readonly (readonly Test[])[],
  wordCount: number,
): Uint32Array | undefined {
  if (!tests.some(of => of.some(test => test.field === field))) return undefined
  const codeCount = CODE_NAMED + field.codes.size
  const masks = new Uint32Array(codeCount * wordCount)
  for (let code = 0; code < codeCount; code++)
    tests.forEach((of, filter) => {
      if (of.every(test => test.field !== field || test.passes(code)))
        masks[code * wordCount + (filter >>> 5)]! |= 1 << (filter & 31)
    })
  return masks
}
