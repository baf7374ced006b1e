import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { registryConfig } from '../config.ts'
import { startFakeRegistry, type FakeAnswer } from '../testing/fake-registry.ts'
import { createTransport, RegistryRefusal, RegistryUnreachable } from './transport.ts'

const at = (url: string, settings: Record<string, unknown> = {}) =>
  createTransport({ ...registryConfig.parse({ timeoutMs: 1000, ...settings }), url })

describe('what tells nothing about schemas is unreachable', () => {
  test.each<[string, FakeAnswer, string]>([
    [
      'an internal error',
      { status: 500, json: { error_code: 50001, message: 'Store error' } },
      'status 500, Store error',
    ],
    ['an error whose body is null', { status: 500, body: 'null' }, 'status 500, "null"'],
    ['an error without a body', { status: 502, body: '' }, 'status 502, without a word'],
    ['too many requests', { status: 429, json: { error_code: 42901, message: 'Slow down' } }, 'Slow down'],
    [
      'a page in the place of an answer',
      { status: 200, body: '<html>hello</html>' },
      'check that registry.url holds the whole path',
    ],
    ['a number in the place of an answer', { status: 200, body: '5' }, 'status 200, "5"'],
    [
      'not found by a server that is not a registry',
      { status: 404, body: '404 page not found' },
      'such as /apis/ccompat/v7',
    ],
    [
      'not found as for an unknown path',
      { status: 404, json: { error_code: 404, message: 'HTTP 404 Not Found' } },
      'HTTP 404 Not Found',
    ],
    ['a redirect', { status: 302, body: '' }, 'status 302'],
    ['an answer that breaks off', 'cut', "can't be reached"],
    ['no answer', 'silence', 'it has not answered within 1000 ms'],
  ])('%s', async (_name, answer, says) => {
    await using registry = await startFakeRegistry(() => answer)
    const failure = await at(registry.url)
      .request('GET', '/schemas/ids/5')
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(RegistryUnreachable)
    expect((failure as Error).message).toContain(says)
    expect((failure as Error).message).toContain(registry.url)
    expect((failure as Error).message).toContain('GET /schemas/ids/5')
    expect(registry.requests).toHaveLength(1)
  })

  test('a port without a listener', async () => {
    const closed = createServer()
    await new Promise<void>(resolve => closed.listen(0, '127.0.0.1', resolve))
    const { port } = closed.address() as AddressInfo
    await new Promise(resolve => closed.close(resolve))

    const asked = at(`http://127.0.0.1:${port}`).request('GET', '/subjects')
    await expect(asked).rejects.toThrow(RegistryUnreachable)
    await expect(asked).rejects.toThrow(`connect ECONNREFUSED 127.0.0.1:${port}`)
  })
})

describe('what the registry says of itself is a refusal with its code', () => {
  test.each<[string, FakeAnswer, number, string]>([
    [
      'no such schema',
      { status: 404, json: { error_code: 40403, message: 'Schema not found' } },
      40403,
      'Schema not found (40403)',
    ],
    [
      'not compatible',
      { status: 409, json: { error_code: 409, message: 'Incompatible' } },
      409,
      'Incompatible (409)',
    ],
    [
      'no schema at all',
      { status: 422, json: { error_code: 42201, message: 'Invalid schema' } },
      42201,
      'Invalid',
    ],
    [
      'a wrong password',
      { status: 401, body: 'Unauthorized' },
      401,
      'Give registry.username and registry.passwordFile',
    ],
    [
      'not allowed',
      { status: 403, json: { error_code: 40301, message: 'Denied' } },
      403,
      'what that name may do',
    ],
  ])('%s', async (_name, answer, code, says) => {
    await using registry = await startFakeRegistry(() => answer)
    const failure = await at(registry.url)
      .request('PUT', '/x', {})
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(RegistryRefusal)
    expect(failure).toMatchObject({ code })
    expect((failure as Error).message).toContain(says)
  })
})

test('a redirect is not followed: what it leads to was not configured', async () => {
  await using other = await startFakeRegistry(() => ({ json: {} }))
  await using registry = await startFakeRegistry(() => ({ status: 307, body: '', location: other.url }))
  await expect(at(registry.url).request('GET', '/subjects')).rejects.toThrow('status 307')
  expect(other.requests).toEqual([])
})

test('an answer is its JSON; a base path and slashes at its end are kept apart', async () => {
  await using registry = await startFakeRegistry(({ path }) => ({ json: { path } }))
  expect(await at(`${registry.url}/apis/v7//`).request('GET', '/subjects')).toEqual({
    path: '/apis/v7/subjects',
  })
})

test('an answer without end is not kept', async () => {
  await using registry = await startFakeRegistry(() => ({ status: 200, body: ' '.repeat(17 * 1024 * 1024) }))
  await expect(at(registry.url).request('GET', '/subjects')).rejects.toThrow('larger than 16777216 bytes')
})

test('authenticates with the password in the file, without the end of its line', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'registry-'))
  const passwordFile = join(dir, 'password')
  writeFileSync(passwordFile, 'se:cret \n')
  await using registry = await startFakeRegistry(() => ({ json: {} }))
  await at(registry.url, { username: 'shop', passwordFile }).request('GET', '/subjects')
  expect(registry.requests[0]?.authorization).toBe(`Basic ${Buffer.from('shop:se:cret ').toString('base64')}`)

  rmSync(dir, { recursive: true })
  expect(() => at(registry.url, { username: 'shop', passwordFile })).toThrow(
    `registry.passwordFile: ${passwordFile} can't be read`,
  )
})

test('says nothing of itself without a name', async () => {
  await using registry = await startFakeRegistry(() => ({ json: {} }))
  await at(registry.url).request('GET', '/subjects')
  expect(registry.requests[0]?.authorization).toBeUndefined()
})
