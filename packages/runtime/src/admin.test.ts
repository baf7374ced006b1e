import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { startAdmin, type Health } from './admin.ts'
import { createMetrics } from './metrics.ts'

async function admin(ready: () => Health, started = true) {
  const server = await startAdmin({
    host: '127.0.0.1',
    port: 0,
    metrics: createMetrics(),
    ready,
    started: () => started,
  })
  onTestFinished(() => server[Symbol.asyncDispose]())
  return async (path: string) => {
    const response = await fetch(`${server.url}${path}`)
    return { status: response.status, body: await response.text() }
  }
}

test.each([
  ['/health/live', { ok: false }, 200, '{"status":"ok"}\n'],
  ['/health/ready', { ok: true }, 200, '{"status":"ok"}\n'],
  ['/health/ready', { ok: false, reason: 'stopping' }, 503, '{"status":"unavailable","reason":"stopping"}\n'],
  [
    '/health/ready',
    { ok: false, reason: 'restoring', details: { restoring: [{ partition: 1 }] } },
    503,
    '{"status":"unavailable","reason":"restoring","restoring":[{"partition":1}]}\n',
  ],
  ['/health/startup', { ok: true }, 200, '{"status":"ok"}\n'],
  ['/nothing', { ok: true }, 404, expect.stringContaining('/health/ready')],
])('%s with %j answers %d', async (path, health, status, body) => {
  const ask = await admin(() => health)
  expect(await ask(path)).toEqual({ status, body })
})

test('is not read under a name of another site, which could lead here', async () => {
  const server = await startAdmin({
    host: '127.0.0.1',
    port: 0,
    metrics: createMetrics(),
    ready: () => ({ ok: true }),
    started: () => true,
  })
  onTestFinished(() => server[Symbol.asyncDispose]())
  for (const path of ['/metrics', '/health/live', '/health/ready']) {
    const [response] = (await once(
      get(`${server.url}${path}`, { headers: { host: 'evil.example' } }),
      'response',
    )) as [IncomingMessage]
    response.resume()
    expect(response.statusCode).toBe(421)
  }
})

test('says that it is starting until it has started', async () => {
  const ask = await admin(() => ({ ok: true }), false)
  expect(await ask('/health/startup')).toEqual({ status: 503, body: expect.stringContaining('starting') })
})

test('shows metrics under one prefix, each named for what it is', async () => {
  const ask = await admin(() => ({ ok: true }))
  const { status, body } = await ask('/metrics?x=1')
  expect(status).toBe(200)
  const types = [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)]
  expect(types.length).toBeGreaterThan(10)
  expect(types.filter(([, name]) => !name?.startsWith('sluicebox_'))).toEqual([])
  expect(types.filter(([, name, type]) => name?.endsWith('_total') && type !== 'counter')).toEqual([])
})

test('rejects when the port is taken', async () => {
  const parts = {
    host: '127.0.0.1',
    metrics: createMetrics(),
    ready: () => ({ ok: true }),
    started: () => true,
  }
  const first = await startAdmin({ ...parts, port: 0 })
  onTestFinished(() => first[Symbol.asyncDispose]())
  await expect(startAdmin({ ...parts, port: Number(new URL(first.url).port) })).rejects.toThrow(
    '--admin-port',
  )
})
