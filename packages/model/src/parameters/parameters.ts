// The parameters that a runtime needs to score: made by the trainer or an importer, kept in a bundle's model.bin.

/** A binary tree. Node 0 is the root; children come after their parent. */
export interface Tree {
  /** Index of the feature that the node tests; -1 for a leaf. */
  readonly feature: Int32Array
  /** Left when the value is less than or equal to the threshold. */
  readonly threshold: Float64Array
  /** Whether a missing value (NaN) goes left: 1 or 0. */
  readonly missingLeft: Uint8Array
  readonly left: Int32Array
  readonly right: Int32Array
  /** A leaf's value; for an inner node the mean of its leaves, weighted by the training rows that reached them. */
  readonly value: Float64Array
}

/** Raw score = baseline + sum over trees. With `link: identity` (forests) it is a probability already. */
export interface TreesParameters {
  readonly kind: 'trees'
  readonly link: 'logit' | 'identity'
  readonly baseline: number
  readonly trees: readonly Tree[]
}

/** Raw score (log-odds) = intercept + sum of weight × (value − mean) / scale, where a missing value, or one that is very far, counts as the mean. */
export interface LinearParameters {
  readonly kind: 'linear'
  readonly intercept: number
  readonly weights: Float64Array
  readonly means: Float64Array
  readonly scales: Float64Array
}

/**
 * A Markov chain for either outcome, over counted transitions: feature i is the count of one transition in the
 * session, and adds count × log((positives[i] / from positives) / (negatives[i] / from negatives)), smoothed.
 */
export interface MarkovParameters {
  readonly kind: 'markov'
  /** log(positive sessions / negative sessions) of the training data. */
  readonly prior: number
  /** How often each transition was counted in sessions that reached the goal, and in those that did not. */
  readonly positives: Float64Array
  readonly negatives: Float64Array
  /** Index of the state that each transition leaves. */
  readonly from: Int32Array
  /** Added to each count before dividing. */
  readonly smoothing: number
}

export type Parameters = TreesParameters | LinearParameters | MarkovParameters
