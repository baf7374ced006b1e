import type { ManifestDraft } from '@sluicebox/model/bundle/manifest'
import type { Evaluation } from './evaluate.ts'
import { figure, whole, withInterval } from './words.ts'

const DAY_MS = 86_400_000
const POSITIVES_ENOUGH = 100

/** Lists what limits the figures: caveats that follow from them, then those of the author. */
export function caveats(evaluation: Evaluation, manifest: ManifestDraft): string[] {
  const { dataset, positiveSessions, sessions, visitors, moments } = evaluation
  const pooled = moments.at(-1)!.measures
  const part = dataset === 'live_replay' ? null : manifest.split[dataset]
  const found: string[] = []

  if (dataset === 'train')
    found.push('The figures are from the rows that the model learned from: on new sessions it will do worse.')
  if (dataset === 'validation')
    found.push(
      'The figures are from rows that helped to choose the model: on new sessions it will do a little worse.',
    )
  if (positiveSessions < POSITIVES_ENOUGH)
    found.push(
      `Only ${whole(positiveSessions)} of ${whole(sessions)} sessions here reached the goal: the figures rest on few ` +
        'cases, and their intervals are wide. Compare models by intervals, not by the third digit.',
    )
  if (pooled.roc_auc.value !== null && (pooled.roc_auc.low === null || pooled.roc_auc.low <= 0.5))
    found.push(
      `It is not shown that the scores are better than chance: the interval of ROC AUC, ${withInterval(pooled.roc_auc)}, ` +
        'does not exclude 0.5.',
    )
  const days = daysBetween(part?.from ?? manifest.data.from, part?.to ?? manifest.data.to)
  if (days !== undefined && days < 7)
    found.push(
      `The rows behind the figures span ${days < 1 ? `${figure(days * 24)} hours` : `${figure(days)} days`}: they say ` +
        'nothing of other weekdays, seasons, campaigns, or of a changed site.',
    )
  if (visitors < sessions)
    found.push(
      'Visitors come back, and their rows are alike: intervals treat all rows of a visitor as one draw. They do not ' +
        'cover that the site and its visitors change.',
    )
  else
    found.push(
      'Intervals cover the chance of which visitors came, not that the site and its visitors change.',
    )
  found.push(
    'The last moment is known only when the session is over. While it is open, expect the figures after its number of ' +
      'events; sessions that ended earlier are not among them.',
    'A contribution says what the model makes of a feature, not what would happen if it were changed.',
  )
  return [...found, ...manifest.limitations]
}

function daysBetween(from: string | null, to: string | null): number | undefined {
  if (from === null || to === null) return undefined
  return (Date.parse(to) - Date.parse(from)) / DAY_MS
}
