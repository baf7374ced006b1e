import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PARAMETER_LIMITS } from './check-parameters.ts'
import { createModel } from '../runtimes/create-model.ts'
import { arbitraryParameters, arbitraryRow, toColumns } from '../testing/example-parameters.ts'
import type { Parameters, Tree, TreesParameters } from './parameters.ts'
import { readParameters, writeParameters } from './parameters-file.ts'

const FEATURES = 3
const leafRoot = toColumns({ value: 1 })
const stump = toColumns({
  value: 0,
  feature: 2,
  threshold: 0.5,
  missingLeft: true,
  left: { value: -1 },
  right: { value: 1 },
})

test('parameters come back as they were written', () => {
  fc.assert(
    fc.property(arbitraryParameters(FEATURES), parameters => {
      const bytes = writeParameters(parameters, FEATURES)
      expect(readParameters(bytes, FEATURES)).toEqual(parameters)
    }),
  )
})

test('they come back from a place in a larger buffer, aligned to nothing', () => {
  const bytes = writeParameters(trees([stump]), FEATURES)
  const shifted = new Uint8Array(bytes.length + 3)
  shifted.set(bytes, 3)
  expect(readParameters(shifted.subarray(3), FEATURES)).toEqual(trees([stump]))
})

test('equal models are equal bytes, whatever their leaves carry along', () => {
  const untidy = {
    ...leafRoot,
    left: Int32Array.of(7),
    threshold: Float64Array.of(3),
    missingLeft: Uint8Array.of(1),
  }
  expect(writeParameters(trees([untidy]), FEATURES)).toEqual(writeParameters(trees([leafRoot]), FEATURES))
})

test('numbers are little-endian at the documented places', () => {
  const bytes = writeParameters(trees([stump]), FEATURES)
  const view = new DataView(bytes.buffer)
  expect(Buffer.from(bytes.subarray(0, 8)).toString()).toBe('SLUICEMB')
  expect([view.getUint16(8, true), view.getUint16(10, true), view.getUint32(12, true)]).toEqual([1, 1, 3])
  expect([16, 20, 24, 28].map(at => view.getUint32(at, true))).toEqual([0, 1, 3, 0])
  expect([32, 40].map(at => view.getFloat64(at, true))).toEqual([0.25, 0.5])
  expect([88, 92, 96, 100].map(at => view.getInt32(at, true))).toEqual([3, 2, -1, -1])
  expect(bytes.length).toBe(92 + 3 * 12 + 3)
})

test('flipped bytes give a clear error or a model that scores, and never a crash', () => {
  const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 })
  const row = arbitraryRow(FEATURES)
  fc.assert(
    fc.property(arbitraryParameters(FEATURES), flips, row, (parameters, changes, features) => {
      const bytes = writeParameters(parameters, FEATURES)
      for (const [at, change] of changes) bytes[at % bytes.length]! ^= change
      expectErrorOrModel(bytes, features)
    }),
    { numRuns: 2_000 },
  )
})

test('random bytes behind a good header give a clear error or a model that scores', () => {
  const kind = fc.integer({ min: 1, max: 3 })
  fc.assert(
    fc.property(
      kind,
      fc.uint8Array({ maxLength: 300 }),
      arbitraryRow(FEATURES),
      (kindNumber, tail, features) => {
        const head = [...Buffer.from('SLUICEMB'), 1, 0, kindNumber, 0, FEATURES, 0, 0, 0]
        expectErrorOrModel(Uint8Array.from([...head, ...tail]), features)
      },
    ),
    { numRuns: 1_000 },
  )
})

test('a file that is cut anywhere, or longer, is refused', () => {
  const bytes = writeParameters(trees([stump, leafRoot]), FEATURES)
  for (let length = 0; length < bytes.length; length++)
    expect(() => readParameters(bytes.subarray(0, length), FEATURES)).toThrow(/ends too early/)
  expect(() => readParameters(Uint8Array.from([...bytes, 0]), FEATURES)).toThrow(/1 bytes behind its end/)
})

describe('a header is refused', () => {
  test.each([
    { fault: 'another magic', at: 0, byte: 0x50, message: /not a model.bin/ },
    { fault: 'a later version', at: 8, byte: 2, message: /version 2/ },
    { fault: 'an unknown kind', at: 10, byte: 4, message: /not known/ },
    { fault: 'other features', at: 12, byte: 4, message: /for 4 features, and the bundle declares 3/ },
    { fault: 'an unknown link', at: 16, byte: 2, message: /link/ },
    { fault: 'more trees than allowed', at: 23, byte: 1, message: /limits/ },
    { fault: 'more nodes than allowed', at: 27, byte: 1, message: /limits/ },
    { fault: 'something reserved', at: 28, byte: 1, message: /reserved/ },
    { fault: 'sizes that do not add up', at: 88, byte: 2, message: /add up/ },
  ])('with $fault', ({ at, byte, message }) => {
    const bytes = writeParameters(trees([stump]), FEATURES)
    bytes[at] = byte
    expect(() => readParameters(bytes, FEATURES)).toThrow(message)
  })
})

describe('parameters are refused', () => {
  const linear = (changed: object): Parameters => ({
    kind: 'linear',
    intercept: 0,
    weights: new Float64Array(FEATURES),
    means: new Float64Array(FEATURES),
    scales: new Float64Array(FEATURES).fill(1),
    ...changed,
  })
  const markov = (changed: object): Parameters => ({
    kind: 'markov',
    prior: 0,
    positives: new Float64Array(FEATURES),
    negatives: new Float64Array(FEATURES),
    from: new Int32Array(FEATURES),
    smoothing: 1,
    ...changed,
  })
  test.each<{ fault: string; parameters: Parameters; message: RegExp }>([
    { fault: 'no node', parameters: trees([empty(0)]), message: /no node/ },
    {
      fault: 'uneven columns',
      parameters: trees([{ ...stump, value: Float64Array.of(1) }]),
      message: /lengths/,
    },
    {
      fault: 'NaN value',
      parameters: trees([{ ...leafRoot, value: Float64Array.of(NaN) }]),
      message: /value NaN/,
    },
    { fault: 'infinite baseline', parameters: { ...trees([]), baseline: Infinity }, message: /baseline/ },
    {
      fault: 'infinite threshold',
      parameters: trees([{ ...stump, threshold: Float64Array.of(Infinity, 0, 0) }]),
      message: /Tree 0, node 0 has the threshold Infinity/,
    },
    {
      fault: 'feature beyond the row',
      parameters: trees([leafRoot, { ...stump, feature: Int32Array.of(3, -1, -1) }]),
      message: /Tree 1, node 0 tests feature 3 of 3/,
    },
    {
      fault: 'feature below -1',
      parameters: trees([{ ...stump, feature: Int32Array.of(-2, -1, -1) }]),
      message: /feature -2/,
    },
    {
      fault: 'child that is the node itself',
      parameters: trees([{ ...stump, left: Int32Array.of(0, -1, -1) }]),
      message: /child 0/,
    },
    {
      fault: 'child beyond the nodes',
      parameters: trees([{ ...stump, right: Int32Array.of(3, -1, -1) }]),
      message: /child 3/,
    },
    {
      fault: 'child of two parents',
      parameters: trees([{ ...stump, right: Int32Array.of(1, -1, -1) }]),
      message: /two parents/,
    },
    { fault: 'node without parent', parameters: trees([empty(2)]), message: /not reached/ },
    {
      fault: 'missingLeft of 2',
      parameters: trees([{ ...stump, missingLeft: Uint8Array.of(2, 0, 0) }]),
      message: /missingLeft 2/,
    },
    { fault: 'tree too deep', parameters: trees([spine(PARAMETER_LIMITS.depth + 1)]), message: /deep/ },
    {
      fault: 'NaN weight',
      parameters: linear({ weights: Float64Array.of(0, NaN, 0) }),
      message: /feature 1 is NaN/,
    },
    { fault: 'scale 0', parameters: linear({ scales: Float64Array.of(1, 1, 0) }), message: /feature 2 is 0/ },
    { fault: 'too few means', parameters: linear({ means: Float64Array.of(1) }), message: /1 entries for 3/ },
    { fault: 'negative count', parameters: markov({ positives: Float64Array.of(0, -1, 0) }), message: /-1/ },
    { fault: 'no smoothing of a 0', parameters: markov({ smoothing: 0 }), message: /above 0/ },
    { fault: 'negative smoothing', parameters: markov({ smoothing: -1 }), message: /below 0/ },
    { fault: 'negative state', parameters: markov({ from: Int32Array.of(0, 0, -1) }), message: /state -1/ },
  ])('with $fault', ({ parameters, message }) => {
    expect(() => writeParameters(parameters, FEATURES)).toThrow(message)
    expect(() => createModel(parameters, FEATURES)).toThrow(message)
  })

  test('with more features than allowed', () => {
    expect(() => writeParameters(trees([]), PARAMETER_LIMITS.features + 1)).toThrow(/65536/)
  })
})

test('a file never takes more memory than its own size allows', () => {
  // Declares 8 million nodes and holds none: refused before the columns are made.
  const bytes = writeParameters(trees([]), FEATURES)
  new DataView(bytes.buffer).setUint32(24, PARAMETER_LIMITS.nodes, true)
  expect(() => readParameters(bytes, FEATURES)).toThrow(/ends too early: it has 40 bytes and needs 64000040/)
})

function expectErrorOrModel(bytes: Uint8Array, features: Float64Array): void {
  let parameters: Parameters
  try {
    parameters = readParameters(bytes, FEATURES)
  } catch (error) {
    // Ours say what is wrong in a sentence; a RangeError or TypeError would be one that slipped through.
    expect((error as Error).constructor).toBe(Error)
    expect((error as Error).message).toMatch(/^[A-Z].{20,}\.$/)
    return
  }
  expect(writeParameters(parameters, FEATURES)).toEqual(bytes)
  createModel(parameters, FEATURES).explain(features, new Float64Array(FEATURES))
}

function trees(all: readonly Tree[]): TreesParameters {
  return { kind: 'trees', link: 'logit', baseline: 0.25, trees: all }
}

/** Leaves, none of them anybody's child. */
function empty(count: number): Tree {
  return {
    feature: new Int32Array(count).fill(-1),
    threshold: new Float64Array(count),
    missingLeft: new Uint8Array(count),
    left: new Int32Array(count).fill(-1),
    right: new Int32Array(count).fill(-1),
    value: new Float64Array(count),
  }
}

function spine(depth: number): Tree {
  const tree = empty(2 * depth + 1)
  for (let level = 0; level < depth; level++) {
    tree.feature[2 * level] = 0
    tree.left[2 * level] = 2 * level + 1
    tree.right[2 * level] = 2 * level + 2
  }
  return tree
}
