// Against a real registry: what it answers, and what it refuses.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCodec } from '@sluicebox/event/codec'
import { STREAMS, type RawRecord } from '@sluicebox/event/records'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { serversAvailable } from '@sluicebox/infra/local/available'
import { startRegistry, type LocalRegistry } from '@sluicebox/infra/local/registry'
import { checkStream } from './check.ts'
import { registryConfig } from '../config.ts'
import { currentSchema, SCHEMAS_DIR } from './folder.ts'
import { createLearn, schemaRef } from './learn.ts'
import { pullStream } from './pull.ts'
import { pushStream } from './push.ts'
import { openServer, type SchemaServer } from './server.ts'
import { openStreamRegistry, type StreamRegistry } from './stream-registry.ts'
import { RegistryUnreachable } from './transport.ts'

interface Field {
  readonly name: string
  readonly type: unknown
  readonly default?: unknown
}

const SHOP: Field = { name: 'shop', type: 'string', default: '' }

describe.skipIf(!(await serversAvailable('registry')))('a real registry', () => {
  let local: LocalRegistry
  let server: SchemaServer
  beforeAll(async () => {
    local = await startRegistry()
    server = openServer({ ...registryConfig.parse({ url: local.url }), url: local.url })
  })
  afterAll(() => local.stop())

  // Each test has subjects and a folder of its own.
  let testCount = 0
  let subjectPrefix: string
  let dir: string
  beforeEach(() => {
    subjectPrefix = `test-${++testCount}.`
    dir = mkdtempSync(join(tmpdir(), 'schemas-'))
    cpSync(join(SCHEMAS_DIR, 'avro'), join(dir, 'avro'), { recursive: true })
  })
  afterEach(() => rmSync(dir, { recursive: true }))

  /** The schema of raw after a change of its fields. */
  function changedRaw(change: (fields: Field[]) => Field[]): string {
    const schema = JSON.parse(currentSchema('raw', dir)) as { fields: Field[] }
    return JSON.stringify({ ...schema, fields: change(schema.fields) }, null, 2)
  }

  function setCurrent(text: string): void {
    writeFileSync(join(dir, 'avro/raw.avsc'), text)
  }

  function release(version: number, text: string): void {
    writeFileSync(join(dir, `avro/versions/raw-${version}.avsc`), text)
    setCurrent(text)
  }

  const push = (options = {}) => pushStream(server, 'raw', { subjectPrefix, dir, ...options })
  const check = () => checkStream(server, 'raw', { subjectPrefix, dir })
  const open = async (settings = {}, folder = dir): Promise<Required<StreamRegistry>> => {
    const config = registryConfig.parse({ url: local.url, ...settings })
    return (await openStreamRegistry(config, { subjectPrefix, dir: folder })) as Required<StreamRegistry>
  }

  describe('push', () => {
    test('registers the schemas of all streams under FULL_TRANSITIVE, once', async () => {
      const options = { subjectPrefix, dir }
      for (const stream of STREAMS) {
        const subject = `${subjectPrefix}${stream}-value`
        const first = await pushStream(server, stream, options)
        expect(first).toMatchObject({ subject, levelBefore: 'none of its own' })
        expect(first.schemas.length).toBeGreaterThan(0)
        expect(first.schemas).toMatchObject(
          first.schemas.map((_, before) => ({
            schema: `version ${before + 1}`,
            version: before + 1,
            outcome: 'registered',
          })),
        )
        expect(await server.compatibility(subject)).toEqual({ level: 'FULL_TRANSITIVE', isOwn: true })

        const again = await pushStream(server, stream, options)
        expect(again).toMatchObject({ subject, levelBefore: null })
        expect(again.schemas).toEqual(first.schemas.map(schema => ({ ...schema, outcome: 'unchanged' })))
        expect(await checkStream(server, stream, options)).toEqual([])
      }
    })

    test('only says what it would do with dryRun', async () => {
      const { schemas } = await push({ dryRun: true })
      expect(schemas).toMatchObject([{ version: null, id: null, outcome: 'would be registered' }])
      expect(await server.versions(`${subjectPrefix}raw-value`)).toEqual([])
    })

    test('registers every released version in order, then what was not released yet', async () => {
      release(
        2,
        changedRaw(fields => [...fields, SHOP]),
      )
      setCurrent(changedRaw(fields => [...fields, { ...SHOP, name: 'country' }]))
      expect((await push()).schemas).toMatchObject([
        { schema: 'version 1', version: 1, outcome: 'registered' },
        { schema: 'version 2', version: 2, outcome: 'registered' },
        { schema: 'current', version: 3, outcome: 'registered' },
      ])
    })

    test('does not put an earlier version after a later one', async () => {
      const first = currentSchema('raw', dir)
      release(
        2,
        changedRaw(fields => [...fields, SHOP]),
      )
      release(1, currentSchema('raw', dir))
      await push()
      release(1, first)
      release(
        2,
        changedRaw(fields => [...fields, SHOP]),
      )
      expect((await push()).schemas).toMatchObject([
        { schema: 'version 1', version: null, outcome: 'superseded' },
        { schema: 'version 2', version: 1, outcome: 'unchanged' },
      ])
    })

    test.each<[string, (fields: Field[]) => Field[], string]>([
      ['a field without default', fields => [...fields, { name: 'shop', type: 'string' }], 'shop'],
      [
        'another type of a field',
        fields => fields.map(each => (each.name === 'path' ? { ...each, type: 'long', default: 0 } : each)),
        'path',
      ],
    ])('is refused %s by the registry itself', async (_change, change, says) => {
      await push()
      setCurrent(changedRaw(change))
      const foreseen = (await push({ dryRun: true })).schemas.at(-1)
      expect(foreseen).toMatchObject({ schema: 'current', outcome: 'refused' })
      expect(foreseen?.why).toContain(says)

      const refused = (await push()).schemas.at(-1)
      expect(refused).toMatchObject({ schema: 'current', version: null, id: null, outcome: 'refused' })
      expect(refused?.why).toContain('Incompatible')
      expect(refused?.why).toContain(says)
      expect(await server.versions(`${subjectPrefix}raw-value`)).toHaveLength(1)
      expect((await check()).map(({ fault }) => fault).join()).toContain(says)
    })

    test('is refused what goes with the last version, but not with the one before it', async () => {
      release(
        1,
        changedRaw(fields => [...fields, { ...SHOP, type: 'int', default: 0 }]),
      )
      release(
        2,
        changedRaw(fields => fields.filter(({ name }) => name !== 'shop')),
      )
      await push()
      setCurrent(changedRaw(fields => [...fields, SHOP]))
      expect((await push()).schemas.map(({ outcome }) => outcome)).toEqual([
        'unchanged',
        'unchanged',
        'refused',
      ])
    })
  })

  describe('check', () => {
    test('finds a subject that is not there, and a schema that is not registered', async () => {
      expect(await check()).toMatchObject([{ fault: 'the registry holds no schema under this subject' }])
      await push()
      setCurrent(changedRaw(fields => [...fields, SHOP]))
      expect(await check()).toMatchObject([
        { fault: "this release's schema is not registered", advice: 'Register it: sluicebox schemas push' },
      ])
    })

    test('finds a compatibility level that lets in what breaks readers, and push mends it', async () => {
      await push()
      await server.setCompatibility(`${subjectPrefix}raw-value`, 'BACKWARD')
      const [finding] = await check()
      expect(finding?.fault).toContain('its compatibility level is BACKWARD, not FULL_TRANSITIVE')
      expect((await push()).levelBefore).toBe('BACKWARD')
      expect(await check()).toEqual([])
    })

    test('finds what others registered beside ours without a check', async () => {
      await push()
      const subject = `${subjectPrefix}raw-value`
      await ask('PUT', `/config/${subject}`, { compatibility: 'NONE' })
      await ask('POST', `/subjects/${subject}/versions`, {
        schema: changedRaw(fields => [...fields, { name: 'shop', type: 'string' }]),
      })
      expect((await check()).map(({ fault }) => fault)).toEqual([
        expect.stringContaining('its compatibility level is NONE'),
        expect.stringContaining('with version 2, the earlier schema cannot read'),
      ])
    })
  })

  test('pull writes what a diff with our folder finds nothing in, until the registry holds something else', async () => {
    await push()
    const outDir = join(dir, 'pulled')
    const pull = () => pullStream(server, 'raw', { subjectPrefix, dir, outDir })
    const names = ['avro/raw.avsc', 'avro/versions/raw-1.avsc']
    expect(await pull()).toEqual(names.map(name => join(outDir, name)))
    const texts = (folder: string): string[] => names.map(name => readFileSync(join(folder, name), 'utf8'))
    expect(texts(outDir)).toEqual(texts(dir))

    const theirs = changedRaw(fields => [...fields, SHOP])
    await server.register(`${subjectPrefix}raw-value`, theirs)
    expect((await pull()).at(-1)).toBe(join(outDir, 'avro/versions/raw-2.avsc'))
    expect(readFileSync(join(outDir, 'avro/raw.avsc'), 'utf8')).toBe(`${theirs}\n`)
  })

  describe('processes', () => {
    test('write and read under the id that the registry gave, and start once the schemas are there', async () => {
      const registry = await open()
      await expect(registry.codec('raw')).rejects.toThrow(
        `does not hold this release's schema of raw under ${subjectPrefix}raw-value. Register it: sluicebox schemas push`,
      )
      const { schemas } = await push()
      expect((await registry.codec('raw')).schemaId).toBe(schemas[0]?.id)
    })

    test('register what is missing where the configuration says so', async () => {
      const { schemaId } = await (await open({ autoRegister: true })).codec('raw')
      expect(await server.idOf(`${subjectPrefix}raw-value`, currentSchema('raw', dir))).toBe(schemaId)
      setCurrent(changedRaw(fields => [...fields, { name: 'shop', type: 'string' }]))
      await expect((await open({ autoRegister: true })).codec('raw')).rejects.toThrow('Incompatible')
    })

    test('take the schema that another tool has registered in other words for theirs', async () => {
      const subject = `${subjectPrefix}raw-value`
      const text = JSON.stringify(JSON.parse(currentSchema('raw', dir)), null, 7)
      const { id } = (await ask('POST', `/subjects/${subject}/versions`, { schema: text })) as { id: number }
      expect((await (await open()).codec('raw')).schemaId).toBe(id)
      expect((await push()).schemas).toMatchObject([{ id, outcome: 'unchanged' }])
    })

    test('of an earlier and a later release read each other', async () => {
      await push()
      const earlier = await open({}, SCHEMAS_DIR)
      const earlierCodec = await earlier.codec('raw')
      release(
        2,
        changedRaw(fields => [...fields, SHOP]),
      )
      await push()
      const later = await open()
      const laterCodec = await later.codec('raw')
      const learn = (registry: Required<StreamRegistry>, codec: typeof laterCodec, id: number) =>
        createLearn({ codec, fetchSchema: registry.fetchSchema, onAbsent: () => expect.fail('it is there') })(
          [schemaRef(id)],
        )

      const old = earlierCodec.encode(record('/old'))
      expect(laterCodec.decode(old)).toEqual({ missing: earlierCodec.schemaId })
      await learn(later, laterCodec, earlierCodec.schemaId)
      expect(laterCodec.decode(old)).toMatchObject({ path: '/old', shop: '' })

      const young = laterCodec.encode({ ...record('/new'), shop: 'Rome' } as RawRecord)
      await learn(earlier, earlierCodec, laterCodec.schemaId)
      expect(earlierCodec.decode(young)).toMatchObject({ path: '/new' })
    })

    test('continue with what they know while the registry is down, and ask again when it is back', async () => {
      await push()
      const registry = await open({ timeoutMs: 2000 })
      const codec = await registry.codec('raw')
      const other = changedRaw(fields => [...fields, SHOP])
      const otherId = await server.register(`${subjectPrefix}raw-value`, other)
      await local.kill('SIGKILL')
      try {
        expect(codec.decode(codec.encode(record('/down')))).toMatchObject({ path: '/down' })
        expect((await registry.codec('raw')).schemaId).toBe(codec.schemaId)
        await expect(registry.fetchSchema(otherId)).rejects.toThrow(RegistryUnreachable)
        await expect(registry.codec('good')).rejects.toThrow(RegistryUnreachable)
        await expect((await open()).codec('raw')).rejects.toThrow(`${local.url} can't be reached`)
      } finally {
        await local.start()
      }
      expect(await registry.fetchSchema(otherId)).toBe(JSON.stringify(JSON.parse(other)))
      expect(await registry.fetchSchema(1_000_000)).toBeUndefined()
    })
  })

  /** A request of another client. */
  async function ask(method: string, path: string, body: object): Promise<unknown> {
    const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' }
    const answer = await fetch(`${local.url}${path}`, { method, headers, body: JSON.stringify(body) })
    expect(answer.status).toBe(200)
    return answer.json()
  }
})

/** A record with the defaults of its schema, except its path. */
function record(path: string): RawRecord {
  const empty = JSON.stringify({ type: 'record', name: 'Raw', namespace: 'sluicebox', fields: [] })
  const codec = createCodec<RawRecord>(currentSchema('raw', SCHEMAS_DIR), 2)
  codec.learn(1, empty)
  return { ...(codec.decode(Uint8Array.from([0, 0, 0, 0, 1])) as RawRecord), path }
}
