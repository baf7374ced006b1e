import { listArchive } from '@sluicebox/archiver/manifests/read'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import { policyOf } from '@sluicebox/scorer/config'
import { createScorer, type ScorerState } from '@sluicebox/scorer/scorer'
import { keptBundles, withKeptBundle } from '@sluicebox/scorer/kept-bundles'
import { bundlePath, prepareBundle, type ScoringBundle } from '@sluicebox/scorer/scoring-bundle'
import { openStore } from '@sluicebox/service/stores'
import type { Store } from '@sluicebox/store/store'
import type { Stage } from '@sluicebox/stream/driver/stage'
import type { Command } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { readConfig, type Config } from '../read-config.ts'
import { atOnce } from '../data.ts'
import { openEnrichers } from '../verify/enrichers.ts'
import { createAbsence, type Absence } from '../verify/replay.ts'
import { paint, print, progress, tell } from '../terminal.ts'
import { verifyScores, type VerifyReport } from '../verify/verify-scores.ts'

interface VerifyOptions {
  readonly data?: string
  readonly bundle?: string[]
  readonly config?: string
  readonly json?: true
}

export function addVerify(program: Command): void {
  program
    .command('verify')
    .description('computes every archived score again and compares it bit for bit')
    .option('--data <dir>', 'the data directory (default: data)')
    .option(
      '--bundle <path...>',
      'further bundles that made scores, besides those that were kept in the data directory',
    )
    .option('--config <file>', 'the configuration file (default: sluicebox.yaml, if it exists)')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
Archived raw goes through the enricher, with the files that enriched it, and must give archived good and bad; archived good goes through the scorer
and must give archived scored. Ends with 1 when a record differs, is missing or is there twice, or when the bundle of a
score or a file of the enricher is missing.

Example:
  $ sluicebox verify --data shop`,
    )
    .action(async (options: VerifyOptions) => {
      const config = readConfig({ dataDir: options.data }, options.config)
      const store = await openStore(config, 'archive', atOnce)
      if ((await listArchive(store).next()).done === true)
        throw new Error(
          `the archive in ${config.dataDir} is empty: records are archived a few minutes after they arrive, or at once by "sluicebox drain --data ${config.dataDir}"`,
        )
      const absence = createAbsence()
      const kept = await openStore(config, 'bundles', atOnce)
      const scorers = new Map(
        (await loadBundles(kept, options.bundle ?? [])).map(bundle => [
          bundle.id,
          createScorerOf(bundle, config, absence),
        ]),
      )
      const bar = progress('verifying')
      const report = await verifyScores({
        store,
        enrichers: openEnrichers({ config: config.enricher, absence, kept }),
        resolve: absence.resolve,
        scorers,
        codecs: {
          raw: folderCodec('raw'),
          good: folderCodec('good'),
          bad: folderCodec('bad'),
          scored: folderCodec('scored'),
        },
        onProgress: ({ records, of }) => bar.update(records / Math.max(1, of), `${records} of ${of} records`),
      }).finally(() => bar.stop())
      // Without any bundle no score is computed, so none can be compared.
      const isBlind = scorers.size === 0 && report.scores > 0
      if (options.json) print(JSON.stringify(report))
      else printReport(report, isBlind)
      if (isBlind)
        tell(
          `${report.scores} scores were not compared: ${config.dataDir} keeps no bundle. Name those that made them with --bundle`,
        )
      if (report.differences.length > 0 || isBlind || isPartial(report)) process.exitCode = EXIT.failed
    })
}

/** The bundles that were kept because they were used, and those that the caller names. */
async function loadBundles(store: Store, named: readonly string[]): Promise<ScoringBundle[]> {
  const bundles: ScoringBundle[] = []
  for (const id of await keptBundles(store)) bundles.push(await withKeptBundle(store, id, prepareBundle))
  for (const path of named) bundles.push(await prepareBundle(bundlePath(path)))
  return bundles
}

function createScorerOf(
  bundle: ScoringBundle,
  { scorer }: Config,
  absence: Absence,
): Stage<ScorerState, 'scored' | 'bad'> {
  const { reasonsMax } = scorer
  return createScorer({
    bundle,
    policy: policyOf(scorer),
    goodCodec: folderCodec('good'),
    scoredCodec: folderCodec('scored'),
    badCodec: folderCodec('bad'),
    absentSchemas: absence.ids,
    ...(reasonsMax === undefined ? {} : { reasonsMax }),
  })
}

/** Whether there are records that could not be compared because a bundle or a file is missing. */
function isPartial(report: VerifyReport): boolean {
  return Object.keys({ ...report.otherBundles, ...report.otherFiles }).length > 0
}

function printReport(report: VerifyReport, isBlind: boolean): void {
  for (const { kind, what, id, message } of report.differences)
    print(`${paint('red', kind)} ${what} ${id}: ${message}`)
  const { events } = report
  print(
    `${report.compared} scores of ${report.sessions} sessions compared: ${report.differing} differ, ${report.missing} are missing, ${report.extra} are extra`,
  )
  print(
    `${events.compared} records of good and bad compared: ${events.differing} differ, ${events.missing} are missing, ${events.extra} are extra`,
  )
  const behind = report.unarchived + events.unarchived
  if (behind > 0) tell(`${behind} records are not archived yet: nothing is wrong with them`)
  for (const [bundle, count] of Object.entries(report.otherBundles))
    tell(
      `${count} scores were made by the bundle ${bundle.slice(0, 12)}, which was not kept here: name it with --bundle`,
    )
  for (const [file, count] of Object.entries(report.otherFiles))
    tell(
      `${count} events were made with the file ${file}, which was not kept here: copy it to enricher/${file.split('/')[0]}/<its SHA-256> in the store of the bundles`,
    )
  if (report.differences.length === 0 && !isBlind && !isPartial(report))
    tell(paint('green', '0 differing bits', process.stderr))
}
