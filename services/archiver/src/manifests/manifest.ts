import type { StreamName } from '@sluicebox/event/records'
import type { Store } from '@sluicebox/store/store'
import { z } from 'zod'
import { openAvroObject } from '../objects/avro-object.ts'
import { collectedTime } from '../objects/decode.ts'
import { createSummary, sha256, type ObjectFacts, type Summary } from '../objects/object.ts'
import {
  extensionOf,
  manifestKey,
  manifestPrefix,
  parseManifestKey,
  parseObjectKey,
} from '../objects/object-key.ts'
import { openParquetObject } from '../objects/parquet-object.ts'

// One small JSON object beside each archived object, written after it and never changed. Everything in it can be
// read from the object itself, so a lost entry can be made again, and a crash between the two loses nothing.

/** The manifest's entry for one object. */
export interface ManifestEntry extends ObjectFacts, Summary {
  readonly key: string
  readonly bytes: number
  readonly sha256: string
}

const position = z
  .string()
  .regex(/^\d+$/)
  .transform(text => BigInt(text))

const storedEntry = z.object({
  key: z.string(),
  stream: z.enum(['raw', 'good', 'bad', 'scored']),
  partition: z.number().int(),
  start: position,
  end: position,
  records: z.number().int(),
  bytes: z.number().int(),
  sha256: z.string(),
  schemaId: z.number().int(),
  collectedAtMin: z.number(),
  collectedAtMax: z.number(),
  lastAppendedAt: z.number(),
  lastPosition: position.optional(),
  sources: z.array(z.number().int()),
})

// Entries from earlier versions lack it. Every log had a record at every position then.
const entrySchema = storedEntry.transform((entry): ManifestEntry => ({
  ...entry,
  lastPosition: entry.lastPosition ?? entry.end - 1n,
}))

/** Encodes an entry. The same object always gives the same bytes. */
export function encodeEntry(entry: ManifestEntry): Uint8Array {
  const ordered = Object.keys(storedEntry.shape).map(name => {
    const value = entry[name as keyof ManifestEntry]
    return [name, typeof value === 'bigint' ? String(value) : value]
  })
  return Buffer.from(`${JSON.stringify(Object.fromEntries(ordered), null, 2)}\n`)
}

export function decodeEntry(key: string, bytes: Uint8Array): ManifestEntry {
  try {
    return entrySchema.parse(JSON.parse(Buffer.from(bytes).toString()))
  } catch (error) {
    throw new Error(
      `${key} is not a manifest entry: ${(error as Error).message}. Delete it and let "sluicebox archive verify --repair" make it again`,
      { cause: error },
    )
  }
}

export function entryOf(key: string, bytes: Uint8Array, facts: ObjectFacts, summary: Summary): ManifestEntry {
  return { key, ...facts, ...summary, bytes: bytes.length, sha256: sha256(bytes) }
}

/** Writes the entry. An existing one is left alone: it was made from the same object. */
export async function writeEntry(store: Store, entry: ManifestEntry): Promise<void> {
  await store.create(manifestKey(entry), encodeEntry(entry))
}

export async function readEntry(store: Store, key: string): Promise<ManifestEntry | undefined> {
  const bytes = await store.get(key)
  return bytes === undefined ? undefined : decodeEntry(key, bytes)
}

/** Reads the whole object and returns what its manifest entry must hold. Throws when the object is damaged. */
export async function describeObject(key: string, bytes: Uint8Array): Promise<ManifestEntry> {
  const named = parseObjectKey(key)
  if (named === undefined) throw new Error(`its key is not the key of an archived object`)
  const { facts, summary } = extensionOf(named.stream) === 'avro' ? readAvro(bytes) : await readParquet(bytes)
  if (facts.stream !== named.stream || facts.partition !== named.partition || facts.start !== named.start)
    throw new Error(
      `its metadata say ${facts.stream}, partition ${facts.partition}, from position ${facts.start}, unlike its key`,
    )
  if (facts.records !== summary.records)
    throw new Error(`it holds ${summary.records} records, and its metadata say ${facts.records}`)
  return entryOf(key, bytes, facts, summary)
}

interface Described {
  readonly facts: ObjectFacts
  readonly summary: Summary
}

interface PlacedRecord {
  readonly partition: number
  readonly position: bigint
  readonly appendedAt: number
  readonly fields: Readonly<Record<string, unknown>>
}

function readAvro(bytes: Uint8Array): Described {
  const object = openAvroObject(bytes, ['collected_at'])
  const reading = startReading(object.facts)
  for (const block of object.blocks()) block.forEach(reading.add)
  return { facts: object.facts, summary: reading.summary() }
}

async function readParquet(bytes: Uint8Array): Promise<Described> {
  const object = openParquetObject(bytes)
  const reading = startReading(object.facts)
  for await (const group of object.groups()) group.forEach(reading.add)
  return { facts: object.facts, summary: reading.summary() }
}

function startReading(facts: ObjectFacts): { add(record: PlacedRecord): void; summary(): Summary } {
  const summary = createSummary()
  let next = facts.start
  return {
    add({ partition, position, appendedAt, fields }) {
      if (partition !== facts.partition || position < next || position >= facts.end)
        throw new Error(`it holds a record of partition ${partition}, position ${position}, out of order`)
      next = position + 1n
      summary.add({ position, collectedAt: collectedTime(fields, appendedAt), appendedAt, fields })
    },
    summary: summary.summary,
  }
}

/** The entries of a stream, or of one partition of it, in order of their positions within a partition. */
export async function* readManifest(
  store: Store,
  stream: StreamName,
  partition?: number,
): AsyncGenerator<ManifestEntry> {
  for (const { key } of await manifestKeys(store, stream, partition)) {
    const entry = await readEntry(store, key)
    if (entry !== undefined) yield entry
  }
}

/** The last entry of a partition: where its archive ends. */
export async function lastEntry(
  store: Store,
  stream: StreamName,
  partition: number,
): Promise<ManifestEntry | undefined> {
  const last = (await manifestKeys(store, stream, partition)).at(-1)
  return last === undefined ? undefined : readEntry(store, last.key)
}

/** Returns the keys of a manifest in the numeric order of partition and position; a store lists them as text. */
async function manifestKeys(
  store: Store,
  stream: StreamName,
  partition?: number,
): Promise<{ key: string; partition: number; start: bigint }[]> {
  const found = []
  for await (const { key } of store.list(manifestPrefix(stream, partition))) {
    const named = parseManifestKey(key)
    if (named !== undefined) found.push({ key, partition: named.partition, start: named.start })
  }
  return found.sort((a, b) => a.partition - b.partition || compare(a.start, b.start))
}

/** Order of positions. */
export function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
