import { createCodec, isMissingSchema } from '@sluicebox/event/codec'
import { expect, test } from 'vitest'
import { createLearningDecoder, createRecordReader } from './record-reader.ts'

interface Word {
  readonly word: string
}

const schemaOf = (...fields: object[]): string => JSON.stringify({ type: 'record', name: 'Word', fields })
const OWN = schemaOf({ name: 'word', type: 'string', default: '' })
const OTHER = schemaOf({ name: 'word', type: 'string', default: '' }, { name: 'more', type: 'int' })
const NUMBER = schemaOf({ name: 'word', type: 'int' })

const ours = createCodec<Word>(OWN, 1).encode({ word: 'own' })
const theirs = createCodec<Word & { more: number }>(OTHER, 2).encode({ word: 'other', more: 7 })

/** A registry that counts what it is asked for. */
function registry(schemas: Readonly<Record<number, string>>) {
  const asked: number[] = []
  const fetchSchema = async (id: number): Promise<string | undefined> => {
    asked.push(id)
    return schemas[id]
  }
  return { asked, fetchSchema }
}

test('reads what was written with another schema, and asks for it once', async () => {
  const { asked, fetchSchema } = registry({ 2: OTHER })
  const read = createRecordReader(createCodec<Word>(OWN, 1), fetchSchema)
  expect(await read(ours)).toEqual({ record: { word: 'own' } })
  expect(await read(theirs)).toEqual({ record: { word: 'other' } })
  expect(await read(theirs)).toEqual({ record: { word: 'other' } })
  expect(asked).toEqual([2])
})

test.each([
  ['is in no registry', {}, 'schema 2, which is not known here'],
  ['is that of something else', { 2: NUMBER }, 'schema 2, which is not known here'],
])('says what is unreadable: its schema %s', async (_what, schemas, problem) => {
  const { asked, fetchSchema } = registry(schemas)
  const read = createRecordReader(createCodec<Word>(OWN, 1), fetchSchema)
  for (let i = 0; i < 3; i++)
    expect(await read(theirs)).toEqual({ problem: expect.stringContaining(problem) as string })
  expect(asked).toEqual([2])
})

test('says what is not a record at all', async () => {
  const read = createRecordReader(createCodec<Word>(OWN, 1))
  expect(await read(Buffer.from('nonsense'))).toEqual({
    problem: expect.stringContaining('Confluent') as string,
  })
})

test('rejects while the registry is down, and reads the record afterwards', async () => {
  let isUp = false
  const read = createRecordReader(createCodec<Word>(OWN, 1), async () => {
    if (!isUp) throw new Error('the registry is down')
    return OTHER
  })
  await expect(read(theirs)).rejects.toThrow('the registry is down')
  isUp = true
  expect(await read(theirs)).toEqual({ record: { word: 'other' } })
})

test('a record of an unknown schema is decoded at the next look, also after an outage', async () => {
  let isUp = false
  const { decode } = createLearningDecoder(createCodec<Word>(OWN, 1), async () => {
    if (!isUp) throw new Error('the registry is down')
    return OTHER
  })
  const look = async () => {
    const decoded = decode(theirs)
    await new Promise(resolve => setImmediate(resolve))
    return isMissingSchema(decoded) ? 'missing' : decoded.word
  }
  expect([await look(), await look()]).toEqual(['missing', 'missing'])
  isUp = true
  expect([await look(), await look()]).toEqual(['missing', 'other'])
})
