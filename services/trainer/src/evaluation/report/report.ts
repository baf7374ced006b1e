import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Manifest } from '@sluicebox/model/bundle/manifest'
import { caveats } from '../caveats.ts'
import { calibrationChart, curveChart, histogramChart, importanceChart, momentsChart } from './charts.ts'
import type { Evaluation, MomentQuality, Quality } from '../evaluate.ts'
import { html, trusted, type Html } from '@sluicebox/runtime/html'
import type { Measure } from '../measures.ts'
import { chartFigure, definitions, estimateCell, legend, table, tile } from './report-parts.ts'
import { figure, MEASURE_TITLES, momentTitle, percent, sentence, timeSpan, whole } from '../words.ts'

// Read once, when the process starts.
const STYLE = readFileSync(join(import.meta.dirname, 'report.css'), 'utf8')

const FEATURES_SHOWN = 20

/** Renders the report on a model: one HTML page that needs no script, no network and no other file. */
export function renderReport(evaluation: Evaluation, manifest: Manifest): string {
  const title = `${manifest.name} ${manifest.version}`
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}: model report</title>
        <style>
          ${trusted(STYLE)}
        </style>
      </head>
      <body>
        <main>
          ${header(title, evaluation, manifest)} ${moments(evaluation)} ${curves(evaluation)}
          ${probabilities(evaluation)} ${decisions(evaluation, manifest)} ${features(manifest)}
          ${slices(evaluation)} ${data(manifest)} ${making(manifest)}
          <h2>What these figures do not say</h2>
          <ul class="caveats">
            ${caveats(evaluation, manifest).map(caveat => html`<li>${caveat}</li>`)}
          </ul>
          <footer>
            Made by Sluicebox ${manifest.code.version} from the bundle <code>${manifest.id}</code>. Intervals
            are at 95 %: of ROC AUC by DeLong for rows in clusters of visitors (Obuchowski 1997), on the
            logit; all others from ${evaluation.replicates} draws of visitors with replacement, seed
            ${evaluation.seed}.
          </footer>
        </main>
      </body>
    </html> `
  return `${page.html.trim()}\n`
}

function header(title: string, evaluation: Evaluation, manifest: Manifest): Html {
  const { dataset, sessions, visitors, positiveSessions } = evaluation
  const { measures } = evaluation.moments.at(-1)!
  const early = evaluation.moments.find(({ moment }) => moment === 'after_3') ?? evaluation.moments[0]!
  return html`<h1>${title}</h1>
    <p class="lead">${manifest.description}</p>
    <p class="muted">
      Will a session reach <b>${manifest.label.goal}</b>? Measured on the ${dataset} part: ${whole(sessions)}
      sessions of ${whole(visitors)} visitors, of which ${whole(positiveSessions)}
      (${percent(positiveSessions / sessions)}) did. Made ${manifest.created_at.slice(0, 10)} by
      ${manifest.author}, licence ${manifest.licence}.
    </p>
    <ul class="tiles">
      ${tile('ROC AUC', measures.roc_auc, 'all moments')}
      ${tile('ROC AUC', early.measures.roc_auc, momentTitle(early.moment))}
      ${tile('PR AUC', measures.pr_auc, `by chance ${figure(measures.positive_rate.value)}`)}
      ${tile('lift', measures.lift, 'at the threshold')}
      ${tile('calibration error', measures.calibration_error, 'all moments')}
    </ul>`
}

function moments({ moments: all }: Evaluation): Html {
  const measures: Measure[] = ['roc_auc', 'pr_auc', 'brier', 'log_loss', 'calibration_error']
  return html`<h2>How early does it know?</h2>
    <p class="lead">
      A score is useful while the session is open. Each row takes one moment of every session that got that
      far; all moments together weigh long sessions more.
    </p>
    <figure class="wide">${momentsChart(all)}</figure>
    ${qualityTable(
      measures,
      all.map(quality => [momentTitle(quality.moment), quality]),
    )}`
}

function qualityTable(measures: readonly Measure[], rows: readonly (readonly [string, Quality])[]): Html {
  return table(
    ['', 'rows', 'reached', ...measures.map(name => MEASURE_TITLES[name])],
    rows.map(([title, quality]) => [
      title,
      whole(quality.rows),
      percent(quality.measures.positive_rate.value),
      ...measures.map(name => estimateCell(quality.measures[name])),
    ]),
  )
}

function curves({ moments: all }: Evaluation): Html {
  const blindly = all.at(-1)!.measures.positive_rate.value ?? 0
  const series = (points: (quality: MomentQuality) => MomentQuality['roc']) =>
    all.map(quality => ({
      kind: quality.moment,
      title: momentTitle(quality.moment),
      points: points(quality),
    }))
  const key = (name: Measure) =>
    legend(
      all.map(({ moment, measures }) => ({
        kind: moment,
        title: momentTitle(moment),
        value: figure(measures[name].value),
      })),
    )
  const roc = curveChart(
    series(quality => quality.roc),
    {
      label: 'ROC curves by scoring moment',
      xLabel: 'false positive rate',
      yLabel: 'true positive rate',
      reference: [0, 1].map(share => ({ x: share, y: share })),
    },
  )
  const precisionRecall = curveChart(
    series(quality => quality.precisionRecall),
    {
      label: 'Precision-recall curves by scoring moment',
      xLabel: 'recall',
      yLabel: 'precision',
      reference: [0, 1].map(share => ({ x: share, y: blindly })),
    },
  )
  return html`<h2>Ranking</h2>
    <p class="lead">Whether sessions that reach the goal get higher scores than those that do not.</p>
    <div class="pair">
      ${chartFigure(
        'ROC',
        'Share of the rows that reach the goal that is found (y), against the share of the other rows that is chosen too (x).',
        roc,
        key('roc_auc'),
      )}
      ${chartFigure(
        'Precision and recall',
        'Share of the chosen rows that is right (y), against the share of the rows that reach the goal that is found (x). Dashed: choosing at random.',
        precisionRecall,
        key('pr_auc'),
      )}
    </div>`
}

function probabilities({ moments: all, histogram }: Evaluation): Html {
  return html`<h2>Probabilities</h2>
    <p class="lead">
      Whether about twenty of a hundred rows with a probability of 20 % come true. All moments.
    </p>
    <div class="pair">
      ${chartFigure(
        'Calibration',
        'Ten bins of equally many rows, with intervals. On the dashed line the probability is right.',
        calibrationChart(all.at(-1)!.calibration),
      )}
      ${chartFigure(
        'Scores',
        'Raw scores by outcome. The less the two overlap, the better.',
        histogramChart(histogram),
        legend([
          { kind: 'box positive', title: 'reached the goal' },
          { kind: 'box negative', title: 'did not' },
        ]),
      )}
    </div>`
}

function decisions({ moments: all, threshold }: Evaluation, manifest: Manifest): Html {
  const { confusion } = all.at(-1)!
  const row = (title: string, yes: number, no: number) => {
    const share = (count: number) =>
      html`${whole(count)}<small>${percent(yes + no > 0 ? count / (yes + no) : null)}</small>`
    return [title, share(yes), share(no), whole(yes + no)]
  }
  return html`<h2>Decisions</h2>
    <p class="lead">
      A probability of ${figure(threshold)} or more is a yes. How the threshold was chosen:
      ${sentence(manifest.threshold.chosen_by)}
    </p>
    ${table(
      ['', 'yes', 'of them right', 'precision', 'recall', 'lift'],
      all.map(({ moment, measures, confusion: counts }) => [
        momentTitle(moment),
        whole(counts.truePositives + counts.falsePositives),
        whole(counts.truePositives),
        estimateCell(measures.precision),
        estimateCell(measures.recall),
        estimateCell(measures.lift),
      ]),
    )}
    ${table(
      ['rows of all moments', 'said yes', 'said no', 'together'],
      [
        row('reached the goal', confusion.truePositives, confusion.falseNegatives),
        row('did not', confusion.falsePositives, confusion.trueNegatives),
      ],
    )}`
}

function features({ importance, features: declared }: Manifest): Html | undefined {
  if (importance.length === 0) return undefined
  const shown = importance.slice(0, FEATURES_SHOWN)
  return html`<h2>What moves the score</h2>
    <p class="lead">
      Mean size of each feature's contribution to the raw score; the ${whole(shown.length)} largest of
      ${whole(declared.length)} features.
    </p>
    <figure class="wide">${importanceChart(shown)}</figure>`
}

function slices({ slices: all }: Evaluation): Html | undefined {
  if (all.length === 0) return undefined
  return html`<h2>For whom</h2>
    <p class="lead">
      All moments, by slice. Where intervals do not overlap, the model is better for one slice than for the
      other.
    </p>
    ${qualityTable(
      ['roc_auc', 'pr_auc', 'calibration_error', 'recall'],
      all.map(quality => [`${quality.feature}: ${quality.value}`, quality]),
    )}`
}

function data({ data: source, label, split }: Manifest): Html {
  const parts = Object.entries({ train: split.train, validation: split.validation, test: split.test })
  const share = source.sessions === 0 ? null : source.positives / source.sessions
  return html`<h2>Data</h2>
    ${definitions([
      ['source', source.source],
      ['time', timeSpan(source.from, source.to)],
      [
        'sessions',
        `${whole(source.sessions)}, of which ${whole(source.positives)} (${percent(share)}) reached the goal`,
      ],
      ['rows', whole(source.rows)],
      ['archive', `${whole(source.objects.length)} objects, their hashes in the manifest`],
      ['label', label.definition],
      ['split', split.method],
    ])}
    ${table(
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
    )}`
}

function making({
  runtime,
  features: declared,
  calibration,
  params,
  seed,
  code,
  ...manifest
}: Manifest): Html {
  const commit = code.commit === null ? '' : `, commit ${code.commit.slice(0, 12)}`
  return html`<h2>How it was made</h2>
    ${definitions([
      ['model', `${runtime}, ${whole(declared.length)} features`],
      ['calibration', calibration.method],
      ['parameters', html`<code>${JSON.stringify(params)}</code>`],
      ['seed', String(seed)],
      [
        'code',
        `Sluicebox ${code.version}${commit}${code.dirty === true ? ' with changes' : ''}, Node ${code.node}`,
      ],
      ['again', html`<code>${manifest.reproduce.command}</code>`],
      ['meant for', manifest.intended_use],
      ['not for', manifest.out_of_scope.join(' ')],
    ])}`
}
