import { CommanderError } from 'commander'
import { exitCodeOf } from '@sluicebox/runtime/process'
import { createProgram } from './program.ts'
import { tellFailure } from './terminal.ts'

// A reader that has seen enough (`sluicebox tail good | head`) closes the pipe: that is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const LEFTOVERS_MS = 500

const program = createProgram()
try {
  program.exitOverride()
  for (const command of allCommands()) command.exitOverride()
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    tellFailure(error instanceof Error ? error : new Error(String(error)))
    process.exitCode = exitCodeOf(error)
  }
}
// The command is over. A connection that some library has left open must not keep the terminal for minutes.
setTimeout(() => process.exit(), LEFTOVERS_MS).unref()

function allCommands() {
  return program.commands.flatMap(command => [command, ...command.commands])
}
