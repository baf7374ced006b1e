import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { serversAvailable } from './available.ts'
import { isAlive, SERVER_START_MS } from './testing.ts'

interface Run {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  readonly exitCode: Promise<number | null>
}

function run(...args: string[]): Run {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args])
  onTestFinished(() => void child.kill('SIGKILL'))
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => (stdout += String(chunk)))
  child.stderr.on('data', chunk => (stderr += String(chunk)))
  const exitCode = once(child, 'close').then(([code]) => code as number | null)
  return { child, stdout: () => stdout, stderr: () => stderr, exitCode }
}

test('what makes no sense is said on standard error', async () => {
  const command = run('kafka', '--brokers', '2')
  expect(await command.exitCode).toBe(1)
  expect([command.stdout(), command.stderr()]).toEqual(['', '--brokers must be 1 or 3.\n'])
})

test('the usage', async () => {
  const command = run('--help')
  expect(await command.exitCode).toBe(0)
  expect(command.stdout()).toMatch(/^Usage: npm run infra[^]*Examples:/)
})

describe.skipIf(!(await serversAvailable('kafka', 'registry')))('servers in the foreground', () => {
  test(
    'a registry that dies comes back where that is wanted; the signal to end ends everything',
    async () => {
      const command = run('kafka', 'registry', '--json', '--restart')
      await vi.waitUntil(() => command.stdout().includes('\n'), { timeout: SERVER_START_MS })
      const { kafka, registry } = JSON.parse(command.stdout()) as {
        kafka: { brokers: string[]; pids: number[] }
        registry: { url: string; pid: number }
      }
      expect(kafka.brokers).toHaveLength(1)
      process.kill(registry.pid, 'SIGKILL')
      const back = () => /The schema registry is back \(pid (\d+)\)/.exec(command.stderr())?.[1]
      await vi.waitUntil(back, { timeout: 60_000 })
      expect((await fetch(`${registry.url}/subjects`)).status).toBe(200)

      command.child.kill('SIGTERM')
      expect(await command.exitCode).toBe(0)
      expect([...kafka.pids, Number(back())].filter(isAlive)).toEqual([])
    },
    SERVER_START_MS,
  )
})
