import { Command, CommanderError } from 'commander'
import { addArchive } from './commands/archive.ts'
import { addLog } from './commands/log.ts'
import { addBad } from './commands/bad.ts'
import { addConfig } from './commands/config.ts'
import { addDataset } from './commands/dataset.ts'
import { addDoctor } from './commands/doctor.ts'
import { addDrain } from './commands/drain.ts'
import { addImport } from './commands/import.ts'
import { addModel } from './commands/model.ts'
import { addSchemas } from './commands/schemas.ts'
import { addSend } from './commands/send.ts'
import { addSimulate } from './commands/simulate.ts'
import { addStages } from './commands/stages.ts'
import { addStatus } from './commands/status.ts'
import { addTail } from './commands/tail.ts'
import { addTopics } from './commands/topics.ts'
import { addTrain } from './commands/train.ts'
import { addUp } from './commands/up.ts'
import { addVerify } from './commands/verify.ts'
import { EXIT, EXIT_HELP, exitCodeAfter } from './exit-codes.ts'
import { output, tellFailure } from './terminal.ts'
import { VERSION } from './version.ts'

/**
 * Runs a command line to its end and reports what went wrong on standard error. Returns the exit code of a failure;
 * undefined when there was none, and then a check that found something has set `process.exitCode` itself.
 */
export async function runCommand(
  args: readonly string[],
  program: Command = createProgram(),
): Promise<number | undefined> {
  try {
    await program.parseAsync(args, { from: 'user' })
    return undefined
  } catch (error) {
    // Help and the version end this way too, without an error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    tellFailure(error instanceof Error ? error : new Error(String(error)))
    return exitCodeAfter(error)
  }
}

/** The `sluicebox` command with all its subcommands. */
export function createProgram(): Command {
  const program = new Command('sluicebox')
    // Before the subcommands are added, which take both over.
    .exitOverride()
    .configureOutput({ writeOut: text => output.data(text), writeErr: text => output.messages(text) })
    .description('scores every session of a clickstream while it still continues')
    .version(VERSION)
    .showHelpAfterError('(--help lists commands and options)')
    .addHelpText(
      'after',
      `
Begin with:
  $ sluicebox up                                        all stages in one process
  $ sluicebox simulate --to http://localhost:8080       simulated visitors
  $ sluicebox tail scored --follow                      scores, as they are made

${EXIT_HELP}`,
    )
  addUp(program)
  addStages(program)
  addImport(program)
  addSend(program)
  addSimulate(program)
  addDrain(program)
  addStatus(program)
  addTail(program)
  addLog(program)
  addArchive(program)
  addDataset(program)
  addTrain(program)
  addModel(program)
  addBad(program)
  addVerify(program)
  addTopics(program)
  addSchemas(program)
  addConfig(program)
  addDoctor(program)
  return program
}
