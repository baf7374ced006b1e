import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { folderSource, registrySource } from './source.ts'
import { PROBES_MAX, versionsOf } from './versions.ts'

const BASKET = { vendor: 'com.acme', name: 'basket', version: '1-0-0' }

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test.each([
  ['/', '/schemas/com.acme/basket/jsonschema/1-0-0'],
  ['/schemas', '/schemas/com.acme/basket/jsonschema/1-0-0'],
  ['/api', '/api/schemas/com.acme/basket/jsonschema/1-0-0'],
  ['', '/api/schemas/com.acme/basket/jsonschema/1-0-0'],
  ['/registry/', '/registry/schemas/com.acme/basket/jsonschema/1-0-0'],
])('under the address %j a schema is found at %s', async (path, place) => {
  const url = await serve((request, response) => {
    response.statusCode = request.url === place ? 200 : 403
    response.end('{}')
  })
  expect(await registrySource(`${url}${path}`).read(BASKET)).toBe('{}')
  expect(await registrySource(`${url}${path}`).read({ ...BASKET, version: '1-0-1' })).toBeUndefined()
})

test.each<[what: string, listener: RequestListener]>([
  ['is silent', () => {}],
  ['stops in the middle', (_request, response) => void response.write('{')],
])('a registry that %s is given up after the time-out', async (_what, listener) => {
  const source = registrySource(await serve(listener), { timeoutMs: 50, retryMs: 1 })
  await expect(source.read(BASKET)).rejects.toThrow('it takes too long')
})

test.each([500, 503, 429])('an answer of %d is asked for again, and then reported', async status => {
  let failures = 2
  let requests = 0
  const url = await serve((_request, response) => {
    requests++
    response.statusCode = failures-- > 0 ? status : 200
    response.end('{}')
  })
  expect(await registrySource(url, { retryMs: 1 }).read(BASKET)).toBe('{}')
  expect(requests).toBe(3)
  failures = Infinity
  await expect(registrySource(url, { retryMs: 1 }).read(BASKET)).rejects.toThrow(`answers ${status}`)
})

test('a key that is refused is reported at once', async () => {
  let requests = 0
  const url = await serve((_request, response) => {
    requests++
    response.statusCode = 401
    response.end()
  })
  await expect(registrySource(url, { retryMs: 1 }).read(BASKET)).rejects.toThrow('requires a key')
  expect(requests).toBe(1)
})

test.each<[what: string, make: (file: string) => void, fault: RegExp]>([
  ['a folder', file => mkdirSync(file), /^is not a file$/],
  ['a link to nothing', file => symlinkSync('/nowhere', file), /^can't be read: ENOENT/],
  [
    'too large to be read',
    file => {
      writeFileSync(file, '')
      truncateSync(file, 3 * 2 ** 30)
    },
    /^is larger than 256 KiB/,
  ],
])('a schema of a folder that is %s is unusable, and the folder is not', async (_what, make, fault) => {
  const dir = mkdtempSync(join(tmpdir(), 'sluicebox-schemas-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  mkdirSync(join(dir, 'com.acme/basket/jsonschema'), { recursive: true })
  make(join(dir, 'com.acme/basket/jsonschema/1-0-0'))
  expect(await folderSource(dir).read(BASKET)).toEqual({ fault: expect.stringMatching(fault) as string })
})

test('a redirect to what is not an address is named', async () => {
  const url = await serve((_request, response) => {
    response.writeHead(302, { location: 'http://[bad' }).end()
  })
  await expect(registrySource(url).read(BASKET)).rejects.toThrow(
    'redirects to "http://[bad", which is not an address',
  )
})

test('a body without an end is read no further than a schema may be', async () => {
  let sent = 0
  const url = await serve((_request, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536
    }
    response.on('drain', more)
    more()
  })
  expect(((await registrySource(url).read(BASKET)) as string).length).toBeLessThan(400_000)
  expect(sent).toBeLessThan(50_000_000)
})

test('looking for versions ends, even where every version is there', async () => {
  let asked = 0
  const source = {
    name: 'endless',
    read: async () => `${++asked}`,
    list: async () => undefined,
  }
  expect(await versionsOf(source, BASKET)).toHaveLength(PROBES_MAX)
  expect(asked).toBe(PROBES_MAX)
})
