import { blankRaw } from '@sluicebox/event/blank'
import { createCodec } from '@sluicebox/event/codec'
import type { RawRecord } from '@sluicebox/event/records'
import { describe, expect, test } from 'vitest'
import { registryConfig } from '../config.ts'
import { contentId, currentSchema, folderCodec } from './folder.ts'
import { openStreamRegistry, type StreamRegistry } from './stream-registry.ts'
import { NO_SCHEMA, startFakeRegistry, type FakeAnswer, type FakeRequest } from '../testing/fake-registry.ts'
import { RegistryRefusal, RegistryUnreachable } from './transport.ts'

const RAW = currentSchema('raw')
const OURS_ID = 41

/** Holds the schema of raw under 41, and says so in every way that it can be asked. */
function holdsRaw({ method, path }: FakeRequest): FakeAnswer {
  if (method === 'POST' && path === '/subjects/shop.raw-value')
    return { json: { id: OURS_ID, version: 1, schema: RAW } }
  if (path === `/schemas/ids/${OURS_ID}`) return { json: { schema: RAW } }
  return NO_SCHEMA
}

async function open(url: string): Promise<Required<StreamRegistry>> {
  const config = registryConfig.parse({ url, timeoutMs: 1000 })
  const registry = await openStreamRegistry(config, { subjectPrefix: 'shop.', confirmMs: 0 })
  return registry as Required<StreamRegistry>
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('without a server', () => {
  test('the schemas that ship are used, and no others can be asked for', async () => {
    const registry = await openStreamRegistry(registryConfig.parse({}), { subjectPrefix: 'shop.' })
    expect((await registry.codec('raw')).schemaId).toBe(folderCodec('raw').schemaId)
    expect(await registry.schema('raw')).toEqual({ id: contentId(RAW), text: RAW })
    expect(registry.fetchSchema).toBeUndefined()
  })
})

describe('the id of our schema', () => {
  test('is what the server gives it, and is asked for once, however many codecs there are', async () => {
    await using fake = await startFakeRegistry(holdsRaw)
    const registry = await open(fake.url)
    expect(fake.requests).toEqual([])
    const [one, other] = await Promise.all([
      registry.codec('raw'),
      registry.codec('raw', { project: ['path'] }),
    ])
    expect([one.schemaId, other.schemaId]).toEqual([OURS_ID, OURS_ID])
    const asked = fake.requests.length
    await registry.codec('raw')
    expect(await registry.schema('raw')).toEqual({ id: OURS_ID, text: RAW })
    expect(fake.requests).toHaveLength(asked)
    expect(asked).toBe(2)
  })

  test('the codec writes it, and what it writes can be read by it alone', async () => {
    await using fake = await startFakeRegistry(holdsRaw)
    const codec = await (await open(fake.url)).codec('raw')
    const bytes = codec.encode(
      folderCodec('raw').decode(
        createCodec<RawRecord>(RAW, contentId(RAW)).encode(blankRaw({ visitor: 'v', path: '/i' })),
      ) as RawRecord,
    )
    expect([...bytes.subarray(0, 5)]).toEqual([0, 0, 0, 0, OURS_ID])
    expect(codec.decode(bytes)).toMatchObject({ path: '/i' })
    expect(folderCodec('raw').decode(bytes)).toEqual({ missing: OURS_ID })
  })

  test('is not taken when the server holds another schema under it', async () => {
    await using fake = await startFakeRegistry(request =>
      request.path === `/schemas/ids/${OURS_ID}`
        ? { json: { schema: currentSchema('good') } }
        : holdsRaw(request),
    )
    const failure = await failureOf((await open(fake.url)).codec('raw'))
    expect(failure).not.toBeInstanceOf(RegistryUnreachable)
    expect((failure as Error).message).toContain(
      'has id 41 under shop.raw-value, and holds another one by that id',
    )
  })

  test('is found among the versions where the server compares texts and holds ours in other words', async () => {
    const inOtherWords = JSON.stringify({ ...(JSON.parse(RAW) as object), doc: 'In other words.' }, null, 4)
    await using fake = await startFakeRegistry(({ path }) => {
      if (path === '/subjects/shop.raw-value/versions') return { json: [1, 2, 3] }
      if (path.endsWith('/versions/1')) return { json: { id: 8, version: 1, schema: '"string"' } }
      if (path.endsWith('/versions/2')) return { json: { id: 9, version: 2, schema: inOtherWords } }
      if (path.endsWith('/versions/3'))
        return { json: { id: 10, schemaType: 'PROTOBUF', schema: 'message R {}' } }
      return path === '/schemas/ids/9' ? { json: { schema: inOtherWords } } : NO_SCHEMA
    })
    expect((await (await open(fake.url)).codec('raw')).schemaId).toBe(9)
  })

  test.each([
    ['subject', 40401],
    ['schema', 40403],
  ])(
    'is missing when the server knows no such %s: the message says how to register it',
    async (_what, code) => {
      await using fake = await startFakeRegistry(() => ({
        status: 404,
        json: { error_code: code, message: 'Not found' },
      }))
      const failure = await failureOf((await open(fake.url)).codec('raw'))
      expect(failure).not.toBeInstanceOf(RegistryUnreachable)
      expect((failure as Error).message).toBe(
        `The schema registry at ${fake.url} does not hold this release's schema of raw under shop.raw-value. Register it: sluicebox schemas push`,
      )
      expect(
        fake.requests.every(({ method, path }) => method === 'GET' || path === '/subjects/shop.raw-value'),
      ).toBe(true)
    },
  )

  test('is asked for again after a failure', async () => {
    await using fake = await startFakeRegistry(() => ({ status: 503, json: { message: 'Starting' } }))
    const registry = await open(fake.url)
    const failures = await Promise.all([failureOf(registry.codec('raw')), failureOf(registry.schema('raw'))])
    for (const failure of failures) expect(failure).toBeInstanceOf(RegistryUnreachable)
    expect(fake.requests).toHaveLength(1)

    fake.answer = holdsRaw
    expect((await registry.codec('raw')).schemaId).toBe(OURS_ID)
  })

  test.each<[string, FakeAnswer]>([
    ['an id that is not a number', { json: { id: 'seven', version: 1 } }],
    ['an id that does not fit in four bytes', { json: { id: 2 ** 31, version: 1 } }],
    ['a negative id', { json: { id: -1, version: 1 } }],
    ['no id', { json: {} }],
    ['a list', { json: [] }],
  ])('is unknown after %s', async (_name, answer) => {
    await using fake = await startFakeRegistry(() => answer)
    expect(await failureOf((await open(fake.url)).codec('raw'))).toBeInstanceOf(RegistryUnreachable)
  })
})

describe("another writer's schema", () => {
  const other = JSON.stringify({ type: 'record', name: 'Raw', namespace: 'sluicebox', fields: [] })

  test('is what the server holds under the id, word for word', async () => {
    await using fake = await startFakeRegistry(() => ({ json: { schema: other } }))
    expect(await (await open(fake.url)).fetchSchema(7)).toBe(other)
    expect(fake.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /schemas/ids/7'])
  })

  test('that was registered while we ran is found when it is asked for again', async () => {
    await using fake = await startFakeRegistry(holdsRaw)
    const registry = await open(fake.url)
    await registry.codec('raw')
    expect(await registry.fetchSchema(7)).toBeUndefined()
    fake.answer = () => ({ json: { schema: other } })
    expect(await registry.fetchSchema(7)).toBe(other)
  })

  test('has the types in it that are in other subjects', async () => {
    const referring = JSON.stringify({
      type: 'record',
      name: 'Raw',
      fields: [{ name: 'at', type: 'x.Place' }],
    })
    const place = JSON.stringify({
      type: 'record',
      name: 'Place',
      namespace: 'x',
      fields: [{ name: 'city', type: 'string' }],
    })
    await using fake = await startFakeRegistry(({ path }) => {
      if (path === '/schemas/ids/7')
        return {
          json: { schema: referring, references: [{ name: 'x.Place', subject: 'place', version: 3 }] },
        }
      return path.startsWith('/subjects/place/versions/3')
        ? { json: { id: 8, version: 3, schema: place } }
        : NO_SCHEMA
    })
    const text = await (await open(fake.url)).fetchSchema(7)
    const codec = createCodec<{ at: { city: string } }>(text ?? '', 7)
    expect(codec.decode(codec.encode({ at: { city: 'Rome' } }))).toEqual({ at: { city: 'Rome' } })
  })

  test('is absent when the server says so, and still holds what it gave us', async () => {
    await using fake = await startFakeRegistry(holdsRaw)
    const registry = await open(fake.url)
    await registry.codec('raw')
    expect(await registry.fetchSchema(7)).toBeUndefined()
  })

  test.each<[string, FakeAnswer]>([
    ['has lost ours', NO_SCHEMA],
    ['holds another one in the place of ours', { json: { schema: '"string"' } }],
    ['fails when asked about ours', { status: 500, body: '' }],
  ])('is not absent when the server that says so %s', async (_name, answer) => {
    await using fake = await startFakeRegistry(holdsRaw)
    const registry = await open(fake.url)
    await registry.codec('raw')
    fake.answer = ({ path }) => (path === `/schemas/ids/${OURS_ID}` ? answer : NO_SCHEMA)
    expect(await failureOf(registry.fetchSchema(7))).toBeInstanceOf(RegistryUnreachable)
  })

  test('is asked for twice before it is absent: one server of several may be late', async () => {
    await using fake = await startFakeRegistry(() =>
      fake.requests.length === 1 ? NO_SCHEMA : { json: { schema: other } },
    )
    expect(await (await open(fake.url)).fetchSchema(7)).toBe(other)
  })

  test('is asked for once where many were absent: records are wrong then, and no server late', async () => {
    await using fake = await startFakeRegistry(() => NO_SCHEMA)
    const registry = await open(fake.url)
    for (let id = 0; id < 20; id++) await registry.fetchSchema(id)
    expect(fake.requests).toHaveLength(40)
    expect(await registry.fetchSchema(20)).toBeUndefined()
    expect(fake.requests).toHaveLength(41)
  })

  test('is absent without a question where no registry gives such an id', async () => {
    await using fake = await startFakeRegistry(() => ({ json: { schema: other } }))
    expect(await (await open(fake.url)).fetchSchema(2 ** 31)).toBeUndefined()
    expect(fake.requests).toEqual([])
  })

  test('is one of ours by the id that it had before there was a server', async () => {
    await using fake = await startFakeRegistry(() => NO_SCHEMA)
    expect(await (await open(fake.url)).fetchSchema(contentId(RAW))).toBe(RAW)
  })

  test('is absent where there is a schema, but none of Avro', async () => {
    await using fake = await startFakeRegistry(() => ({
      json: { schemaType: 'PROTOBUF', schema: 'message R {}' },
    }))
    expect(await (await open(fake.url)).fetchSchema(7)).toBeUndefined()
  })

  test.each<[string, FakeAnswer]>([
    ['is down', { status: 503, body: '' }],
    ['is another server', { status: 404, body: 'no such page' }],
    ['answers something else', { json: { error: 'none' } }],
    ['holds what is not JSON', { json: { schema: 'Raw' } }],
    ['breaks off', 'cut'],
    ['does not answer', 'silence'],
  ])('is unknown while the server %s', async (_name, answer) => {
    await using fake = await startFakeRegistry(() => answer)
    expect(await failureOf((await open(fake.url)).fetchSchema(7))).toBeInstanceOf(RegistryUnreachable)
    expect(fake.requests).toHaveLength(1)
  })

  test('is unknown while the server refuses us', async () => {
    await using fake = await startFakeRegistry(() => ({ status: 401, body: '' }))
    expect(await failureOf((await open(fake.url)).fetchSchema(7))).toBeInstanceOf(RegistryRefusal)
  })
})
