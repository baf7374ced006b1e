// What a real registry can hardly be brought to say.
import { describe, expect, test } from 'vitest'
import { checkStream } from './check.ts'
import { registryConfig } from '../config.ts'
import { currentSchema, SCHEMAS_DIR } from './folder.ts'
import { pushStream } from './push.ts'
import { openServer, type SchemaServer } from './server.ts'
import { startFakeRegistry } from '../testing/fake-registry.ts'
import { RegistryRefusal, RegistryUnreachable } from './transport.ts'

const OPTIONS = { subjectPrefix: '', dir: SCHEMAS_DIR }
const CURRENT = { version: 1, id: 1, schema: currentSchema('raw') }
const EMPTY = {
  ...CURRENT,
  schema: JSON.stringify({ type: 'record', name: 'Raw', namespace: 'sluicebox', fields: [] }),
}

/** A registry that holds what is current under FULL_TRANSITIVE, and takes note of what is asked of it. */
function fakeServer(parts: Partial<SchemaServer> = {}): SchemaServer & { actions: unknown[] } {
  const actions: unknown[] = []
  return {
    actions,
    url: 'http://registry.test',
    schema: async () => undefined,
    idOf: async () => undefined,
    versions: async () => [CURRENT],
    register: async (subject: string) => {
      actions.push(['register', subject])
      return 2
    },
    compatibility: async () => ({ level: 'FULL_TRANSITIVE', isOwn: true }),
    setCompatibility: async (subject: string, level: string) => void actions.push(['level', subject, level]),
    judge: async () => ({ isCompatible: true, says: [] }),
    ...parts,
  }
}

describe('push', () => {
  test('gives a subject its own level even where the registry has the same one: that may be changed', async () => {
    const server = fakeServer({ compatibility: async () => ({ level: 'FULL_TRANSITIVE', isOwn: false }) })
    expect((await pushStream(server, 'raw', OPTIONS)).levelBefore).toBe('none of its own')
    expect(server.actions).toEqual([['level', 'raw-value', 'FULL_TRANSITIVE']])
  })

  test('sets the level before it registers anything', async () => {
    const server = fakeServer({
      versions: async () => [],
      compatibility: async () => ({ level: 'BACKWARD', isOwn: false }),
    })
    await pushStream(server, 'raw', OPTIONS)
    expect(server.actions).toEqual([
      ['level', 'raw-value', 'FULL_TRANSITIVE'],
      ['register', 'raw-value'],
    ])
  })

  test('does not mind that another process sets the level at the same moment', async () => {
    const refusal = new RegistryRefusal('a rule of that name is there already', 409)
    let isSet = false
    const server = fakeServer({
      compatibility: async () =>
        isSet ? { level: 'FULL_TRANSITIVE', isOwn: true } : { level: 'NONE', isOwn: false },
      setCompatibility: async () => {
        isSet = true
        throw refusal
      },
    })
    await pushStream(server, 'raw', OPTIONS)
    const stubborn = fakeServer({
      compatibility: async () => ({ level: 'NONE', isOwn: true }),
      setCompatibility: () => Promise.reject(refusal),
    })
    await expect(pushStream(stubborn, 'raw', OPTIONS)).rejects.toBe(refusal)
  })

  test.each([
    ['a registry that may not be written to', new RegistryRefusal('not allowed', 403)],
    ['a registry that went away', new RegistryUnreachable('gone')],
  ])('ends at %s: that is not a refusal of the schema', async (_name, failure) => {
    const server = fakeServer({ versions: async () => [], register: () => Promise.reject(failure) })
    await expect(pushStream(server, 'raw', OPTIONS)).rejects.toBe(failure)
  })

  test.each([409, 40901, 422, 42201])('tells of a schema that is refused with %i', async code => {
    const server = fakeServer({
      versions: async () => [],
      register: () => Promise.reject(new RegistryRefusal('not so', code)),
    })
    expect((await pushStream(server, 'raw', OPTIONS)).schemas).toMatchObject([
      { outcome: 'refused', why: 'not so' },
    ])
  })

  test('foresees that the registry would refuse what we find no fault in', async () => {
    const judge = async () => ({ isCompatible: false, says: ['reader field at', 'writer field at'] })
    const server = fakeServer({ versions: async () => [EMPTY], judge })
    expect((await pushStream(server, 'raw', { ...OPTIONS, dryRun: true })).schemas).toMatchObject([
      {
        outcome: 'refused',
        why: "the registry says that this release's schema is not compatible: reader field at; writer field at",
      },
    ])
    expect(server.actions).toEqual([])
  })
})

describe('check', () => {
  test('tells what the registry finds in a schema that we find no fault in, and not to register it', async () => {
    const server = fakeServer({
      versions: async () => [EMPTY],
      judge: async () => ({ isCompatible: false, says: [] }),
    })
    expect((await checkStream(server, 'raw', OPTIONS)).map(({ fault }) => fault)).toEqual([
      "the registry says that this release's schema is not compatible",
    ])
  })

  test('is content with a level that the registry has for all subjects', async () => {
    const level = (name: string) => fakeServer({ compatibility: async () => ({ level: name, isOwn: false }) })
    expect(await checkStream(level('FULL_TRANSITIVE'), 'raw', OPTIONS)).toEqual([])
    expect((await checkStream(level('BACKWARD'), 'raw', OPTIONS)).map(({ fault }) => fault)).toEqual([
      expect.stringContaining(
        "its compatibility level is BACKWARD (the registry's own), not FULL_TRANSITIVE",
      ),
    ])
  })
})

test('versions of a subject that are not Avro are left out, and deleted ones', async () => {
  await using fake = await startFakeRegistry(({ path }) => {
    if (path === '/subjects/raw-value/versions') return { json: [1, 2, 3] }
    if (path.endsWith('/1')) return { json: { version: 1, id: 5, schemaType: 'JSON', schema: '{}' } }
    if (path.endsWith('/3')) return { json: { version: 3, id: 7, schemaType: 'AVRO', schema: '"string"' } }
    return { status: 404, json: { error_code: 40402, message: 'Version not found' } }
  })
  const server = openServer({ ...registryConfig.parse({ url: fake.url }), url: fake.url })
  expect(await server.versions('raw-value')).toEqual([{ version: 3, id: 7, schema: '"string"' }])
})
