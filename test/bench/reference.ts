// Reference loops: plain code that does the same kind of work as what is measured, without anything of ours. A figure divided
// by its reference, measured in the same run, can be compared between machines; the figure itself can't.
import { createRandom } from '@sluicebox/event/random'
import { median } from './percentile.ts'

export interface Reference {
  readonly name: string
  readonly value: number
}

const ROUNDS = 5
const EVENTS = 20_000
const SESSIONS = 100_000
const TREES = 200
const DEPTH = 6

interface Node {
  readonly feature: number
  readonly threshold: number
  readonly left: Node | number
  readonly right: Node | number
}

interface PlainSession {
  count: number
  at: number
  actions: Record<string, number>
}

/** Seconds of this process's processor time. */
const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Seconds by the clock, for what is compared with a figure by the clock. */
const wallSeconds = (): number => performance.now() / 1_000

/** The median of some rounds after one that warms up, in runs per second. */
function perSecond(seconds: () => number, runs: number, round: () => void): number {
  round()
  return median(
    Array.from({ length: ROUNDS }, () => {
      const before = seconds()
      round()
      return runs / (seconds() - before)
    }),
  )
}

/** JSON of a page view as large as a tracker's. */
const pageView = (n: number): string =>
  JSON.stringify({
    ...Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`field_${i}`, `value ${i} of a page view`])),
    id: `6f0d9c1e-2b3a-4c5d-8e7f-${String(n).padStart(12, '0')}`,
    at: n,
  })

let parsed: Reference | undefined

/** Events per CPU-second of a loop that parses, copies and encodes JSON. */
export function parseReference(): Reference {
  const texts = Array.from({ length: EVENTS }, (_, n) => pageView(n))
  let bytes = 0
  return (parsed ??= {
    name: 'JSON parsed and written',
    value: perSecond(cpuSeconds, EVENTS, () => {
      for (const text of texts) {
        const event = JSON.parse(text) as object
        bytes += Buffer.from(JSON.stringify({ ...event, length: bytes })).length
      }
    }),
  })
}

let scored: Reference | undefined

/** Events per CPU-second of sessions as objects in a Map, scored by trees of objects, read and written as JSON. */
export function sessionsReference(): Reference {
  if (scored !== undefined) return scored
  const random = createRandom(1)
  const trees = createPlainTrees()
  const texts = Array.from({ length: EVENTS }, (_, n) => pageView(n))
  const sessions = plainSessions()
  const features = Float64Array.from({ length: 40 }, random.next)
  const value = perSecond(cpuSeconds, EVENTS, () => {
    for (const text of texts) {
      const event = JSON.parse(text) as { at: number }
      const session = sessions.get(`session ${random.below(SESSIONS)}`)!
      session.count++
      session.at = event.at
      const action = `action ${event.at % 7}`
      session.actions[action] = (session.actions[action] ?? 0) + 1
      for (let i = 0; i < features.length; i++) features[i] = (session.count * (i + 1)) % 3
      Buffer.from(JSON.stringify({ ...event, ...session, score: plainScore(trees, features) }))
    }
  })
  return (scored = { name: 'plain objects', value })
}

/** Microseconds to score a row of random numbers by trees of objects. */
export function treesReference(): Reference {
  const random = createRandom(1)
  const trees = createPlainTrees()
  const rows = Array.from({ length: 1_000 }, () => Float64Array.from({ length: 40 }, random.next))
  let sum = 0
  const rate = perSecond(wallSeconds, rows.length * 20, () => {
    for (let i = 0; i < 20; i++) for (const row of rows) sum += plainScore(trees, row)
  })
  return { name: Number.isNaN(sum) ? '' : 'trees of objects', value: 1e6 / rate }
}

/** Milliseconds to write plain sessions as JSON and to read them again. */
export function snapshotReference(): Reference {
  const sessions = [...plainSessions()]
  const rate = perSecond(wallSeconds, 1, () => void JSON.parse(JSON.stringify(sessions)))
  return { name: 'JSON of plain sessions', value: 1_000 / rate }
}

/** Milliseconds of processor time in which plain sessions take a batch. */
export function turnReference(events: number): Reference {
  return { name: 'a batch of plain objects', value: (events * 1_000) / sessionsReference().value }
}

/** Seconds to add a number of each row to a bin of each feature, as often as trees of this depth have levels. */
export function histogramReference(rows: number, features: number, levels: number): Reference {
  const random = createRandom(1)
  const bins = Uint8Array.from({ length: rows * features }, () => random.below(256))
  const gradients = Float64Array.from({ length: rows }, random.next)
  const sums = new Float64Array(features * 256)
  const rate = perSecond(wallSeconds, 1, () => {
    for (let feature = 0; feature < features; feature++)
      for (let row = 0; row < rows; row++)
        sums[feature * 256 + bins[feature * rows + row]!]! += gradients[row]!
  })
  return { name: 'bare histograms', value: levels / rate }
}

function plainSessions(): Map<string, PlainSession> {
  return new Map(
    Array.from({ length: SESSIONS }, (_, i) => [`session ${i}`, { count: 5, at: i, actions: { view: 4 } }]),
  )
}

/** Two hundred trees of objects, of depth 6, over 40 features. */
export function createPlainTrees(): readonly Node[] {
  const random = createRandom(2)
  const grow = (depth: number): Node | number =>
    depth === 0
      ? random.next() - 0.5
      : {
          feature: random.below(40),
          threshold: random.next(),
          left: grow(depth - 1),
          right: grow(depth - 1),
        }
  return Array.from({ length: TREES }, () => grow(DEPTH) as Node)
}

/** Walks trees of objects. */
export function plainScore(trees: readonly Node[], features: ArrayLike<number>): number {
  let sum = 0
  for (const tree of trees) {
    let node: Node | number = tree
    while (typeof node !== 'number') node = features[node.feature]! < node.threshold ? node.left : node.right
    sum += node
  }
  return sum
}
