import { runCommand } from './program.ts'

// A reader that has seen enough (`sluicebox tail good | head`) closes the pipe: that is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

// Started by an older Node.js (bin/sluicebox.js), the command ends with it, in the orderly way of a signal.
if (process.channel !== undefined) {
  process.channel.unref()
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
}

const LEFTOVERS_MS = 500

/** Resolves when the reader has taken everything that was written. A pipe takes only a part at once. */
const written = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise(resolve => stream.write('', () => resolve()))

const code = await runCommand(process.argv.slice(2))
if (code !== undefined) process.exitCode = code
await Promise.all([written(process.stdout), written(process.stderr)])
// The command is over. A connection that some library has left open must not keep the terminal for minutes.
setTimeout(() => process.exit(), LEFTOVERS_MS).unref()
