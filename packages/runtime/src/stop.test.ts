import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** Runs the process, sends each signal once the process has printed another line, and returns how the process ended. */
async function run(how: string, signals: readonly NodeJS.Signals[]) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'testing/stopping-process.ts'), how])
  let said = ''
  let sent = 0
  child.stdout.on('data', chunk => {
    said += String(chunk)
    while (sent < signals.length && said.split('\n').length > sent + 1) child.kill(signals[sent++])
  })
  child.stderr.resume()
  return new Promise(resolve => child.once('exit', (code, signal) => resolve({ code, signal, said })))
}

test.each([
  [
    'finishes what is in flight after SIGTERM, with 0',
    'finish',
    ['SIGTERM'],
    0,
    'ready\nstopping\nfinished\n',
  ],
  ['finishes what is in flight after Ctrl-C', 'finish', ['SIGINT'], 0, 'ready\nstopping\nfinished\n'],
  ['ends with 1 when it can not finish cleanly', 'fail', ['SIGTERM'], 1, 'ready\nstopping\n'],
  ['ends with 1 when the grace is over', 'hang', ['SIGTERM'], 1, 'ready\nstopping\n'],
  ['ends at once on the second signal', 'wait', ['SIGTERM', 'SIGTERM'], 1, 'ready\nstopping\n'],
  ['ends with 1 on an uncaught error', 'throw', [], 1, 'ready\n'],
  ['ends with 1 on an unhandled rejection', 'reject', [], 1, 'ready\n'],
] as const)('%s', async (_name, how, signals, code, said) => {
  expect(await run(how, signals)).toEqual({ code, signal: null, said })
})
