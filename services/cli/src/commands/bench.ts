import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'

const BENCH = join(import.meta.dirname, '../../../../test/bench/main.ts')

export function addBench(program: Command): void {
  program
    .command('bench')
    .description('measures this machine against the figures in docs/reference/performance.md')
    .argument('[name...]', 'model, enricher, scorer, collector, up, trainer; all without')
    .addHelpText(
      'after',
      '\nTakes some minutes; close what else keeps the machine busy.\n\nExample:\n  $ sluicebox bench model scorer',
    )
    .action(async (names: string[]) => {
      if (!existsSync(BENCH))
        throw new Error('the benchmarks are part of the repository: run this in a clone of it')
      const child = spawn(process.execPath, ['--expose-gc', BENCH, ...names], { stdio: 'inherit' })
      process.exitCode = await new Promise<number>(resolve => child.once('exit', code => resolve(code ?? 1)))
    })
}
