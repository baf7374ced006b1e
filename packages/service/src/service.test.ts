import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'

interface LogLine {
  readonly msg: string
  readonly url?: string
}

test.each([
  ['log', 'waiting for the log: the brokers 127.0.0.1:1 could not be asked'],
  ['schema registry', 'waiting for the schema registry: '],
])('a process whose %s is down is live and not ready, says why, and stops on SIGTERM', async (what, why) => {
  const dir = mkdtempSync(join(tmpdir(), 'sluicebox-service-'))
  const child = spawn(process.execPath, [join(import.meta.dirname, 'testing/waiting-process.ts'), what, dir])
  onTestFinished(() => {
    child.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  })
  let printed = ''
  child.stdout.on('data', chunk => (printed += String(chunk)))
  let admin = ''
  for await (const line of createInterface({ input: child.stderr })) {
    const { msg, url } = JSON.parse(line) as LogLine
    if (url !== undefined) admin = url
    if (msg === `waiting for the ${what}`) break
  }

  const [live, ready] = await Promise.all(
    ['live', 'ready'].map(async name => {
      const response = await fetch(`${admin}/health/${name}`)
      return { code: response.status, ...((await response.json()) as { reason?: string }) }
    }),
  )
  expect(live?.code).toBe(200)
  expect(ready).toMatchObject({ code: 503, reason: expect.stringContaining(why) as string })

  child.stderr.resume()
  child.kill('SIGTERM')
  expect(await new Promise(resolve => child.once('exit', resolve))).toBe(0)
  expect(printed).toBe('')
})
