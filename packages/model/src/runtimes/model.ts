/**
 * A model that is ready to score. Features come as one array in the bundle's order, NaN where a value is missing.
 * baseline + the sum of all contributions = raw score, up to the rounding of doubles.
 */
export interface Model {
  readonly featureCount: number
  /** The raw score before any feature counts. */
  readonly baseline: number
  /** The raw score. */
  score(features: Float64Array): number
  /** The raw score; overwrites `contributions` with what each feature adds to it. */
  explain(features: Float64Array, contributions: Float64Array): number
  /** The probability of a raw score, before calibration. */
  probability(rawScore: number): number
}
