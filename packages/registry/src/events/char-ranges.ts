import type { CharacterClass, CharacterClassElement, CharacterSet } from '@eslint-community/regexpp/ast'

/** Code points, as pairs of first and last. */
export type Ranges = readonly (readonly [number, number])[]

const CODE_POINT_MAX = 0x10ffff
const ALL: Ranges = [[0, CODE_POINT_MAX]]
const DIGIT: Ranges = [[0x30, 0x39]]
const WORD: Ranges = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
]
const SPACE: Ranges = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]

/** The characters that an element of a regular expression stands for; all of them where that is hard to say. */
export function rangesOf(element: CharacterSet | CharacterClass | CharacterClassElement): Ranges {
  switch (element.type) {
    case 'Character':
      return [[element.value, element.value]]
    case 'CharacterClassRange':
      return [[element.min.value, element.max.value]]
    case 'CharacterSet': {
      if (element.kind === 'any' || element.kind === 'property') return ALL
      const set = element.kind === 'digit' ? DIGIT : element.kind === 'word' ? WORD : SPACE
      return element.negate ? complement(set) : set
    }
    case 'CharacterClass': {
      const ranges = element.elements.flatMap(each => rangesOf(each))
      return element.negate ? complement(ranges) : ranges
    }
    default:
      return ALL
  }
}

/** Every other character. */
export function complement(ranges: Ranges): Ranges {
  const gaps: [number, number][] = []
  let next = 0
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (first > next) gaps.push([next, first - 1])
    next = Math.max(next, last + 1)
  }
  if (next <= CODE_POINT_MAX) gaps.push([next, CODE_POINT_MAX])
  return gaps
}

/** Whether a character is in both. */
export function overlap(a: Ranges, b: Ranges): boolean {
  return a.some(([firstA, lastA]) => b.some(([firstB, lastB]) => firstA <= lastB && firstB <= lastA))
}
