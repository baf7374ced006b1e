import type { KeyObject } from 'node:crypto'
import { existsSync } from 'node:fs'
import { loadBundle } from '@sluicebox/model/bundle/bundle'
import { readPrivateKey } from '@sluicebox/model/bundle/signature'
import { fileProblem } from '@sluicebox/runtime/file-problem'
import { bundlePath } from '@sluicebox/scorer/scoring-bundle'
import { MODEL_KINDS, type ModelKind } from '@sluicebox/trainer/config'
import { printEvaluation } from '@sluicebox/trainer/evaluation/print'
import { runTrain } from '@sluicebox/trainer/trainer'
import { Option, type Command } from 'commander'
import { codeInfo, commandLine } from '../code-info.ts'
import { readConfig } from '../read-config.ts'
import { wholeNumberOption } from '../options.ts'
import { print, progress, tell } from '../terminal.ts'

interface TrainOptions {
  readonly out: string
  readonly kind?: ModelKind
  readonly seed?: number
  readonly name?: string
  readonly modelVersion?: string
  readonly description?: string
  readonly author?: string
  readonly licence?: string
  readonly limitation?: string[]
  readonly parent?: string
  readonly sign?: string
  readonly config?: string
  readonly json?: true
}

export function addTrain(program: Command): void {
  program
    .command('train')
    .description('trains a model on a training table and writes its bundle')
    .argument('<table>', 'the folder that "dataset build" has written')
    .requiredOption('--out <dir>', 'the folder to create for the bundle')
    .addOption(new Option('--kind <kind>', 'what to train (default: trees)').choices([...MODEL_KINDS]))
    .option(
      '--seed <n>',
      'decides every random choice (default: 1)',
      wholeNumberOption({ min: 0, max: 2_147_483_647 }),
    )
    .option('--name <name>', 'name of the bundle (default: made from goal and kind)')
    .option('--model-version <version>', 'version of the bundle (default: 1)')
    .option('--description <text>', 'what it is, in a sentence')
    .option('--author <author>', 'who made it')
    .option('--licence <licence>', 'SPDX identifier of its licence')
    .option('--limitation <text...>', 'what its users should know, besides what the figures show')
    .option('--parent <bundle>', 'the bundle that this one replaces')
    .option('--sign <key>', 'sign it with this Ed25519 private key, a PEM file')
    .option('--config <file>', 'the configuration file; hyperparameters are in its section trainer')
    .option('--json', 'print id and evaluation as JSON')
    .addHelpText(
      'after',
      `
The same table, seed and settings give the same bytes.

Examples:
  $ sluicebox train table --kind trees --out bundles/mine
  $ sluicebox train table --kind linear --seed 7 --out bundles/simple
  $ SLUICEBOX_TRAINER_TREES_DEPTH_MAX=3 sluicebox train table --out bundles/shallow`,
    )
    .action(async (tableDir: string, options: TrainOptions) => {
      if (existsSync(options.out))
        throw new Error(`${options.out} already exists: a bundle never changes, so give --out a new folder`)
      const config = readConfig({ trainer: { kind: options.kind, seed: options.seed } }, options.config)
      const parentId =
        options.parent === undefined ? undefined : (await loadBundle(bundlePath(options.parent))).id
      const privateKey = options.sign === undefined ? undefined : await readSigningKey(options.sign)
      const bar = progress('training')
      const { id, evaluation, trained } = await runTrain({
        tableDir,
        outDir: options.out,
        config: config.trainer,
        words: {
          name: options.name,
          version: options.modelVersion,
          description: options.description,
          author: options.author,
          licence: options.licence,
          limitations: options.limitation,
          parentId,
          command: commandLine(),
          code: codeInfo(),
        },
        ...(privateKey === undefined ? {} : { privateKey }),
        report: {
          progress: ({ iteration, of, validLoss, trainLoss }) =>
            bar.update(iteration / of, `loss ${(validLoss ?? trainLoss).toFixed(4)}`),
        },
      }).finally(() => bar.stop())
      for (const warning of trained.warnings) tell(`warning: ${warning}`)
      if (options.json) print(JSON.stringify({ id, ...evaluation }))
      else {
        print(printEvaluation(evaluation))
        tell(
          `\nwrote the bundle ${id.slice(0, 12)} to ${options.out}; next: sluicebox up --bundle ${options.out}`,
        )
      }
    })
}

async function readSigningKey(file: string): Promise<KeyObject> {
  try {
    return await readPrivateKey(file)
  } catch (cause) {
    throw new Error(
      `--sign: the private key in ${file} can't be read: ${fileProblem(cause)}; make one with "openssl genpkey -algorithm ed25519 -out ${file}"`,
      { cause },
    )
  }
}
