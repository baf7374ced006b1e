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
import { StoreError, type Store } from '@sluicebox/store/store'
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

/** Wakes a partition that waits for records, so that it checks whether its open object can be closed. */
export interface Wakeups {
  /** Reports a record that the log appended at this instant, by the log's clock. */
  seen(appendedAt: number): void
  /** The latest of these instants, less the difference that the clocks of a log's servers may have. */
  readonly logTime: number
  /** Position up to which a drain waits for the partition; undefined without a drain. */
  target(place: Place): bigint | undefined
  /** Reports that the target is reached. */
  archived(place: Place): void
  /** Resolves at the next wake-up. */
  readonly next: Promise<void>
}

export interface PartitionParts {
  readonly log: Log
  readonly store: Store
  readonly schemas: StreamSchemas
  readonly config: ArchiverConfig
  readonly metrics: ArchiverMetrics
  readonly wakeups: Wakeups
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>
  /** Clock of waits. Default: the real one. */
  readonly world?: World | undefined
  readonly status: (status: PartitionStatus | undefined) => void
}

const ONE_RECORD = { recordsMax: 1, bytesMax: 1 }

/**
 * Archives a partition while this process owns it: every record of the log, object after object, without a gap.
 * Resolves when the process stops or loses the partition.
 */
export async function archivePartition(
  parts: PartitionParts,
  place: Place,
  owned: OwnedPartition,
): Promise<void> {
  const { log, config, wakeups } = parts
  const limits = { recordsMax: config.batchRecordsMax, bytesMax: config.batchBytesMax }
  const chain = await startChain(parts, place, owned)

  /**
   * Returns whether no record is left to read. Skips positions that the log uses for itself, such as ends of
   * transactions.
   */
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

  /** After another archiver's shorter object was adopted: reads the records behind its end again. */
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
    let wakeup: Promise<void> | undefined
    for (;;) {
      const target = wakeups.target(place)
      if (target !== undefined && (chain.position >= target || (await isAtEnd()))) {
        await closeEarly()
        if (chain.isClosed) wakeups.archived(place)
        continue
      }
      if (wakeup !== wakeups.next) {
        wakeup = wakeups.next
        if (chain.isSettled(wakeups.logTime) && (await isAtEnd())) await closeEarly()
      }
      const batch = await Promise.race([reading, wakeup.then(() => 'wakeup' as const)])
      if (batch === 'wakeup') continue
      if (batch === undefined) return
      await chain.add(batch)
      await readAgain(batch.next)
      reading = owned.next()
    }
  } catch (error) {
    // Another member owns the partition now, or this process was stopped while it waited for a schema. The next
    // owner reads the records of the open object from the log again.
    if (!(error instanceof FencedError) && error !== owned.signal.reason) throw error
  } finally {
    parts.status(undefined)
  }
}

interface Chain {
  /** Whether no object is open. */
  readonly isClosed: boolean
  /** Every record below this position is in an object, or in the open one. */
  readonly position: bigint
  /** Adds the batch's records from `position` on. Stops before the batch's end where another archiver was first. */
  add(batch: Batch): Promise<void>
  /** Moves `position` to here: there are no records in between. */
  pass(to: bigint): void
  /** Closes the open object here. Does nothing without one. */
  close(): Promise<void>
  /** Whether the open object would end before any record that the log appends at this instant. */
  isSettled(appendedAt: number): boolean
}

/** Waiting helps only against a store that can't write at the moment. */
const mustEnd = (error: unknown): boolean => !(error instanceof StoreError)

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

  /** Closes the open object. `end`: every record below it is in this object, or in those before it. */
  async function close(end: bigint): Promise<void> {
    if (open === undefined) return
    const name = { ...place, start: mark }
    const key = objectKey(name, open.first.collectedAt)
    const summary = open.summary.summary()
    const facts = { ...name, end, records: summary.records, schemaId: schemas.id }
    const bytes = await open.writer.finish(facts)

    // First the object, then its entry, then the group's position. After a crash in between, the next owner repeats
    // the rest: it finds the object under its key, as it does when another archiver was faster.
    const outcome = await patiently('the archive', () => store.create(key, bytes), mustEnd)
    let entry: ManifestEntry
    if (outcome === 'created') {
      entry = entryOf(key, bytes, facts, summary)
      const made = entry
      await patiently('the archive', () => writeEntry(store, made), mustEnd)
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

  /** Adds records to the open object and to the next ones. Returns false where an object ended elsewhere than planned,
   * because another archiver had created it. */
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
      parts.wakeups.seen(latest(records))
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
