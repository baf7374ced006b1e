import type { Manifest } from '@sluicebox/model/bundle/manifest'
import { printEvaluation } from '@sluicebox/trainer/evaluation/print'
import { withInterval } from '@sluicebox/trainer/evaluation/words'
import { runEvaluate, runReport, type JudgedRows } from '@sluicebox/trainer/judge'
import { loadBundle } from '@sluicebox/model/bundle/bundle'
import { bundlePath, replay } from '@sluicebox/scorer/scoring-bundle'
import { Option, type Command } from 'commander'
import { paint, print, tell } from '../terminal.ts'

const ROWS = ['auto', 'train', 'validation', 'test', 'newer', 'all'] as const satisfies readonly JudgedRows[]
const rowsOption = (): Option =>
  new Option('--rows <rows>', 'which rows to measure: those of a part of the training, newer ones, or all')
    .choices([...ROWS])
    .default('auto')

export function addModel(program: Command): void {
  const model = program.command('model').description('shows, checks and measures bundles')

  model
    .command('show')
    .description('shows the manifest of a bundle')
    .argument('[bundle]', 'a folder or a .zip (default: the one that ships)')
    .option('--json', 'print the manifest')
    .addHelpText('after', '\nExample:\n  $ sluicebox model show bundles/mine')
    .action(async (path: string | undefined, options: { json?: true }) => {
      const { manifest } = await loadBundle(bundlePath(path), { replay })
      print(options.json ? JSON.stringify(manifest) : showManifest(manifest))
    })

  model
    .command('verify')
    .description('checks a bundle as a scorer does: hashes, golden sessions, features and scores')
    .argument('[bundle]', 'a folder or a .zip (default: the one that ships)')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  $ sluicebox model verify bundles/mine')
    .action(async (path: string | undefined, options: { json?: true }) => {
      const { id, manifest } = await loadBundle(bundlePath(path), { replay })
      if (options.json)
        print(JSON.stringify({ id, name: manifest.name, version: manifest.version, ok: true }))
      else
        tell(
          `${manifest.name} ${manifest.version} (${id.slice(0, 12)}) is whole and reproduces its golden sessions`,
        )
    })

  model
    .command('evaluate')
    .description('measures a bundle on a training table, by scoring moment, with intervals')
    .argument('<bundle>', 'a folder or a .zip')
    .requiredOption('--table <dir>', 'the folder that "dataset build" has written')
    .addOption(rowsOption())
    .option('--json', 'print the figures as JSON')
    .addHelpText('after', '\nExample:\n  $ sluicebox model evaluate bundles/mine --table table')
    .action(async (path: string, options: { table: string; rows: JudgedRows; json?: true }) => {
      const bundle = await loadBundle(bundlePath(path), { replay })
      const evaluation = await runEvaluate({ bundle, tableDir: options.table, rows: options.rows })
      print(options.json ? JSON.stringify(evaluation) : printEvaluation(evaluation))
    })

  model
    .command('report')
    .description('writes one HTML page: ROC, precision and recall, calibration, scores, importance')
    .argument('<bundle>', 'a folder or a .zip')
    .requiredOption('--table <dir>', 'the folder that "dataset build" has written')
    .option('--out <file>', 'where to write it', 'report.html')
    .addOption(rowsOption())
    .option('--json', 'print where it was written, and the figures, as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ sluicebox model report bundles/mine --table table --out report.html',
    )
    .action(async (path: string, options: { table: string; rows: JudgedRows; out: string; json?: true }) => {
      const bundle = await loadBundle(bundlePath(path), { replay })
      const { table, rows, out } = options
      const evaluation = await runReport({ bundle, tableDir: table, rows, outPath: out })
      if (options.json) print(JSON.stringify({ out, ...evaluation }))
      else tell(`wrote ${out}`)
    })
}

function showManifest(manifest: Manifest): string {
  const { data, label, split, threshold } = manifest
  const facts: [string, string][] = [
    ['id', manifest.id],
    ['made', `${manifest.created_at} by ${manifest.author}, ${manifest.licence}`],
    ['model', `${manifest.runtime}, ${manifest.features.length} features, ${manifest.explain.method}`],
    ['goal', `${label.goal}: ${label.definition}`],
    [
      'trained on',
      `${data.rows} rows of ${data.sessions} sessions, ${data.positives} of which reached the goal, ${data.from ?? '?'} to ${data.to ?? '?'}`,
    ],
    ['source', data.source],
    ['split', `${split.method} (seed ${split.seed})`],
    ['calibration', manifest.calibration.method],
    ['threshold', `${threshold.value}: ${threshold.chosen_by}`],
    ['reproduce', manifest.reproduce.command],
    ['valid', `${manifest.not_before ?? 'always'} to ${manifest.expires_at ?? 'forever'}`],
  ]
  const auc = manifest.metrics
    .filter(metric => metric.name === 'roc_auc' && metric.slice === null)
    .map(
      metric =>
        `  ROC AUC ${metric.moment}: ${withInterval(metric)}, ${metric.positives} of ${metric.rows} positive`,
    )
  return [
    `${paint('bold', `${manifest.name} ${manifest.version}`)}  ${manifest.description}`,
    ...facts.map(([name, value]) => `${paint('dim', name.padEnd(12))} ${value}`),
    ...auc,
    ...manifest.limitations.map(limitation => `${paint('yellow', 'limitation')}   ${limitation}`),
  ].join('\n')
}
