import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCodec } from '@sluicebox/event/codec'
import { STREAMS, type RawRecord } from '@sluicebox/event/records'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { contentId, folderCodec, SCHEMAS_DIR, schemaVersions } from './folder.ts'

const current = readFileSync(join(SCHEMAS_DIR, 'avro/raw.avsc'), 'utf8')
const without = (field: string): string => {
  const schema = JSON.parse(current) as { fields: { name: string }[] }
  return JSON.stringify({ ...schema, fields: schema.fields.filter(({ name }) => name !== field) })
}

describe('the id of a schema', () => {
  test('does not depend on how the file is laid out', () => {
    expect(contentId('{ "type":\n"int" }')).toBe(contentId('{"type":"int"}'))
  })

  test('is a positive number of 31 bits, another for each stream', () => {
    const ids = STREAMS.map(stream => folderCodec(stream).schemaId)
    expect(new Set(ids).size).toBe(STREAMS.length)
    for (const id of ids) expect(id).toBeGreaterThanOrEqual(0)
    for (const id of ids) expect(id).toBeLessThan(2 ** 31)
  })

  test('stays what it is: stored records carry it', () => {
    expect(contentId('{"type":"record","name":"A","fields":[]}')).toBe(1_904_584_073)
  })
})

describe('a folder with earlier versions', () => {
  let dir: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'avro-'))
    mkdirSync(join(dir, 'avro/versions'), { recursive: true })
    writeFileSync(join(dir, 'avro/raw.avsc'), current)
    writeFileSync(join(dir, 'avro/versions/raw-1.avsc'), without('retry_of'))
    writeFileSync(join(dir, 'avro/versions/raw-10.avsc'), current)
    writeFileSync(join(dir, 'avro/versions/raw-2.avsc'), without('privacy'))
    writeFileSync(join(dir, 'avro/versions/good-1.avsc'), '{}')
    writeFileSync(join(dir, 'avro/versions/README.md'), '')
  })
  afterEach(() => {
    rmSync(dir, { recursive: true })
  })

  test('lists those of a stream in the order of their numbers', () => {
    expect(schemaVersions('raw', dir).map(({ version }) => version)).toEqual([1, 2, 10])
  })

  test('reads what was written with any of them', () => {
    const codec = folderCodec('raw', { dir })
    for (const field of ['retry_of', 'privacy']) {
      const old = without(field)
      const bytes = createCodec<Partial<RawRecord>>(old, contentId(old)).encode({ path: '/i' })
      expect(codec.decode(bytes)).toMatchObject({ path: '/i', retry_of: null, privacy: 'none' })
    }
  })

  test('reads them projected too', () => {
    const old = without('retry_of')
    const bytes = createCodec<Partial<RawRecord>>(old, contentId(old)).encode({ path: '/i' })
    expect(folderCodec('raw', { dir, project: ['path', 'retry_of'] }).decode(bytes)).toEqual({
      path: '/i',
      retry_of: null,
    })
  })

  test('says so when a record has none of them', () => {
    const bytes = createCodec<Partial<RawRecord>>(without('ip'), 12).encode({ path: '/i' })
    expect(folderCodec('raw', { dir }).decode(bytes)).toEqual({ missing: 12 })
  })
})

test('a folder without versions has the current schema only', () => {
  const dir = mkdtempSync(join(tmpdir(), 'avro-'))
  mkdirSync(join(dir, 'avro'))
  writeFileSync(join(dir, 'avro/raw.avsc'), current)
  expect(schemaVersions('raw', dir)).toEqual([])
  expect(folderCodec('raw', { dir }).schemaId).toBe(contentId(current))
  rmSync(dir, { recursive: true })
})
