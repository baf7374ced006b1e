import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { serversAvailable } from '@sluicebox/infra/local/available'
import { startS3, type LocalS3 } from '@sluicebox/infra/local/s3'
import { storeConfig } from './config.ts'
import { storeContract } from './testing/contract.ts'
import { openStore } from './open.ts'
import { openS3Store, type S3Options } from './s3.ts'
import { startS3Proxy, type Fate, type S3Proxy } from './testing/s3-proxy.ts'

let server: LocalS3
let proxy: S3Proxy
let folderCount = 0

/** Settings for a folder of its own in the bucket, through the proxy. */
function settings(others: Partial<S3Options> = {}): S3Options {
  return {
    bucket: 'sluicebox',
    prefix: `test-${folderCount++}/`,
    endpoint: proxy.url,
    forcePathStyle: true,
    createBucket: true,
    attemptsMax: 3,
    requestTimeoutMs: 10_000,
    ...others,
  }
}

const LOST: Fate = { kind: 'lost answer' }
const SLOW: Fate = { kind: 'answer', status: 503, code: 'SlowDown' }
const CONFLICT: Fate = { kind: 'answer', status: 409, code: 'ConditionalRequestConflict' }

describe.skipIf(!(await serversAvailable('s3')))('with a server', () => {
  beforeAll(async () => {
    server = await startS3()
    for (const [name, value] of Object.entries(server.env)) vi.stubEnv(name, value)
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await server?.stop()
  })
  beforeEach(async () => {
    proxy = await startS3Proxy(server.url)
  })
  afterEach(() => proxy.close())

  storeContract('a bucket', async () => {
    const mine = settings()
    return { store: await openS3Store(mine), open: () => openS3Store(mine), close: async () => {} }
  })

  test('recognises its own object when the response to the request that made it was lost', async () => {
    const store = await openS3Store(settings())
    proxy.next('PUT', LOST)
    expect(await store.create('k', text('mine'))).toBe('created')
    expect(string(await store.get('k'))).toBe('mine')
  })

  test('does not take the object of another client for its own when responses are lost', async () => {
    const mine = settings()
    const store = await openS3Store(mine)
    await (await openS3Store(mine)).create('k', text('same bytes'))
    proxy.next('PUT', LOST, LOST)
    expect(await store.create('k', text('same bytes'))).toBe('exists')
  })

  test.each([
    { name: 'asks to slow down', fates: [SLOW, SLOW] },
    { name: 'says that others write the same object', fates: [CONFLICT, CONFLICT] },
    { name: 'meets both', fates: [CONFLICT, SLOW] },
  ])('tries again when it $name', async ({ fates }) => {
    const store = await openS3Store(settings())
    proxy.next('PUT', ...fates)
    expect(await store.create('k', text('x'))).toBe('created')
    proxy.next('PUT', ...fates)
    expect(await store.create('k', text('y'))).toBe('exists')
    expect(string(await store.get('k'))).toBe('x')
  })

  test('reads again when a response breaks off or does not come', async () => {
    const store = await openS3Store(settings({ requestTimeoutMs: 200 }))
    const bytes = Buffer.alloc(3_000_000, 'sluicebox')
    await store.put('big', bytes)
    proxy.next('GET', { kind: 'broken answer' }, { kind: 'silence' })
    expect(bytes.equals((await store.get('big')) as Uint8Array)).toBe(true)
  })

  test('gives up after the attempts that are set, and says what it could not do', async () => {
    const mine = settings()
    const store = await openS3Store(mine)
    const before = proxy.seen.length
    proxy.next('PUT', SLOW, SLOW, SLOW)
    await expect(store.create('a/k', text('x'))).rejects.toThrow(
      `can't write s3://sluicebox/${mine.prefix}a/k: SlowDown: as the test says`,
    )
    expect(proxy.seen.length - before).toBe(3)
    proxy.next('PUT', CONFLICT, CONFLICT, CONFLICT)
    await expect(store.create('a/k', text('x'))).rejects.toThrow('ConditionalRequestConflict')
    expect(await store.create('a/k', text('x'))).toBe('created')
  })

  test('rejects while the store is away, and continues when it is back', async () => {
    const store = await openS3Store(settings({ attemptsMax: 2 }))
    await store.create('k', text('x'))
    await server.halt()
    try {
      await expect(store.get('k')).rejects.toThrow(/can't read s3:.*/)
      await expect(store.create('k2', text('x'))).rejects.toThrow(/can't write s3:.*/)
      await expect(keys(store.list(''))).rejects.toThrow(/can't list s3:.*/)
    } finally {
      await server.start()
    }
    expect(string(await store.get('k'))).toBe('x')
  })

  test('refuses a store that overwrites objects in spite of the condition', async () => {
    const ok: Fate = { kind: 'answer', status: 200 }
    const mine = settings()
    proxy.next('PUT', ok, ok)
    await expect(openS3Store(mine)).rejects.toThrow('Use a store with conditional writes')
  })

  test('makes the bucket when asked to, however many clients do so at once', async () => {
    const mine = settings({ bucket: 'made-by-many' })
    await expect(openS3Store({ ...mine, createBucket: false })).rejects.toThrow(
      /can't open s3:\/\/made-by-many\/.*NoSuchBucket.*store\.s3\.createBucket/,
    )
    const stores = await Promise.all([openS3Store(mine), openS3Store(mine), openS3Store(mine)])
    await stores[0]!.create('k', text('x'))
    expect(await keys(stores[1]!.list(''))).toEqual(['k'])
  })

  test('uses a bucket that another client made first', async () => {
    const mine = settings()
    proxy.next(
      'PUT',
      { kind: 'answer', status: 404, code: 'NoSuchBucket' },
      { kind: 'answer', status: 409, code: 'BucketAlreadyOwnedByYou' },
    )
    const store = await openS3Store(mine)
    expect(await store.create('k', text('x'))).toBe('created')
  })

  test('says that the credentials are wrong', async () => {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wrong')
    try {
      await expect(openS3Store(settings())).rejects.toThrow(/SignatureDoesNotMatch.*Check the credentials/)
    } finally {
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', server.env.AWS_SECRET_ACCESS_KEY)
    }
  })

  test('keeps prefixes apart, and lists nothing that others left beside its objects', async () => {
    const mine = settings()
    const [store, within] = [
      await openS3Store(mine),
      await openS3Store({ ...mine, prefix: `${mine.prefix}b/` }),
    ]
    await store.create('a', text('1'))
    await within.create('c', text('2'))
    expect(await keys(within.list(''))).toEqual(['c'])
    // The object of `within` is one of `store` too; what it tries conditions with belongs to neither.
    expect(await keys(store.list(''))).toEqual(['a', 'b/c'])
  })

  test('is what the configuration opens, with a folder of its own for each kind of objects', async () => {
    const config = storeConfig.parse({
      kind: 's3',
      s3: {
        bucket: 'configured',
        prefix: 'shop/',
        endpoint: proxy.url,
        forcePathStyle: true,
        createBucket: true,
      },
    })
    const archive = await openStore({ config, dir: 'nowhere', name: 'archive' })
    const snapshots = await openStore({ config, dir: 'nowhere', name: 'snapshots' })
    await archive.create('k', text('x'))
    expect(await snapshots.get('k')).toBeUndefined()
    expect(proxy.seen).toContain('PUT /configured/shop/archive/k')
    expect(proxy.seen).toContain('GET /configured/shop/snapshots/k')
  })
})

async function keys(objects: AsyncIterable<{ readonly key: string }>): Promise<string[]> {
  const found = []
  for await (const { key } of objects) found.push(key)
  return found
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const string = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)
