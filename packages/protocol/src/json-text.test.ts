import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeUtf8, itemTexts } from './json-text.ts'

test('the texts of an array’s items, parsed, are its items', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 1, '\t'), (items, space) => {
      const texts = itemTexts(JSON.stringify(items, null, space))
      expect(texts.map(text => JSON.parse(text) as unknown)).toEqual(JSON.parse(JSON.stringify(items)))
    }),
  )
})

test('the texts of a member’s items, whatever stands beside it', () => {
  const other = fc.dictionary(fc.string(), fc.jsonValue())
  fc.assert(
    fc.property(other, fc.array(fc.jsonValue()), other, (before, items, after) => {
      const { data: _, ...rest } = { ...before, ...after } as Record<string, unknown>
      const text = JSON.stringify({ ...rest, data: items, ...rest }, null, 1)
      expect(itemTexts(text, 'data').map(each => JSON.parse(each) as unknown)).toEqual(
        JSON.parse(JSON.stringify(items)),
      )
    }),
  )
})

test.each([
  [[0x61, 0xc3, 0xbc], 'aü'],
  [[0xef, 0xbb, 0xbf, 0x61], 'a'],
  [[], ''],
  [[0xc3, 0x28], undefined],
  [[0xed, 0xa0, 0x80], undefined],
])('%j as UTF-8', (bytes, text) => {
  expect(decodeUtf8(Uint8Array.from(bytes))).toBe(text)
})
