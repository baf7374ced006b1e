import { Command } from 'commander'
import { addArchive } from './commands/archive.ts'
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
import { VERSION } from './version.ts'

/** The `sluicebox` command with all its subcommands. */
export function createProgram(): Command {
  const program = new Command('sluicebox')
    .description('scores every session of a clickstream while it still continues')
    .version(VERSION)
    .showHelpAfterError('(add --help for what there is)')
    .addHelpText(
      'after',
      `
Begin with:
  $ sluicebox up                                        all stages in one process
  $ sluicebox simulate --to http://localhost:8080       simulated visitors
  $ sluicebox tail scored --follow                      scores, as they are made`,
    )
  addUp(program)
  addStages(program)
  addImport(program)
  addSend(program)
  addSimulate(program)
  addDrain(program)
  addStatus(program)
  addTail(program)
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
