import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serversAvailable } from './available.ts'
import { startRegistry, type LocalRegistry } from './registry.ts'
import { isAlive, SERVER_START_MS } from './testing.ts'

describe.skipIf(!(await serversAvailable('registry')))('the schema registry', () => {
  let registry: LocalRegistry

  beforeAll(async () => {
    registry = await startRegistry()
  }, SERVER_START_MS)

  afterAll(() => registry?.stop())

  const schema = (...fields: string[]) =>
    JSON.stringify({
      type: 'record',
      name: 'R',
      fields: fields.map(name => ({ name, type: 'string' })),
    })

  async function call(method: string, path: string, body?: object) {
    const answer = await fetch(`${registry.url}${path}`, {
      method,
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return { status: answer.status, body: (await answer.json()) as unknown }
  }

  test('keeps schemas under ids, and refuses those that are not compatible', async () => {
    await call('PUT', '/config', { compatibility: 'FULL_TRANSITIVE' })
    expect(await call('POST', '/subjects/s-value/versions', { schema: schema('a') })).toMatchObject({
      status: 200,
      body: { id: expect.any(Number) },
    })
    expect(await call('GET', '/subjects')).toEqual({ status: 200, body: ['s-value'] })
    const more = { schema: schema('a', 'b') }
    expect((await call('POST', '/subjects/s-value/versions', more)).status).toBe(409)
  })

  test.each([
    ['killed', () => registry.kill('SIGKILL')],
    ['halted', () => registry.halt()],
  ])('%s and started again, it has its address, its schemas and their ids', async (_how, end) => {
    const version = await call('GET', '/subjects/s-value/versions/1')
    const config = await call('GET', '/config')
    const { pid } = registry
    await end()
    expect(isAlive(pid)).toBe(false)
    await expect(call('GET', '/subjects')).rejects.toThrow()
    await registry.start()
    expect(await call('GET', '/subjects/s-value/versions/1')).toEqual(version)
    expect(await call('GET', '/config')).toEqual(config)
  })

  test('stopped, it leaves no process and no folder, and says that the schemas are gone', async () => {
    const { pid, logFile } = registry
    await registry.stop()
    expect([isAlive(pid), existsSync(dirname(logFile))]).toEqual([false, false])
    await expect(registry.start()).rejects.toThrow('its schemas are gone')
  })
})
