/** What a threshold is chosen for. */
export type ThresholdRule =
  | { readonly by: 'f1' }
  /** The most positives found while at least this share of the decisions is right. */
  | { readonly by: 'precision'; readonly min: number }
  /** The fewest decisions that still find this share of the positives. */
  | { readonly by: 'recall'; readonly min: number }
  /** The least cost, where a needless decision and a missed positive cost this much. */
  | { readonly by: 'cost'; readonly needless: number; readonly missed: number }

export interface Threshold {
  readonly value: number
  /** A sentence for the manifest. */
  readonly chosenBy: string
}

/**
 * Returns the threshold that serves `rule` best on these rows. A row with at least this probability is decided on.
 */
export function chooseThreshold(
  rule: ThresholdRule,
  probability: Float64Array,
  label: Uint8Array,
  weight: Float64Array,
): Threshold {
  const order = Array.from({ length: probability.length }, (_, i) => i).sort(
    (a, b) => probability[b]! - probability[a]!,
  )
  let positives = 0
  for (let i = 0; i < label.length; i++) positives += weight[i]! * label[i]!

  let hits = 0
  let decided = 0
  let best: { value: number; worth: number; precision: number; recall: number } | undefined
  order.forEach((row, i) => {
    decided += weight[row]!
    hits += weight[row]! * label[row]!
    // Rows of one probability are decided on together.
    if (i + 1 < order.length && probability[order[i + 1]!] === probability[row]) return
    const precision = hits / decided
    const recall = positives > 0 ? hits / positives : 0
    const worth = worthOf(rule, { precision, recall, hits, decided, positives })
    if (worth !== undefined && (best === undefined || worth > best.worth))
      best = { value: probability[row]!, worth, precision, recall }
  })

  const wanted = describe(rule)
  if (best === undefined)
    return {
      value: 1,
      chosenBy: `${wanted}: no threshold reaches it on the validation part, so nothing is decided`,
    }
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
  return {
    value: best.value,
    chosenBy: `${wanted}; on the validation part precision ${percent(best.precision)}, recall ${percent(best.recall)}`,
  }
}

function worthOf(
  rule: ThresholdRule,
  at: { precision: number; recall: number; hits: number; decided: number; positives: number },
): number | undefined {
  switch (rule.by) {
    case 'f1':
      return at.hits === 0 ? 0 : (2 * at.precision * at.recall) / (at.precision + at.recall)
    case 'precision':
      return at.precision >= rule.min ? at.recall : undefined
    case 'recall':
      return at.recall >= rule.min ? -at.decided : undefined
    case 'cost':
      return -(rule.needless * (at.decided - at.hits) + rule.missed * (at.positives - at.hits))
  }
}

function describe(rule: ThresholdRule): string {
  switch (rule.by) {
    case 'f1':
      return 'highest F1'
    case 'precision':
      return `highest recall at a precision of at least ${rule.min}`
    case 'recall':
      return `fewest decisions at a recall of at least ${rule.min}`
    case 'cost':
      return `least cost, ${rule.needless} for a needless decision and ${rule.missed} for a missed one`
  }
}
