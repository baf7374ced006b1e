import { checkParameters, PARAMETER_LIMITS } from './check-parameters.ts'
import type { LinearParameters, MarkovParameters, Parameters, Tree, TreesParameters } from './parameters.ts'

// The file model.bin, all numbers little-endian, each array starting at a multiple of its own element's size:
//
//   header    8 bytes "SLUICEMB", u16 version (1), u16 kind (1 trees, 2 linear, 3 markov), u32 features
//   trees     u32 link (0 logit, 1 identity), u32 trees, u32 nodes, u32 zero, f64 baseline,
//             f64 threshold[nodes], f64 value[nodes], u32 nodes of each tree[trees],
//             i32 feature[nodes], i32 left[nodes], i32 right[nodes], u8 missing left[nodes]
//   linear    f64 intercept, f64 weight[features], f64 mean[features], f64 scale[features]
//   markov    f64 prior, f64 smoothing, f64 positives[features], f64 negatives[features], i32 from[features]
//
// The nodes of all trees follow each other, tree by tree; left and right count from the tree's own first node. A
// leaf has feature, left and right -1, threshold and missing left 0. Nothing may follow.

const MAGIC = 'SLUICEMB'
const VERSION = 1
const KINDS = ['trees', 'linear', 'markov'] as const
const LINKS = ['logit', 'identity'] as const
const NODE_BYTES = 8 + 8 + 4 + 4 + 4 + 1

/** No valid model.bin is larger. */
export const PARAMETERS_BYTES_MAX = 48 + PARAMETER_LIMITS.nodes * NODE_BYTES + PARAMETER_LIMITS.trees * 4

/** The bytes of model.bin. The same parameters always give the same bytes. */
export function writeParameters(parameters: Parameters, featureCount: number): Uint8Array {
  checkParameters(parameters, featureCount)
  const writer = createWriter(byteLength(parameters, featureCount))
  for (const letter of MAGIC) writer.u8(letter.charCodeAt(0))
  writer.u16(VERSION)
  writer.u16(KINDS.indexOf(parameters.kind) + 1)
  writer.u32(featureCount)
  switch (parameters.kind) {
    case 'trees':
      writeTrees(parameters, writer)
      break
    case 'linear':
      writer.f64(parameters.intercept)
      for (const column of [parameters.weights, parameters.means, parameters.scales])
        column.forEach(writer.f64)
      break
    case 'markov':
      writer.f64(parameters.prior)
      writer.f64(parameters.smoothing)
      for (const column of [parameters.positives, parameters.negatives]) column.forEach(writer.f64)
      parameters.from.forEach(writer.i32)
      break
    default:
      parameters satisfies never
  }
  return writer.bytes
}

/** The parameters in a model.bin, fully checked; throws, saying what is wrong, if a byte is not as it must be. */
export function readParameters(bytes: Uint8Array, featureCount: number): Parameters {
  const reader = createReader(bytes)
  const magic = String.fromCharCode(...Array.from({ length: MAGIC.length }, () => reader.u8()))
  if (magic !== MAGIC) throw new Error('This is not a model.bin: it does not begin as one.')
  const version = reader.u16()
  if (version !== VERSION)
    throw new Error(`This model.bin has version ${version} of its format; version ${VERSION} can be read.`)
  const kind = KINDS[reader.u16() - 1]
  if (kind === undefined) throw new Error('This model.bin holds a kind of model that is not known here.')
  const features = reader.u32()
  if (features !== featureCount)
    throw new Error(`This model.bin is for ${features} features, and the bundle declares ${featureCount}.`)
  // The limit comes first: it bounds what the arrays below may allocate.
  if (features > PARAMETER_LIMITS.features)
    throw new Error(
      `A model takes at most ${PARAMETER_LIMITS.features} features, and this one takes ${features}.`,
    )

  const parameters = readKind(kind, features, reader)
  reader.end()
  checkParameters(parameters, featureCount)
  return parameters
}

function readKind(kind: (typeof KINDS)[number], features: number, reader: Reader): Parameters {
  switch (kind) {
    case 'trees':
      return readTrees(reader)
    case 'linear':
      return {
        kind,
        intercept: reader.f64(),
        weights: reader.f64s(features),
        means: reader.f64s(features),
        scales: reader.f64s(features),
      } satisfies LinearParameters
    case 'markov':
      return {
        kind,
        prior: reader.f64(),
        smoothing: reader.f64(),
        positives: reader.f64s(features),
        negatives: reader.f64s(features),
        from: reader.i32s(features),
      } satisfies MarkovParameters
  }
}

function writeTrees({ link, baseline, trees }: TreesParameters, writer: Writer): void {
  writer.u32(LINKS.indexOf(link))
  writer.u32(trees.length)
  writer.u32(countNodes(trees))
  writer.u32(0)
  writer.f64(baseline)
  // Fields that a leaf does not use are written as -1 or 0, so that equal models have equal bytes.
  const isLeaf = (tree: Tree, node: number) => tree.feature[node] === -1
  for (const tree of trees) tree.threshold.forEach((t, node) => writer.f64(isLeaf(tree, node) ? 0 : t))
  for (const tree of trees) tree.value.forEach(writer.f64)
  for (const tree of trees) writer.u32(tree.feature.length)
  for (const tree of trees) tree.feature.forEach(writer.i32)
  for (const tree of trees) tree.left.forEach((child, node) => writer.i32(isLeaf(tree, node) ? -1 : child))
  for (const tree of trees) tree.right.forEach((child, node) => writer.i32(isLeaf(tree, node) ? -1 : child))
  for (const tree of trees) tree.missingLeft.forEach((left, node) => writer.u8(isLeaf(tree, node) ? 0 : left))
}

function readTrees(reader: Reader): TreesParameters {
  const link = LINKS[reader.u32()]
  if (link === undefined) throw new Error('This model.bin has trees with a link that is not known here.')
  const treeCount = reader.u32()
  const nodeCount = reader.u32()
  if (treeCount > PARAMETER_LIMITS.trees || nodeCount > PARAMETER_LIMITS.nodes)
    throw new Error(
      `This model.bin declares ${treeCount} trees with ${nodeCount} nodes; the limits are ` +
        `${PARAMETER_LIMITS.trees} and ${PARAMETER_LIMITS.nodes}.`,
    )
  if (reader.u32() !== 0) throw new Error('This model.bin has a number other than 0 in its reserved place.')
  const baseline = reader.f64()
  const threshold = reader.f64s(nodeCount)
  const value = reader.f64s(nodeCount)
  const nodesOfTree = Array.from({ length: treeCount }, () => reader.u32())
  const feature = reader.i32s(nodeCount)
  const left = reader.i32s(nodeCount)
  const right = reader.i32s(nodeCount)
  const missingLeft = reader.u8s(nodeCount)
  if (nodesOfTree.reduce((sum, count) => sum + count, 0) !== nodeCount)
    throw new Error(`This model.bin has trees whose sizes do not add up to its ${nodeCount} nodes.`)
  for (let node = 0; node < nodeCount; node++)
    if (
      feature[node] === -1 &&
      (left[node] !== -1 || right[node] !== -1 || threshold[node] !== 0 || missingLeft[node] !== 0)
    )
      throw new Error(`This model.bin has a leaf, node ${node} of all, that carries a test or children.`)

  let start = 0
  const trees = nodesOfTree.map((count): Tree => {
    const [from, to] = [start, (start += count)]
    return {
      feature: feature.subarray(from, to),
      threshold: threshold.subarray(from, to),
      missingLeft: missingLeft.subarray(from, to),
      left: left.subarray(from, to),
      right: right.subarray(from, to),
      value: value.subarray(from, to),
    }
  })
  return { kind: 'trees', link, baseline, trees }
}

function byteLength(parameters: Parameters, featureCount: number): number {
  const header = MAGIC.length + 2 + 2 + 4
  switch (parameters.kind) {
    case 'trees':
      return header + 16 + 8 + countNodes(parameters.trees) * NODE_BYTES + parameters.trees.length * 4
    case 'linear':
      return header + 8 + featureCount * 24
    case 'markov':
      return header + 16 + featureCount * 20
  }
}

function countNodes(trees: readonly Tree[]): number {
  return trees.reduce((sum, tree) => sum + tree.feature.length, 0)
}

type Writer = ReturnType<typeof createWriter>
type Reader = ReturnType<typeof createReader>

function createWriter(length: number) {
  const bytes = new Uint8Array(length)
  const view = new DataView(bytes.buffer)
  let at = 0
  // With one parameter each, so that they can be handed to forEach.
  return {
    bytes,
    u8: (number: number) => view.setUint8((at += 1) - 1, number),
    u16: (number: number) => view.setUint16((at += 2) - 2, number, true),
    u32: (number: number) => view.setUint32((at += 4) - 4, number, true),
    i32: (number: number) => view.setInt32((at += 4) - 4, number, true),
    f64: (number: number) => view.setFloat64((at += 8) - 8, number, true),
  }
}

function createReader(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const take = (length: number): number => {
    if (at + length > bytes.byteLength)
      throw new Error(
        `This model.bin ends too early: it has ${bytes.byteLength} bytes and needs ${at + length}.`,
      )
    at += length
    return at - length
  }
  const readAll = <Column extends Float64Array | Int32Array | Uint8Array>(
    column: (length: number) => Column,
    read: (at: number) => number,
    count: number,
    width: number,
  ): Column => {
    const start = take(count * width)
    const numbers = column(count)
    for (let i = 0; i < count; i++) numbers[i] = read(start + i * width)
    return numbers
  }
  const f64 = (from: number) => view.getFloat64(from, true)
  const i32 = (from: number) => view.getInt32(from, true)
  const u8 = (from: number) => view.getUint8(from)
  return {
    u8: () => u8(take(1)),
    u16: () => view.getUint16(take(2), true),
    u32: () => view.getUint32(take(4), true),
    f64: () => f64(take(8)),
    f64s: (count: number) => readAll(length => new Float64Array(length), f64, count, 8),
    i32s: (count: number) => readAll(length => new Int32Array(length), i32, count, 4),
    u8s: (count: number) => readAll(length => new Uint8Array(length), u8, count, 1),
    end() {
      if (at !== bytes.byteLength)
        throw new Error(`This model.bin has ${bytes.byteLength - at} bytes behind its end.`)
    },
  }
}
