import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startProcess, untilReady, type ServerCommand } from './process.ts'
import { isAlive, temporaryDir } from './testing.ts'

function shell(script: string): ServerCommand {
  const cwd = temporaryDir()
  return { name: 'The server', command: '/bin/sh', args: ['-c', script], cwd, logFile: join(cwd, 'log') }
}

const refused = () => Promise.reject(new Error('refused'))

test('a server that ends while it starts: the message has the end of its log', async () => {
  const command = shell('echo cannot bind >&2; echo "  at Socket.bind" >&2; exit 1')
  const server = await startProcess(command)
  await expect(untilReady(command, server, refused)).rejects.toThrow(
    /^The server ended while it started. The end of its log:\n {2}cannot bind$/,
  )
})

test('a server that never answers: the message says what the last try met', async () => {
  const command = shell('echo thinking; exec sleep 1000')
  const server = await startProcess(command)
  onTestFinished(() => server.kill('SIGKILL'))
  await expect(untilReady(command, server, refused, 1)).rejects.toThrow(
    'The server did not answer within 0.001 s (refused)',
  )
})

test('a program that is not there', async () => {
  const command = { ...shell(''), command: 'no-such-program' }
  await expect(startProcess(command)).rejects.toThrow("The server can't be started: spawn no-such-program")
})

test('one that is halted, or does not want to end, is ended all the same', async () => {
  const halted = await startProcess(shell('exec sleep 1000'))
  await halted.kill('SIGSTOP')
  await halted.stop(300_000)
  expect(isAlive(halted.pid)).toBe(false)

  const command = shell('trap "" TERM; echo ready >ready; while :; do sleep 1; done')
  const stubborn = await startProcess(command)
  await vi.waitUntil(() => existsSync(join(command.cwd, 'ready')))
  await stubborn.stop(1)
  expect(isAlive(stubborn.pid)).toBe(false)
})

test('when we are killed, our servers and their folders go too', async () => {
  const code = `
    import { guardedFolder } from './guard.ts'
    import { startProcess } from './process.ts'
    const cwd = await guardedFolder('test')
    const options = { name: 'x', command: 'sleep', args: ['1000'], cwd, logFile: cwd + '/log' }
    const ended = await startProcess(options)
    await ended.kill('SIGKILL')
    const { pid } = await startProcess(options)
    process.stdout.write(JSON.stringify({ pid, cwd }) + '\\n')
  `
  const parent = spawn(process.execPath, ['--input-type=module', '-e', code], { cwd: import.meta.dirname })
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  const { pid, cwd } = JSON.parse(line.toString()) as { pid: number; cwd: string }
  expect([isAlive(pid), existsSync(cwd)]).toEqual([true, true])
  parent.kill('SIGKILL')
  await vi.waitUntil(() => !isAlive(pid) && !existsSync(cwd), { timeout: 20_000 })
})
