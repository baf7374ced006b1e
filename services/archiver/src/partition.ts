import {
  FencedError,
  type Batch,
  type InputRecord,
  type Log,
  type OwnedPartition,
} from '@sluicebox/stream/log'
import type { Logger } from '@sluicebox/runtime/log'
import { createPatience } from '@sluicebox/service/patience'
import type { World } from '@sluicebox/stream/driver/world'
import type { Store } from '@sluicebox/store/store'
import { createAvroWriter } from './objects/avro-object.ts'
import { adopt, findChainEnd, type Place } from './manifests/chain.ts'
import type { ArchiverConfig } from './config.ts'
import { createCut, type Cut } from './cut.ts'
import { createDecode, type DecodedRecord } from './objects/decode.ts'
import { entryOf, writeEntry, type ManifestEntry } from './manifests/manifest.ts'
import type { ArchiverMetrics, PartitionStatus } from './metrics.ts'
import { createSummary, type ObjectWriter, type SummaryBuilder } from './objects/object.ts'
import { extensionOf, objectKey } from './objects/object-key.ts'
import { createParquetWriter } from './objects/parquet-object.ts'
import type { StreamSchemas } from './schemas.ts'

/** What tells a partition, while it waits for records, to look whether its open object can be closed. */
export interface Occasions {
  /** The log took a record at this instant, by its own clock. */
  seen(appendedAt: number): void
  /** The latest of these instants, less what the clocks of a log's servers may differ by. */
  readonly logTime: number
  /** Up to where a drain wants the partition archived; undefined while none does. */
  target(place: Place): bigint | undefined
  archived(place: Place): void
  /** Resolves at the next occasion. */
  readonly next: Promise<void>
}

export interface PartitionParts {
  readonly log: Log
  readonly store: Store
  readonly schemas: StreamSchemas
  readonly config: ArchiverConfig
  readonly metrics: ArchiverMetrics
  readonly occasions: Occasions
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>
  /** The clock of waits. */
  readonly world?: World | undefined
  readonly status: (status: PartitionStatus | undefined) => void
}

const ONE_RECORD = { recordsMax: 1, bytesMax: 1 }

/** Archives a partition while this process owns it: the records of the log, object after object, gapless. */
export async function archivePartition(
  parts: PartitionParts,
  place: Place,
  owned: OwnedPartition,
): Promise<void> {
  const { log, config, occasions } = parts
  const limits = { recordsMax: config.batchRecordsMax, bytesMax: config.batchBytesMax }
  const chain = await startChain(parts, place, owned)

  /** Whether no record is left to read. Goes past what the log keeps for itself, such as the ends of transactions. */
  async function isAtEnd(): Promise<boolean> {
    const { stream, partition } = place
    const end = (await log.bounds(stream))[partition]?.end ?? 0n
    while (chain.position < end) {
      const { records, next } = await log.read(stream, partition, chain.position, ONE_RECORD)
      if (records.length > 0 || next <= chain.position) return false
      chain.pass(next)
    }
    return true
  }

  /** After another archiver's shorter object: the records behind it that were in ours. */
  async function readAgain(to: bigint): Promise<void> {
    while (chain.position < to)
      await chain.add(await log.read(place.stream, place.partition, chain.position, limits))
  }

  async function closeEarly(): Promise<void> {
    const { position } = chain
    await chain.close()
    await readAgain(position)
  }

  try {
    owned.seek(chain.position)
    let reading = owned.next()
    let occasion: Promise<void> | undefined
    for (;;) {
      const target = occasions.target(place)
      if (target !== undefined && (chain.position >= target || (await isAtEnd()))) {
        await closeEarly()
        if (chain.isClosed) occasions.archived(place)
        continue
      }
      if (occasion !== occasions.next) {
        occasion = occasions.next
        if (chain.isSettled(occasions.logTime) && (await isAtEnd())) await closeEarly()
      }
      const batch = await Promise.race([reading, occasion.then(() => 'occasion' as const)])
      if (batch === 'occasion') continue
      if (batch === undefined) return
      await chain.add(batch)
      await readAgain(batch.next)
      reading = owned.next()
    }
  } catch (error) {
    // Another process archives the partition by now, or this one was told to stop while it waited for a schema. What was
    // open here is read from the log again.
    if (!(error instanceof FencedError) && error !== owned.signal.reason) throw error
  } finally {
    parts.status(undefined)
  }
}

interface Chain {
  /** Whether no object is open. */
  readonly isClosed: boolean
  /** Everything below is in an object, or in the open one. */
  readonly position: bigint
  /** Takes the records from `position` on. Stops short of the batch's end where another archiver was first. */
  add(batch: Batch): Promise<void>
  /** Says that there is no record from `position` up to here. */
  pass(to: bigint): void
  /** Ends the open object here, if there is anything in it. */
  close(): Promise<void>
  /** Whether the open object would end before any record that the log takes at this instant. */
  isSettled(appendedAt: number): boolean
}

interface OpenObject {
  readonly writer: ObjectWriter
  readonly cut: Cut
  readonly summary: SummaryBuilder
  readonly first: DecodedRecord
}

async function startChain(parts: PartitionParts, place: Place, owned: OwnedPartition): Promise<Chain> {
  const { store, schemas, config, metrics, logger } = parts
  const { stream, partition } = place
  const isAvro = extensionOf(stream) === 'avro'
  const patiently = createPatience({
    logger,
    signal: owned.signal,
    ...(parts.world && { world: parts.world }),
  })
  const lookup = (id: number): Promise<string | undefined> =>
    patiently('the schema registry', () => schemas.lookup(id))
  const decode = createDecode({ ...schemas, lookup }, isAvro ? ['collected_at'] : undefined)

  const found = await findChainEnd(store, parts.log, place)
  if (found.lost > 0n) {
    metrics.lost(stream, found.lost)
    logger.error(
      { ...place, positions: String(found.lost), before: String(found.mark) },
      'the log removed records before they were archived: they are lost; let the log keep records for longer',
    )
  }
  let mark = found.mark
  let position = mark
  let open: OpenObject | undefined
  report()

  function report(): void {
    parts.status({
      ...place,
      mark: open === undefined ? position : mark,
      waitingSince: open?.first.record.appendedAt,
    })
  }

  function start(first: DecodedRecord): OpenObject {
    const writer = isAvro
      ? createAvroWriter(schemas.text, partition)
      : createParquetWriter(schemas.text, partition, config.rowsPerGroup)
    return { writer, cut: createCut(config), summary: createSummary(), first }
  }

  /** `end`: every record below it is in the open object, or in those before it. */
  async function close(end: bigint): Promise<void> {
    if (open === undefined) return
    const name = { ...place, start: mark }
    const key = objectKey(name, open.first.collectedAt)
    const summary = open.summary.summary()
    const facts = { ...name, end, records: summary.records, schemaId: schemas.id }
    const bytes = await open.writer.finish(facts)

    // First the object, then its entry, then the group's position. A crash between them repeats what is left: the
    // object is there already then, as it is when another archiver was faster.
    const outcome = await store.create(key, bytes)
    let entry: ManifestEntry
    if (outcome === 'created') {
      entry = entryOf(key, bytes, facts, summary)
      await writeEntry(store, entry)
    } else entry = await adopt(store, key, name)

    if (entry.end !== end) position = entry.end
    mark = entry.end
    open = undefined
    metrics.archived(stream, entry, outcome === 'created' ? 'created' : 'adopted')
    report()
    await owned.commit({}, mark)
    logger.info(
      { key, outcome, records: entry.records, bytes: entry.bytes, end: String(entry.end) },
      'archived an object',
    )
  }

  /** Puts records into the open object, and into the next ones. Answers false where one did not end as planned. */
  async function put(records: readonly DecodedRecord[]): Promise<boolean> {
    let from = 0
    for (const [i, decoded] of records.entries()) {
      const { position: at, appendedAt, value } = decoded.record
      const measured = { ...decoded, position: at, appendedAt, bytes: value.length }
      if (open?.cut.isBefore(measured)) {
        await open.writer.add(records.slice(from, i))
        from = i
        await close(at)
        if (mark !== at) return false
      }
      open ??= start(decoded)
      open.cut.add(measured)
      open.summary.add(measured)
    }
    await open?.writer.add(records.slice(from))
    return true
  }

  return {
    get isClosed() {
      return open === undefined
    },
    get position() {
      return position
    },
    async add(batch) {
      const records = batch.records.filter(record => record.position >= position)
      const decoded = await decode(records)
      metrics.unreadable(stream, decoded.filter(({ foreign }) => foreign?.text === null).length)
      if (!(await put(decoded))) return
      if (batch.next > position) position = batch.next
      parts.occasions.seen(latest(records))
      report()
    },
    pass(to) {
      if (to > position) position = to
      report()
    },
    close: () => close(position),
    isSettled: appendedAt => open?.cut.isSettled(appendedAt) ?? false,
  }
}

function latest(records: readonly InputRecord[]): number {
  return records.at(-1)?.appendedAt ?? 0
}
