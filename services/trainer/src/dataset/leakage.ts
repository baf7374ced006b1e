/** A feature that tells the outcome almost alone, usually because it was made from the outcome. */
export interface Leak {
  readonly feature: string
  readonly auc: number
}

/** A feature that is known before the goal hardly ever separates better. */
const AUC_MAX = 0.98
/** Fewer positive rows may be separated by chance. */
const POSITIVES_MIN = 10
const SAMPLE_ROWS_MAX = 50_000

export interface LeakageCheck {
  add(label: 0 | 1, features: Float64Array): void
  /** The suspicious features, the worst first. */
  finish(): Leak[]
}

/** Checks a bounded sample of the rows: every second, then every fourth … as their number grows. */
export function createLeakageCheck(featureNames: readonly string[]): LeakageCheck {
  let sample: { label: 0 | 1; features: Float64Array }[] = []
  let stride = 1
  let seen = 0
  return {
    add(label, features) {
      if (seen++ % stride !== 0) return
      sample.push({ label, features: features.slice() })
      if (sample.length < SAMPLE_ROWS_MAX) return
      sample = sample.filter((_, i) => i % 2 === 0)
      stride *= 2
    },
    finish() {
      const labels = sample.map(row => row.label)
      const positives = labels.reduce<number>((sum, label) => sum + label, 0)
      if (positives < POSITIVES_MIN || labels.length - positives < POSITIVES_MIN) return []
      return featureNames
        .map((feature, f) => ({
          feature,
          auc: separation(
            sample.map(row => row.features[f]!),
            labels,
          ),
        }))
        .filter(({ auc }) => auc > AUC_MAX)
        .sort((a, b) => b.auc - a.auc)
    },
  }
}

/** AUC of the feature alone, in whichever direction, with missing values below or above all others. */
export function separation(values: readonly number[], labels: readonly number[]): number {
  const aucs = [-Infinity, Infinity].map(missing =>
    aucOf(
      values.map(v => (Number.isNaN(v) ? missing : v)),
      labels,
    ),
  )
  return Math.max(...aucs.map(auc => Math.max(auc, 1 - auc)))
}

/** The share of pairs of a positive and a negative in which the positive has the greater value; ties count half. */
function aucOf(values: readonly number[], labels: readonly number[]): number {
  const order = Array.from(values, (_, i) => i).sort((a, b) =>
    values[a]! < values[b]! ? -1 : values[a]! > values[b]! ? 1 : 0,
  )
  let rankSum = 0
  let positives = 0
  for (let start = 0; start < order.length;) {
    let end = start
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++
    const rank = (start + 1 + end) / 2
    for (; start < end; start++) {
      if (labels[order[start]!] !== 1) continue
      rankSum += rank
      positives++
    }
  }
  const negatives = order.length - positives
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives)
}
