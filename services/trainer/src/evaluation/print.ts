import type { Evaluation, Quality } from './evaluate.ts'
import { figure, momentTitle, percent, whole, withInterval } from './words.ts'

/** The evaluation as text for a terminal of 110 columns. For machines: `JSON.stringify(evaluation)`. */
export function printEvaluation(evaluation: Evaluation): string {
  const { dataset, sessions, visitors, positiveSessions, threshold, moments, slices, replicates, seed } =
    evaluation
  const shareReached = percent(positiveSessions / sessions)
  const pooled = moments.at(-1)!
  return [
    `On the ${dataset} part: ${whole(sessions)} sessions of ${whole(visitors)} visitors, ` +
      `${whole(positiveSessions)} reached the goal (${shareReached}).`,
    '',
    'How well scores tell sessions that reach the goal, by scoring moment (95 % intervals)',
    '',
    ...table([
      ['', 'rows', 'reached', 'ROC AUC', 'PR AUC', 'Brier', 'calibration error'],
      ...moments.map(quality => [momentTitle(quality.moment), ...qualityCells(quality)]),
    ]),
    '',
    `What the threshold ${figure(threshold)} decides`,
    '',
    ...table([
      ['', 'yes', 'of them right', 'precision', 'recall', 'lift'],
      ...moments.map(quality => [momentTitle(quality.moment), ...decisionCells(quality)]),
    ]),
    '',
    'Of all moments, by what came true',
    '',
    ...table([
      ['', 'said yes', 'said no'],
      ['reached', whole(pooled.confusion.truePositives), whole(pooled.confusion.falseNegatives)],
      ['did not', whole(pooled.confusion.falsePositives), whole(pooled.confusion.trueNegatives)],
    ]),
    ...(slices.length === 0
      ? []
      : [
          '',
          'All moments, by slice',
          '',
          ...table([
            ['', 'rows', 'reached', 'ROC AUC', 'PR AUC', 'Brier', 'calibration error'],
            ...slices.map(quality => [`${quality.feature}: ${quality.value}`, ...qualityCells(quality)]),
          ]),
        ]),
    '',
    'Intervals of ROC AUC: DeLong for rows in clusters (visitors); all others: ' +
      `${replicates} draws of visitors, seed ${seed}.`,
    '',
  ].join('\n')
}

function qualityCells({ rows, measures }: Quality): string[] {
  const { positive_rate, roc_auc, pr_auc, brier, calibration_error } = measures
  return [
    whole(rows),
    percent(positive_rate.value),
    withInterval(roc_auc),
    withInterval(pr_auc),
    figure(brier.value),
    figure(calibration_error.value),
  ]
}

function decisionCells({ measures, confusion }: Quality): string[] {
  const { precision, recall, lift } = measures
  return [
    whole(confusion.truePositives + confusion.falsePositives),
    whole(confusion.truePositives),
    withInterval(precision),
    withInterval(recall),
    withInterval(lift),
  ]
}

/** Aligns columns to their widest cell: the first column left, the others right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_cell, column) => Math.max(...rows.map(row => row[column]!.length)))
  return rows.map(row =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  )
}
