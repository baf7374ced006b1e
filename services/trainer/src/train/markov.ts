import type { MarkovParameters } from '@sluicebox/model/parameters/parameters'
import { isCount } from '@sluicebox/model/runtimes/markov'
import type { Fit, FitReport, LearnerInput } from './learner.ts'

export interface MarkovOptions {
  /** Added to the count of every transition. */
  readonly smoothing: number
  /** Index of the state that each feature's transition leaves. */
  readonly from: Int32Array
}

/**
 * Counts transitions in sessions of either outcome. The last row of a session has counted all of its transitions, so
 * only that one is taken; weights of rows play no part.
 */
export async function fitMarkov(
  input: LearnerInput,
  options: MarkovOptions,
  report: FitReport,
): Promise<Fit<MarkovParameters>> {
  report.signal?.throwIfAborted()
  const { features, label, session, trainRows } = input
  const lastRow = new Map<number, number>()
  for (const row of trainRows) {
    const known = lastRow.get(session[row]!)
    if (known === undefined || total(row) >= total(known)) lastRow.set(session[row]!, row)
  }
  const positives = new Float64Array(features.length)
  const negatives = new Float64Array(features.length)
  let positiveSessions = 0
  for (const row of lastRow.values()) {
    positiveSessions += label[row]!
    const counts = label[row] === 1 ? positives : negatives
    features.forEach((column, f) => {
      if (isCount(column[row]!)) counts[f]! += column[row]!
    })
  }
  return {
    parameters: {
      kind: 'markov',
      prior: Math.log(positiveSessions / (lastRow.size - positiveSessions)),
      positives,
      negatives,
      from: options.from,
      smoothing: options.smoothing,
    },
    trainLosses: [],
    notes: { transitions: features.length },
    unusable: Int32Array.from(features, column =>
      trainRows.reduce(
        (count, row) => count + (isCount(column[row]!) || Number.isNaN(column[row]) ? 0 : 1),
        0,
      ),
    ),
  }

  function total(row: number): number {
    let sum = 0
    for (const column of features) if (isCount(column[row]!)) sum += column[row]!
    return sum
  }
}
