import { createHash } from 'node:crypto'
import type { StreamName } from '@sluicebox/event/records'
import type { DecodedRecord, Fields } from './decode.ts'
import type { ObjectStart } from './object-key.ts'

/** Builds the bytes of one object. The same records under the same key give the same bytes. */
export interface ObjectWriter {
  add(records: readonly DecodedRecord[]): Promise<void>
  /** Returns the whole object. The last call on a writer. */
  finish(facts: ObjectFacts): Promise<Uint8Array>
}

/** The schemas of records that were written with another schema, collected while they are added. */
export function collectForeign(records: readonly DecodedRecord[], into: Map<number, string>): void {
  for (const { foreign } of records) if (foreign?.text) into.set(foreign.id, foreign.text)
}

/** What an object's own metadata says, in both formats. */
export interface ObjectFacts extends ObjectStart {
  /** Where the next object begins: every record below is in this one or in those before it. */
  readonly end: bigint
  readonly records: number
  readonly schemaId: number
}

/** Columns that every object has besides the fields of its stream's schema. */
export const LOG_FIELDS = [
  { name: 'partition', type: 'int', doc: 'Partition of the log that held the record.' },
  { name: 'position', type: 'string', doc: 'Its position there, as a decimal number.' },
  { name: 'key', type: ['null', 'string'], default: null, doc: 'Its key.' },
  {
    name: 'appended_at',
    type: { type: 'long', logicalType: 'timestamp-millis' },
    doc: 'When the log took it, by the clock of the log.',
  },
  {
    name: 'framed',
    type: ['null', 'bytes'],
    default: null,
    doc: 'The whole record as the log held it, where the fields below do not hold all of it: it was written with another schema, or is not a record of this stream. Else null.',
  },
] as const

const LOG_FIELD_NAMES = new Set<string>(LOG_FIELDS.map(field => field.name))

/** A stream's Avro schema with the columns of the log before its own: the schema of an archived record. */
export function archivedSchema(schema: string): Record<string, unknown> {
  const record = JSON.parse(schema) as { fields: { name: string }[] }
  const taken = record.fields.find(field => LOG_FIELD_NAMES.has(field.name))
  if (taken !== undefined)
    throw new Error(
      `the schema has a field "${taken.name}", which is a column of every archived object; give the field another name`,
    )
  return { ...record, fields: [...LOG_FIELDS, ...record.fields] }
}

/** The stream's own schema again. */
export function streamSchema(archived: string): string {
  const record = JSON.parse(archived) as { fields: { name: string }[] }
  return JSON.stringify({ ...record, fields: record.fields.filter(({ name }) => !LOG_FIELD_NAMES.has(name)) })
}

const PREFIX = 'sluicebox.'

/** Encodes what the object says about itself. `foreign`: the schemas of records written with another schema. */
export function toMetadata(facts: ObjectFacts, foreign: ReadonlyMap<number, string>): Record<string, string> {
  return {
    [`${PREFIX}stream`]: facts.stream,
    [`${PREFIX}partition`]: String(facts.partition),
    [`${PREFIX}start`]: String(facts.start),
    [`${PREFIX}end`]: String(facts.end),
    [`${PREFIX}records`]: String(facts.records),
    [`${PREFIX}schema_id`]: String(facts.schemaId),
    ...(foreign.size > 0 ? { [`${PREFIX}schemas`]: JSON.stringify(Object.fromEntries(foreign)) } : {}),
  }
}

/** The schemas of the records that were written with another schema than the object, as far as they were known. */
export function foreignFromMetadata(metadata: ReadonlyMap<string, string>): Map<number, string> {
  const texts = JSON.parse(metadata.get(`${PREFIX}schemas`) ?? '{}') as Record<string, string>
  return new Map(Object.entries(texts).map(([id, text]) => [Number(id), text]))
}

/** Throws when something is missing. */
export function factsFromMetadata(metadata: ReadonlyMap<string, string>): ObjectFacts {
  function value(name: string): string {
    const found = metadata.get(PREFIX + name)
    if (found === undefined) throw new Error(`its metadata lack ${PREFIX}${name}`)
    return found
  }
  return {
    stream: value('stream') as StreamName,
    partition: Number(value('partition')),
    start: BigInt(value('start')),
    end: BigInt(value('end')),
    records: Number(value('records')),
    schemaId: Number(value('schema_id')),
  }
}

/** The facts about an object's records that the manifest holds. */
export interface Summary {
  readonly records: number
  readonly collectedAtMin: number
  readonly collectedAtMax: number
  readonly lastAppendedAt: number
  /** Position of its last record. Between it and the end of the object there are at most markers of the log's own. */
  readonly lastPosition: bigint
  /** Partitions of the stream that these records were made from, in order. Empty for raw. */
  readonly sources: readonly number[]
}

export interface SummaryBuilder {
  add(record: { position: bigint; collectedAt: number; appendedAt: number; fields: Fields }): void
  summary(): Summary
}

export function createSummary(): SummaryBuilder {
  let records = 0
  let collectedAtMin = Infinity
  let collectedAtMax = -Infinity
  let lastAppendedAt = 0
  let lastPosition = 0n
  const sources = new Set<number>()
  return {
    add({ position, collectedAt, appendedAt, fields }) {
      records++
      collectedAtMin = Math.min(collectedAtMin, collectedAt)
      collectedAtMax = Math.max(collectedAtMax, collectedAt)
      lastAppendedAt = appendedAt
      lastPosition = position
      const source = fields['source_partition']
      if (typeof source === 'number') sources.add(source)
    },
    summary: () => ({
      records,
      collectedAtMin,
      collectedAtMax,
      lastAppendedAt,
      lastPosition,
      sources: [...sources].sort((a, b) => a - b),
    }),
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
