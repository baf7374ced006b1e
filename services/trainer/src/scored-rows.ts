import type { ScoredRows } from './evaluation/rows.ts'
import type { CodedColumn, TrainingTable } from './table.ts'

/** Returns rows of a table with their scores, for the evaluation. `scores` are by row of the whole table. */
export function scoredRows(
  table: TrainingTable,
  rows: Int32Array,
  scores: { readonly score: Float64Array; readonly probability: Float64Array },
): ScoredRows {
  const pick = (column: Int32Array) => Int32Array.from(rows, row => column[row]!)
  const coded = ({ codes, values }: CodedColumn): CodedColumn => ({ codes: pick(codes), values })
  return {
    label: Uint8Array.from(rows, row => table.label[row]!),
    score: Float64Array.from(rows, row => scores.score[row]!),
    probability: Float64Array.from(rows, row => scores.probability[row]!),
    n: pick(table.n),
    eventCount: pick(table.eventCount),
    session: pick(table.session.codes),
    visitor: pick(table.visitor.codes),
    // A column with one value for every row slices nothing.
    slices: Object.fromEntries(
      Object.entries(table.slices)
        .map(([name, column]) => [name, coded(column)] as const)
        .filter(([, { codes }]) => codes.some(code => code !== codes[0])),
    ),
  }
}
