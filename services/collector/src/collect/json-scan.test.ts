import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findElements, scanJson, type JsonLimits } from './json-scan.ts'

const limits: JsonLimits = { depthMax: 3, objectKeysMax: 3, keysMax: 5, stringBytesMax: 4 }
const scan = (text: string): string | undefined => {
  const violation = scanJson(Buffer.from(text), limits)
  return violation && `${violation.limit} at ${violation.at}`
}

describe('scanJson', () => {
  test.each([
    ['at the depth limit', '[[[1]]]', undefined],
    ['past the depth limit', '[[[[1]]]]', 'depthMax at 3'],
    ['mixed, past the depth limit', '{"a":[{"b":{}}]}', 'depthMax at 11'],
    ['side by side is not deep', '[[[]],[[]],[[]]]', undefined],
    ['brackets in a string do not count', '"[[["', undefined],
    ['at the limit of keys', '{"a":1,"b":2,"c":3}', undefined],
    ['past the limit of keys', '{"a":1,"b":2,"c":3,"d":4}', 'objectKeysMax at 22'],
    ['keys of an inner object are its own', '{"a":{"b":1,"c":2},"d":3,"e":4}', undefined],
    ['keys after an inner object still count', '{"a":{"b":1},"c":1,"d":1,"e":1}', 'objectKeysMax at 28'],
    ['all keys together', '[{"a":1,"b":1,"c":1},{"a":1,"b":1,"c":1}]', 'keysMax at 37'],
    ['colons in a string do not count', '["::::","::::"]', undefined],
    ['a string at the limit', '"abcd"', undefined],
    ['a string past the limit', '["abcde"]', 'stringBytesMax at 1'],
    ['an escaped quote does not end a string', '["a\\"bcd"]', 'stringBytesMax at 1'],
    ['an escaped backslash ends nothing', '["\\\\",[[[', 'depthMax at 8'],
    ['a string that never ends', '"abcdefgh', 'stringBytesMax at 0'],
    ['closing too often', ']]]]}}}}[[[', undefined],
    ['nothing', '', undefined],
  ])('%s: %s', (_name, text, expected) => {
    expect(scan(text)).toBe(expected)
  })

  test('ends on any bytes, with a place inside them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        const violation = scanJson(bytes, limits)
        if (violation !== undefined) expect(violation.at).toBeLessThan(bytes.length)
      }),
    )
  })

  test('finds the depth of JSON, whatever is in it', () => {
    const depthOf = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), value => {
        const generous = { objectKeysMax: 1e6, keysMax: 1e6, stringBytesMax: 1e6 }
        const bytes = Buffer.from(JSON.stringify(value, null, 1))
        const depth = depthOf(value)
        expect(scanJson(bytes, { ...generous, depthMax: depth })).toBe(undefined)
        if (depth > 0)
          expect(scanJson(bytes, { ...generous, depthMax: depth - 1 })).toMatchObject({ limit: 'depthMax' })
      }),
    )
  })
})

describe('findElements', () => {
  const texts = (text: string, key: string | null): string[] | undefined => {
    const bytes = Buffer.from(text)
    return findElements(bytes, key)?.elements.map(({ start, end }) => bytes.toString('utf8', start, end))
  }

  test.each([
    ['an array', '[1, "a" ,{"b":[2,3]} , null]', null, ['1', '"a"', '{"b":[2,3]}', 'null']],
    ['an empty array', ' [ ] ', null, []],
    ['arrays in arrays', '[[1,2],[3]]', null, ['[1,2]', '[3]']],
    ['brackets and commas in strings', '["],[","\\",\\""]', null, ['"],["', '"\\",\\""']],
    ['no array', '{"data":[1]}', null, undefined],
    [
      'the array of a key',
      '{"schema":"x","data":[{"a":1},{"data":[9]}],"z":[7]}',
      'data',
      ['{"a":1}', '{"data":[9]}'],
    ],
    ['a key further in is not meant', '{"x":{"data":[1]},"data":[2]}', 'data', ['2']],
    ['a value that reads like the key', '{"x":"data","y":["data"],"data":[2]}', 'data', ['2']],
    ['no such key', '{"x":[1]}', 'data', undefined],
    ['a key whose value is not an array', '{"data":{"a":[1]}}', 'data', undefined],
    ['a key that appears twice', '{"data":[1],"data":[2]}', 'data', undefined],
    ['a key in escapes', '{"d\\u0061ta":[1]}', 'data', undefined],
    ['white space everywhere', '\n{ "data" :\t[ 1 ,\r\n 2 ] }', 'data', ['1', '2']],
  ])('%s', (_name, text, key, expected) => {
    expect(texts(text, key)).toEqual(expected)
  })

  test('cuts any array into the texts of its elements', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 1, '\t\r\n '), (values, space) => {
        const found = texts(JSON.stringify(values, null, space), null)
        expect(found?.map(text => JSON.parse(text) as unknown)).toEqual(JSON.parse(JSON.stringify(values)))
      }),
    )
  })

  test('cuts the array of a key in any object, or says that it can’t', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()), (values, rest) => {
        const object = { ...rest, data: values, after: 1 }
        const found = texts(JSON.stringify(object), 'data')
        if (found === undefined)
          expect(Object.keys(rest).some(key => JSON.stringify(key).includes('\\'))).toBe(true)
        else
          expect(found.map(text => JSON.parse(text) as unknown)).toEqual(JSON.parse(JSON.stringify(values)))
      }),
    )
  })

  test('ends on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.constantFrom(null, 'data'), (bytes, key) => {
        findElements(bytes, key)
      }),
    )
  })
})
