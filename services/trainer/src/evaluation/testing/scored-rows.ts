import { createRandom } from '@sluicebox/event/random'
import type { ScoredRows } from '../rows.ts'

// For tests: rows to evaluate.

interface Columns {
  readonly label?: readonly number[]
  readonly score?: readonly number[]
  readonly probability?: readonly number[]
  readonly session?: readonly number[]
  readonly visitor?: readonly number[]
  readonly n?: readonly number[]
  readonly eventCount?: readonly number[]
  readonly weight?: readonly number[]
}

/** Rows of these columns; where one is not given every row is a session and a visitor of its own, not positive. */
export function scoredRows(columns: Columns): ScoredRows {
  const count = Object.values(columns)[0]?.length ?? 0
  const own = Array.from({ length: count }, (_, row) => row)
  const score = columns.score ?? own
  const session = Int32Array.from(columns.session ?? own)
  return {
    label: Uint8Array.from(columns.label ?? own.map(() => 0)),
    score: Float64Array.from(score),
    probability: Float64Array.from(columns.probability ?? score.map(s => 1 / (1 + Math.exp(-s)))),
    session,
    visitor: columns.visitor === undefined ? session : Int32Array.from(columns.visitor),
    n: Int32Array.from(columns.n ?? own.map(() => 1)),
    eventCount: Int32Array.from(columns.eventCount ?? own.map(() => 1)),
    ...(columns.weight === undefined ? {} : { weight: Float64Array.from(columns.weight) }),
  }
}

/** Sessions of visitors who come back, some of whom buy; their score gets better with every event. */
export function simulatedRows({ sessions, seed }: { sessions: number; seed: number }): ScoredRows {
  const random = createRandom(seed)
  const columns = {
    label: [] as number[],
    score: [] as number[],
    session: [] as number[],
    visitor: [] as number[],
    n: [] as number[],
    eventCount: [] as number[],
  }
  const devices: number[] = []
  for (let session = 0; session < sessions; session++) {
    const visitor = Math.floor(session / 2)
    const label = Number(random.next() < 0.15)
    const taste = normal(random.next) * 0.8
    const device = random.below(3)
    const length = 1 + random.below(14)
    for (let n = 1; n <= length; n++) {
      columns.label.push(label)
      columns.score.push(-2 + taste + label * Math.sqrt(n) + normal(random.next) * 0.6)
      columns.session.push(session)
      columns.visitor.push(visitor)
      columns.n.push(n)
      columns.eventCount.push(n)
      devices.push(device)
    }
  }
  const device_type = { codes: Int32Array.from(devices), values: ['mobile', 'desktop', 'tablet'] }
  return { ...scoredRows(columns), slices: { device_type } }
}

function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
}
