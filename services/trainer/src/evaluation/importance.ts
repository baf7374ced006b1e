import type { Manifest } from '@sluicebox/model/bundle/manifest'
import type { Model } from '@sluicebox/model/runtimes/model'

/**
 * How much each feature moves the raw score: the mean of |contribution| over these rows of a table of columns, the
 * largest first; equal ones in the order of the features.
 */
export function featureImportance(
  model: Model,
  features: { readonly names: readonly string[]; readonly columns: readonly Float64Array[] },
  rows: Int32Array,
  gains?: Float64Array,
): Manifest['importance'] {
  const row = new Float64Array(model.featureCount)
  const contributions = new Float64Array(model.featureCount)
  const sums = new Float64Array(model.featureCount)
  for (const place of rows) {
    for (let i = 0; i < row.length; i++) row[i] = features.columns[i]![place]!
    model.explain(row, contributions)
    for (let i = 0; i < row.length; i++) sums[i]! += Math.abs(contributions[i]!)
  }
  return features.names
    .map((feature, i) => ({
      feature,
      mean_contribution: rows.length === 0 ? 0 : sums[i]! / rows.length,
      gain: gains?.[i] ?? null,
    }))
    .sort((a, b) => b.mean_contribution - a.mean_contribution)
}
