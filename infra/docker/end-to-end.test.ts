// docker-compose.yml as far as it goes without Docker: the image's content made and run as the Dockerfile says, the servers
// with the settings of the file, and each stage twice, by the command, the configuration and the health check of the file.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { validate } from 'dockerfile-utils'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serversAvailable } from '../local/available.ts'
import { VERSITYGW } from '../local/s3.ts'
import { quantity, readCompose, ROOT, type ComposeService } from './compose-file.ts'
import { imageProblem, makeImage, readStages, type Image } from './image.ts'
import { startServers, type Servers } from './servers.ts'

// Each look takes a process of its own, and there may be two processors for everything.
const WAIT = { timeout: 180_000, interval: 1_000 }
const { services } = readCompose()
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  devDependencies: { node: string }
}

describe('the Dockerfile', () => {
  const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')

  test('has no fault that a linter sees', () => {
    expect(validate(text).map(({ message, range }) => `${range.start.line + 1}: ${message}`)).toEqual([])
  })

  test('begins with the Node.js that the tests run on, and ends with nothing but it and the application', async () => {
    const base = /^ARG NODE_IMAGE=node:(\d+)-[a-z]+-slim$/m.exec(text)?.[1]
    expect(`^${base}`).toBe(manifest.devDependencies.node)
    expect(process.versions.node.split('.')[0]).toBe(base)
    const final = (await readStages()).at(-1) ?? []
    expect(final[0]).toEqual({ name: 'FROM', args: 'scratch' })
    expect(final.map(({ name }) => name)).not.toContain('RUN')
    expect(final.find(({ name }) => name === 'USER')?.args).toMatch(/^[1-9]\d*:[1-9]\d*$/)
  })

  test('the store is the version whose conditional writes were tried', () => {
    const { build } = services['s3'] as ComposeService
    expect(typeof build === 'object' ? build.dockerfile_inline : '').toContain(
      `versitygw:${VERSITYGW.version}\n`,
    )
  })
})

// Nothing that can be installed changes it, so that this is left out in CI too where it must be.
const problem = imageProblem()
if (problem !== undefined) process.stderr.write(`skipped: what runs in the image. ${problem}\n`)
const servable = await serversAvailable('kafka', 'registry', 's3')

describe.skipIf(problem !== undefined)('the image', () => {
  let dir: string
  let image: Image

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sluicebox-image-'))
    image = await makeImage(dir)
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))

  const sluicebox = (...args: string[]): Promise<string> => image.exec([...image.entrypoint, ...args])

  test('holds what the command needs: the bundle and the schemas that ship', async () => {
    expect(await sluicebox('--version')).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(await sluicebox('doctor')).toContain('bundle')
  })

  test('holds no shell and no tests, and can be written to nowhere but in its data', async () => {
    const look = `
      const { readdirSync, writeFileSync, rmSync } = require('node:fs')
      const files = readdirSync('/', { recursive: true }).filter(file => !file.includes('node_modules'))
      const writable = ['/', '/app', '/etc', '/usr/local/bin', '/home', '/data', '/tmp'].filter(folder => {
        try { writeFileSync(folder + '/x', ''); rmSync(folder + '/x'); return true } catch { return false }
      })
      console.log(JSON.stringify({ files, writable, uid: process.getuid() }))`
    const found = JSON.parse(await image.exec([image.entrypoint[0] as string, '-e', look])) as {
      files: string[]
      writable: string[]
      uid: number
    }
    expect(found.uid).toBe(65532)
    expect(found.writable).toEqual(['/data', '/tmp'])
    const names = found.files.map(file => file.split('/').at(-1))
    expect(names.filter(name => /^(sh|bash|dash|busybox|apt|npm|curl|wget)$/.test(name ?? ''))).toEqual([])
    expect(found.files.filter(file => file.endsWith('.test.ts') || file.includes('/testing/'))).toEqual([])
    expect(found.files).toContain('app/schemas/avro/raw.avsc')
  })

  describe.skipIf(!servable)('with the servers of the file', () => {
    const net = `127.${20 + Math.floor(Math.random() * 200)}.${1 + Math.floor(Math.random() * 250)}`
    const workers: Worker[] = []
    let servers: Servers

    beforeAll(async () => {
      servers = await startServers(dir, net)
      // As Docker has it: services are known by their names.
      const hosts = Object.entries(servers.hosts).map(([name, address]) => `${address} ${name}\n`)
      await writeFile(join(image.root, 'etc/hosts'), hosts.join(''))
      await mkdir(join(image.root, 'etc/sluicebox'))
      await copyFile(
        join(ROOT, 'infra/docker/sluicebox.yaml'),
        join(image.root, 'etc/sluicebox/sluicebox.yaml'),
      )
    }, 300_000)
    afterAll(async () => {
      for (const { child } of workers) child.kill('SIGKILL')
      await servers?.stop()
    })

    interface Worker {
      readonly name: string
      readonly address: string
      readonly child: ChildProcess
      readonly log: () => string
    }

    function environment(name: string, others: Record<string, string> = {}): Record<string, string> {
      const own = Object.entries((services[name] as ComposeService).environment ?? {})
      return { ...Object.fromEntries(own.map(([key, value]) => [key, String(value)])), ...others }
    }

    const command = (name: string): string[] => [
      ...image.entrypoint,
      ...((services[name] as ComposeService).command ?? []),
    ]

    const cli = (...args: string[]): Promise<string> =>
      image.exec([...image.entrypoint, ...args], environment('cli'))

    function startWorker(name: string): Worker {
      const address = `${net}.${10 + workers.length}`
      // In a container they listen to all addresses; here each has one.
      const listening = { SLUICEBOX_COLLECTOR_HOST: address, SLUICEBOX_ADMIN_HOST: address }
      // So that the archive need not be waited for.
      const env = environment(name, { ...listening, SLUICEBOX_ARCHIVER_WINDOW_MS: '1000' })
      const child = image.spawn(command(name), env)
      const lines: string[] = []
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', data => lines.push(String(data)))
      const worker = { name, address, child, log: () => lines.join('') }
      workers.push(worker)
      return worker
    }

    async function untilHealthy({ name, address, child, log }: Worker): Promise<void> {
      const [, ...check] = services[name]?.healthcheck?.test as string[]
      await expect
        .poll(async () => {
          if (child.exitCode !== null) throw new Error(`the ${name} ended:\n${log()}`)
          const url = `http://${address}:9464/health/ready`
          return image.exec([...check, url]).catch((error: Error & { stdout?: string }) => error.stdout)
        }, WAIT)
        .toBe('{"status":"ok"}\n')
    }

    test('topics and schemas are made before the stages, and making them again changes nothing', async () => {
      for (const name of ['topics', 'schemas', 'topics', 'schemas'])
        await image.exec(command(name), environment(name))
      expect(await cli('topics', 'check', '--config', '/etc/sluicebox/sluicebox.yaml')).not.toContain('error')
    }, 180_000)

    test('two workers of each stage take events, score them and archive them', async () => {
      const started = ['collector', 'enricher', 'scorer', 'archiver'].flatMap(name => [
        startWorker(name),
        startWorker(name),
      ])
      await Promise.all(started.map(untilHealthy))

      const sent = await sendEvents(started.filter(({ name }) => name === 'collector'))
      const scored = async (): Promise<string[]> =>
        lines<{ kind: string; session_id: string; n: number }>(await cli('tail', 'scored', '--json'))
          .filter(({ kind }) => kind === 'update')
          .map(({ session_id, n }) => `${session_id} ${n}`)
          .sort()
      await expect.poll(scored, WAIT).toEqual(sent.map(({ key }) => key).sort())

      const archived = async (): Promise<number> =>
        lines<{ stream: string; records: number }>(await cli('archive', 'ls', '--json'))
          .filter(({ stream }) => stream === 'good')
          .reduce((sum, { records }) => sum + records, 0)
      await expect.poll(archived, WAIT).toBeGreaterThanOrEqual(sent.length)
    }, 600_000)

    test('the workers end in good order when they are told to, within their grace', async () => {
      expect(workers.length).toBe(8)
      const ended = workers.map(async ({ name, child }) => {
        const grace = quantity(services[name]?.stop_grace_period as string) * 1000
        const timer = setTimeout(() => child.kill('SIGKILL'), grace)
        child.kill('SIGTERM')
        const [code, signal] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode, null]
        clearTimeout(timer)
        return { name, code: code as number, signal: signal as string | null }
      })
      expect(await Promise.all(ended)).toEqual(workers.map(({ name }) => ({ name, code: 0, signal: null })))
      expect(await cli('archive', 'verify')).toBeTruthy()
    }, 120_000)
  })
})

const SESSIONS = 20
const EVENTS_PER_SESSION = 5

/** Sends events to all collectors in turn; the answer to each is that it was taken. Gives the scores that must come of them. */
async function sendEvents(collectors: readonly { readonly address: string }[]): Promise<{ key: string }[]> {
  const sent: { key: string }[] = []
  for (let n = 1; n <= EVENTS_PER_SESSION; n++) {
    await Promise.all(
      Array.from({ length: SESSIONS }, async (_, session) => {
        const { address } = collectors[(session + n) % collectors.length] as { address: string }
        const event = {
          action: 'product_view',
          visitor_id: `visitor-${session}`,
          session_id: `session-${session}`,
          product: { id: `p-${n}`, category: 'lamps', price: 39.5 },
        }
        const answer = await fetch(`http://${address}:8080/v1/events`, {
          method: 'POST',
          body: JSON.stringify(event),
        })
        if (!answer.ok) throw new Error(`refused with ${answer.status}: ${await answer.text()}`)
        sent.push({ key: `session-${session} ${n}` })
      }),
    )
  }
  return sent
}

function lines<T>(text: string): T[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as T)
}
