import type { CodedColumn } from '../table.ts'

/** Rows of a training table with a model's scores: one row per scoring moment. Arrays are by row. */
export interface ScoredRows {
  /** 1 where the session reached the goal later. */
  readonly label: Uint8Array
  /** Raw scores: they rank the rows. */
  readonly score: Float64Array
  /** Calibrated probabilities: they are compared with what came true, and with the threshold. */
  readonly probability: Float64Array
  /** Number of the moment in its session. */
  readonly n: Int32Array
  /** Events that the row's features cover. */
  readonly eventCount: Int32Array
  /** Rows of one session, or of one visitor, have one number. */
  readonly session: Int32Array
  readonly visitor: Int32Array
  /** How much a row counts; 1 if absent. */
  readonly weight?: Float64Array
  /** Columns to slice by. */
  readonly slices?: { readonly [name: string]: CodedColumn }
}

/** A scoring moment: all moments of a session, the last one, or the one after a number of events. */
export type MomentName = 'pooled' | 'last' | `after_${number}`

/** Numbers of events after which a session is measured. */
export const MOMENT_EVENTS = [1, 3, 6, 10] as const

export const MOMENTS: readonly MomentName[] = [
  ...MOMENT_EVENTS.map((events): MomentName => `after_${events}`),
  'last',
  'pooled',
]

/** The rows of a moment, in the order of the table; of each session at most one, unless all are pooled. */
export function rowsOfMoment(rows: ScoredRows, moment: MomentName): Int32Array {
  if (moment === 'pooled') return Int32Array.from(rows.label, (_label, row) => row)
  const chosen = new Map<number, number>()
  const events = Number(moment.slice('after_'.length))
  rows.session.forEach((session, row) => {
    if (moment !== 'last' && rows.eventCount[row] !== events) return
    const before = chosen.get(session)
    // After k events a session may have two moments, as when it closes then: the first of them decided.
    const isBetter =
      before === undefined ||
      (moment === 'last' ? rows.n[row]! > rows.n[before]! : rows.n[row]! < rows.n[before]!)
    if (isBetter) chosen.set(session, row)
  })
  return Int32Array.from(chosen.values()).sort()
}

/** The rows for which a column has this value. */
export function rowsOfSlice(column: CodedColumn, value: string): Int32Array {
  const code = column.values.indexOf(value)
  const rows: number[] = []
  column.codes.forEach((other, row) => {
    if (other === code) rows.push(row)
  })
  return Int32Array.from(rows)
}

/** Rows in the order of their scores, the highest first, ready to be measured. */
export interface Ranked {
  readonly label: Uint8Array
  readonly score: Float64Array
  readonly probability: Float64Array
  readonly weight: Float64Array
  /** The visitor's number among the visitors of these rows, from 0. */
  readonly visitor: Int32Array
  readonly visitorCount: number
  readonly sessionCount: number
}

/** These rows by falling score; equal scores stay in the order of the table. Throws if one has no score. */
export function rank(all: ScoredRows, rows: Int32Array): Ranked {
  for (const row of rows)
    if (!Number.isFinite(all.score[row]) || !(all.probability[row]! >= 0 && all.probability[row]! <= 1))
      throw new Error(
        `Row ${row} has the score ${all.score[row]} and the probability ${all.probability[row]}: it cannot be evaluated.`,
      )
  const order = Int32Array.from(rows).sort((a, b) => all.score[b]! - all.score[a]! || a - b)
  const numbers = new Map<number, number>()
  const visitor = Int32Array.from(order, row => {
    const id = all.visitor[row]!
    const number = numbers.get(id) ?? numbers.size
    numbers.set(id, number)
    return number
  })
  return {
    label: Uint8Array.from(order, row => all.label[row]!),
    score: Float64Array.from(order, row => all.score[row]!),
    probability: Float64Array.from(order, row => all.probability[row]!),
    weight: Float64Array.from(order, row => all.weight?.[row] ?? 1),
    visitor,
    visitorCount: numbers.size,
    sessionCount: new Set(Array.from(order, row => all.session[row]!)).size,
  }
}
