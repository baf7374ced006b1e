import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

interface Ended {
  readonly code: number | null
  /** The lines of its log. */
  readonly logged: readonly { readonly level: number; readonly msg: string }[]
}

/** Runs a process whose work ends in this way; SIGTERM is sent once it has printed where its health is. */
async function run(how: string): Promise<Ended> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'testing/working-process.ts'), how])
  let stderr = ''
  child.stderr.on('data', chunk => (stderr += String(chunk)))
  child.stdout.once('data', () => child.kill('SIGTERM'))
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  const lines = stderr.split('\n').filter(line => line !== '')
  return { code, logged: lines.map(line => JSON.parse(line) as Ended['logged'][number]) }
}

const FATAL = 60

test('ends with 0 when its work is done after SIGTERM', async () => {
  const { code, logged } = await run('done')
  expect(code).toBe(0)
  expect(logged.filter(({ level }) => level === FATAL)).toEqual([])
})

test.each([
  ['fails', 1, 'it went wrong'],
  ['is configured wrong', 2, 'one fault'],
  ['stalls', 70, 'nothing was read'],
  ['gives up, and can not be closed', 1, 'it went wrong'],
])('a process that %s ends with %d and one line that says why', async (how, status, why) => {
  const { code, logged } = await run(how)
  expect(code).toBe(status)
  expect(logged.filter(({ level }) => level === FATAL).map(({ msg }) => msg)).toEqual([
    expect.stringContaining(why),
  ])
})
