/** The input of every learner. Arrays are by row of the training table, unless they list rows. */
export interface LearnerInput {
  readonly featureNames: readonly string[]
  readonly features: readonly Float64Array[]
  readonly label: Uint8Array
  /** How much a row counts. */
  readonly weight: Float64Array
  /** Rows of one session have one number. */
  readonly session: Int32Array
  /** Rows to learn from, in the order of the table. */
  readonly trainRows: Int32Array
  /** Rows that decide when to stop. May be empty. */
  readonly validRows: Int32Array
  readonly seed: number
}

export interface Progress {
  readonly iteration: number
  readonly of: number
  readonly trainLoss: number
  readonly validLoss: number | undefined
}

export interface FitReport {
  readonly progress?: ((progress: Progress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Fit<Parameters> {
  readonly parameters: Parameters
  /** Loss on the training rows after each iteration. */
  readonly trainLosses: readonly number[]
  /** What the learner decided by itself. */
  readonly notes: Readonly<Record<string, number>>
  /** By feature, how many values of the training rows count as missing because they are mistakes. Default: none. */
  readonly unusable?: Int32Array
  /** By feature, how much its splits improved the fit; of models with splits. */
  readonly gains?: Float64Array
}

/** Sums by feature how much the splits of these trees improved the fit. */
export function gainsByFeature(
  trees: readonly { readonly tree: { readonly feature: Int32Array }; readonly gain: Float64Array }[],
  featureCount: number,
): Float64Array {
  const gains = new Float64Array(featureCount)
  for (const { tree, gain } of trees)
    tree.feature.forEach((feature, node) => {
      if (feature >= 0) gains[feature]! += gain[node]!
    })
  return gains
}

/** Mean logistic loss of raw scores (log-odds), by weight. */
export function logLoss(
  score: Float64Array,
  label: Uint8Array,
  weight: Float64Array,
  rows: Int32Array,
): number {
  let loss = 0
  let total = 0
  for (const row of rows) {
    const s = score[row]!
    // log(1 + e^s) − y s, in a form that does not overflow.
    loss += weight[row]! * (Math.max(s, 0) + Math.log1p(Math.exp(-Math.abs(s))) - label[row]! * s)
    total += weight[row]!
  }
  return loss / total
}

/** The log-odds of the positive rows, by weight. */
export function logOddsOf(label: Uint8Array, weight: Float64Array, rows: Int32Array): number {
  let positive = 0
  let total = 0
  for (const row of rows) {
    total += weight[row]!
    positive += weight[row]! * label[row]!
  }
  return Math.log(positive / (total - positive))
}
