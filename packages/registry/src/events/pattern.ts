import { RegExpParser } from '@eslint-community/regexpp'
import type { Alternative, Element, QuantifiableElement } from '@eslint-community/regexpp/ast'
import { complement, overlap, rangesOf, type Ranges } from './char-ranges.ts'

// JavaScript's regular expressions backtrack: some patterns take time that grows with a power of the text's length, or
// doubles with each character. A pattern in which each character can be matched in one way only takes one step a
// character; one that can't is let through while the steps stay bounded, by `maxLength` if need be.

/** Steps that matching one text may take: about 20 ms. */
const STEPS_MAX = 10_000_000
/** What a text without `maxLength` may hold: the longest that a collector takes. */
const TEXT_CHARS_MAX = 32 * 1024
/** A repetition of more counts as one without end. */
const REPEATS_MAX = 1_000

export interface PatternBounds {
  /** `maxLength` of the schema that the pattern is in. */
  readonly charsMax: number | undefined
  readonly unicode: boolean
}

/** Why matching `pattern` may take too long, and what to do; empty when it can't. */
export function patternFault(pattern: string, { charsMax, unicode }: PatternBounds): string {
  let alternatives: Alternative[]
  try {
    alternatives = new RegExpParser().parsePattern(pattern, 0, pattern.length, { unicode }).alternatives
  } catch (error) {
    return `is not a regular expression: ${(error as Error).message}.`
  }
  let power = 0
  for (const alternative of alternatives) {
    const growth = growthOf(alternative)
    if (typeof growth === 'string') return growth
    power = Math.max(power, growth)
  }
  const affordable = Math.floor(STEPS_MAX ** (1 / Math.max(1, power)))
  if ((charsMax ?? TEXT_CHARS_MAX) <= affordable) return ''
  return `can take very long on a long text: start it with ^ and make its repetitions tell apart what follows them, or add "maxLength" of at most ${affordable}.`
}

/** The power of the text's length that the steps grow with, or why there is none. */
function growthOf(alternative: Alternative): number | string {
  const [first] = alternative.elements
  const anchored = first?.type === 'Assertion' && first.kind === 'start'
  const graph = createGraph()
  let repetitions = 0
  let choiceInRepetition = false
  const fault = walk(alternative.elements, 0)
  if (fault !== '') return fault
  const shape = graph.sequence(alternative.elements)
  const deterministic = graph.isDeterministic(shape.first)
  if (!deterministic && choiceInRepetition)
    return 'repeats what can match in more than one way, which can take forever: rewrite it so that each character tells which part it belongs to.'
  const within = deterministic ? Math.min(1, repetitions) : repetitions
  return anchored || repetitions === 0 ? within : within + 1

  function walk(elements: readonly Element[], depth: number): string {
    for (const element of elements) {
      if (element.type === 'Backreference') return 'has a back reference: rewrite it without.'
      if (element.type === 'Assertion' && (element.kind === 'lookahead' || element.kind === 'lookbehind')) {
        if (depth > 0) return 'looks ahead inside a repetition: rewrite it without.'
        for (const inner of element.alternatives) {
          const growth = growthOf(inner)
          if (typeof growth === 'string') return growth
          repetitions = Math.max(repetitions, growth)
        }
      }
      if (element.type === 'Quantifier') {
        if (element.max > REPEATS_MAX) repetitions++
        if (depth > 0 && element.min !== element.max) choiceInRepetition = true
        const fault = walk([element.element], depth + (element.max > 1 ? 1 : 0))
        if (fault !== '') return fault
      }
      if (element.type === 'Group' || element.type === 'CapturingGroup') {
        if (depth > 0 && element.alternatives.length > 1) choiceInRepetition = true
        for (const inner of element.alternatives) {
          const fault = walk(inner.elements, depth)
          if (fault !== '') return fault
        }
      }
    }
    return ''
  }
}

interface Shape {
  readonly nullable: boolean
  readonly first: readonly number[]
  readonly last: readonly number[]
}

/**
 * Which character of a pattern may follow which (Glushkov's automaton). The pattern is deterministic when no two
 * characters that may come next overlap: then there is nothing to go back to.
 */
function createGraph() {
  const characters: Ranges[] = []
  // A character that follows another in two ways, as in (a+)+, is in its list twice.
  const follow: number[][] = []
  const EMPTY: Shape = { nullable: true, first: [], last: [] }

  return { sequence, isDeterministic }

  function isDeterministic(first: readonly number[]): boolean {
    return disjoint(first) && follow.every(disjoint)
  }

  function disjoint(positions: readonly number[]): boolean {
    return positions.every((a, i) =>
      positions.slice(i + 1).every(b => !overlap(characters[a] ?? [], characters[b] ?? [])),
    )
  }

  function sequence(elements: readonly (Element | QuantifiableElement)[]): Shape {
    return elements.map(shapeOf).reduce((before, after) => {
      connect(before.last, after.first)
      return {
        nullable: before.nullable && after.nullable,
        first: before.nullable ? [...before.first, ...after.first] : before.first,
        last: after.nullable ? [...before.last, ...after.last] : after.last,
      }
    }, EMPTY)
  }

  function shapeOf(element: Element | QuantifiableElement): Shape {
    switch (element.type) {
      case 'Group':
      case 'CapturingGroup': {
        const shapes = element.alternatives.map(each => sequence(each.elements))
        return {
          nullable: shapes.some(shape => shape.nullable),
          first: shapes.flatMap(shape => shape.first),
          last: shapes.flatMap(shape => shape.last),
        }
      }
      case 'Quantifier': {
        const inner = shapeOf(element.element)
        // A fixed number of one character leaves nothing to choose.
        const isFixed = element.min === element.max && !('alternatives' in element.element)
        if (element.max > 1 && !isFixed) connect(inner.last, inner.first)
        return { ...inner, nullable: inner.nullable || element.min === 0 }
      }
      case 'Character':
        return character([[element.value, element.value]])
      case 'CharacterSet':
      case 'CharacterClass':
        return character(rangesOf(element))
      case 'ExpressionCharacterClass':
        return character(complement([]))
      case 'Assertion':
      case 'Backreference':
        return EMPTY
    }
  }

  function character(ranges: Ranges): Shape {
    const position = characters.push(ranges) - 1
    follow.push([])
    return { nullable: false, first: [position], last: [position] }
  }

  function connect(from: readonly number[], to: readonly number[]): void {
    for (const position of from) for (const next of to) follow[position]?.push(next)
  }
}
