import type { ManifestDraft } from '@sluicebox/model/bundle/manifest'
import { caveats } from './caveats.ts'
import type { Evaluation, Quality } from './evaluate.ts'
import {
  figure,
  MEASURE_TITLES,
  momentTitle,
  percent,
  sentence,
  timeSpan,
  whole,
  withInterval,
} from './words.ts'

const FEATURES_SHOWN = 10
const MEASURES_SHOWN = ['roc_auc', 'pr_auc', 'brier', 'calibration_error', 'precision', 'recall'] as const

/** Renders MODEL_CARD.md: what the model is for, what it was trained on, how good it is, and what it is not for. */
export function renderCard(manifest: ManifestDraft, evaluation: Evaluation): string {
  const { dataset, sessions, visitors, positiveSessions, threshold, moments, slices } = evaluation
  const { data, label, split, code } = manifest
  const parts = Object.entries({ train: split.train, validation: split.validation, test: split.test })
  return [
    `# ${text(manifest.name)} ${text(manifest.version)}`,
    text(manifest.description),
    `Made ${manifest.created_at.slice(0, 10)} by ${text(manifest.author)}. Licence: ${text(manifest.licence)}.`,

    '## What it is for',
    `It gives the probability that an open session will reach \`${label.goal}\`. ${text(label.definition)}`,
    text(manifest.intended_use),

    '## What it is not for',
    manifest.out_of_scope.length === 0 ? 'The author names nothing.' : list(manifest.out_of_scope),

    '## Data',
    text(data.source),
    `${timeSpan(data.from, data.to)}: ${whole(data.sessions)} sessions, of which ${whole(data.positives)} ` +
      `(${percent(data.sessions > 0 ? data.positives / data.sessions : null)}) reached the goal; ${whole(data.rows)} ` +
      `scoring moments. Split: ${sentence(text(split.method))}`,
    table(
      ['part', 'rows', 'sessions', 'reached the goal', 'time'],
      parts.flatMap(([name, part]) =>
        part === null
          ? []
          : [
              [
                name,
                whole(part.rows),
                whole(part.sessions),
                whole(part.positives),
                timeSpan(part.from, part.to),
              ],
            ],
      ),
    ),
    sensitive(manifest.sensitive_features),

    '## How good it is',
    `On the ${dataset} part: ${whole(sessions)} sessions of ${whole(visitors)} visitors, of which ` +
      `${whole(positiveSessions)} reached the goal. Brackets hold 95 % intervals. A probability of ` +
      `${figure(threshold)} or more is a yes (${text(manifest.threshold.chosen_by)}).`,
    qualityTable(moments.map(quality => [momentTitle(quality.moment), quality])),
    ...(slices.length === 0
      ? []
      : [
          'All moments, by slice:',
          qualityTable(slices.map(quality => [`${quality.feature}: ${quality.value}`, quality])),
        ]),

    ...(manifest.importance.length === 0
      ? []
      : [
          '## What moves the score',
          `The largest of ${whole(manifest.features.length)} features, by the mean size of their contribution to the raw score:`,
          table(
            ['feature', 'mean contribution'],
            manifest.importance
              .slice(0, FEATURES_SHOWN)
              .map(({ feature, mean_contribution }) => [`\`${feature}\``, figure(mean_contribution)]),
          ),
        ]),

    '## Limitations',
    list(caveats(evaluation, manifest)),

    '## How to make it again',
    ['```sh', manifest.reproduce.command, '```'].join('\n'),
    `Sluicebox ${text(code.version)}${code.commit === null ? '' : `, commit ${text(code.commit)}`}` +
      `${code.dirty === true ? ' with changes' : ''}, Node ${text(code.node)}, seed ${manifest.seed}.`,
  ]
    .filter(paragraph => paragraph !== '')
    .join('\n\n')
    .concat('\n')
}

function qualityTable(rows: readonly (readonly [string, Quality])[]): string {
  return table(
    ['', 'rows', 'reached', ...MEASURES_SHOWN.map(name => MEASURE_TITLES[name])],
    rows.map(([title, { rows: count, measures }]) => [
      title,
      whole(count),
      percent(measures.positive_rate.value),
      ...MEASURES_SHOWN.map(name => withInterval(measures[name])),
    ]),
  )
}

function sensitive(features: readonly string[]): string {
  if (features.length === 0) return 'No feature is marked as sensitive.'
  return `Sensitive features: ${features.map(feature => `\`${feature}\``).join(', ')}.`
}

/** A Markdown table: the first column is aligned left, the others right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map((_name, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}

function list(items: readonly string[]): string {
  return items.map(item => `- ${text(item)}`).join('\n')
}

/** Escapes a manifest's text, so that Markdown in it is shown and not rendered. */
function text(value: string): string {
  return value.replace(/[\\`*_[\]<>#]/g, character => `\\${character}`).replace(/\s+/g, ' ')
}
