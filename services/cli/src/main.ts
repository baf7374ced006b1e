import { CommanderError } from 'commander'
import { ConfigError } from '@sluicebox/runtime/config'
import { createProgram } from './program.ts'
import { paint, tell } from './terminal.ts'

// A reader that has seen enough (`sluicebox tail good | head`) closes the pipe: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const program = createProgram()
try {
  program.exitOverride()
  for (const command of allCommands()) command.exitOverride()
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    const message = error instanceof Error ? error.message : String(error)
    tell(`${paint('red', 'error:', process.stderr)} ${message}`)
    if (process.env['SLUICEBOX_TRACE'] !== undefined && error instanceof Error) tell(error.stack ?? '')
    process.exitCode = error instanceof ConfigError ? 2 : 1
  }
}

function allCommands() {
  return program.commands.flatMap(command => [command, ...command.commands])
}
