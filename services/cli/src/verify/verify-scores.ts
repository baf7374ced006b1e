import {
  ArchiveFault,
  listArchive,
  readBad,
  readGood,
  readRaw,
  readScored,
  toBatch,
  type Rows,
} from '@sluicebox/archiver/manifests/read'
import { usedFiles } from '@sluicebox/enricher/files/maker'
import { isMissingSchema, type Codec } from '@sluicebox/event/codec'
import type { BadRecord, GoodRecord, RawRecord, ScoredRecord } from '@sluicebox/event/records'
import type { Store } from '@sluicebox/store/store'
import type { Batch, OutputRecord } from '@sluicebox/stream/log'
import type { Stage } from '@sluicebox/stream/driver/stage'
import { createComparison, NOTHING, type Counts, type Difference } from './compare.ts'
import type { Enrichers } from './enrichers.ts'
import { readMakers } from './makers.ts'
import type { Archived, Sourced } from './merge.ts'
import { processResolved } from './replay.ts'

export interface VerifyParts<EnricherState, ScorerState> {
  readonly store: Store
  readonly enrichers: Enrichers<EnricherState>
  /** The scorer of each bundle, by the id of the bundle. */
  readonly scorers: ReadonlyMap<string, Stage<ScorerState, 'scored' | 'bad'>>
  /** The codecs of the stages, except `good`, which reads all fields. */
  readonly codecs: {
    readonly raw: Codec<RawRecord>
    readonly good: Codec<GoodRecord>
    readonly bad: Codec<BadRecord>
    readonly scored: Codec<ScoredRecord>
  }
  /** Fetches what a stage reports as unresolved, as the driver does. */
  readonly resolve?: (refs: readonly string[]) => Promise<void>
  readonly onProgress?: (done: { records: number; of: number }) => void
}

/** The counts at the top are those of scores. */
export interface VerifyReport extends Counts {
  /** Sessions whose first score is the same when it is computed again. */
  readonly sessions: number
  /** Scores in the archive. */
  readonly scores: number
  /** The step before, from raw to good and bad, compared in the same way. */
  readonly events: Counts
  /** Archived events whose files were not kept, by file. They were not compared. */
  readonly otherFiles: Readonly<Record<string, number>>
  /** Archived scores of bundles without a scorer, by bundle. They were not compared. */
  readonly otherBundles: Readonly<Record<string, number>>
  /** Examples of differences, at most as many as a person reads. */
  readonly differences: readonly Difference[]
}

/**
 * Fields that name the software that made a record. They are not compared, because another version may make the same
 * record.
 */
const MAKERS = new Set(['enricher', 'processor'])

/**
 * Computes every archived score again and compares it bit for bit. Archived raw goes through the enricher, with the
 * files that enriched it, and must give the archived good and bad; archived good goes through the scorers and must give
 * the archived scores. The scorers read archived good rather than what the enricher gave, because only the archive has
 * the positions that scores contain.
 */
export async function verifyScores<EnricherState, ScorerState>(
  parts: VerifyParts<EnricherState, ScorerState>,
): Promise<VerifyReport> {
  const { store, codecs, enrichers, scorers, resolve } = parts
  const plan = await readPlan(store)
  const differences: Difference[] = []
  const otherBundles: Record<string, number> = {}
  const otherFiles: Record<string, number> = {}
  let events = NOTHING
  let scores = NOTHING
  let sessions = 0
  let records = 0

  function progress(batch: Batch): void {
    records += batch.records.length
    parts.onProgress?.({ records, of: plan.records })
  }

  /** Whether a record can be made again. If it can't, counts it by what is missing. */
  async function isRepeatable(maker: string): Promise<boolean> {
    const lacking = await enrichers.lacking(usedFiles(maker))
    for (const file of lacking) otherFiles[file] = (otherFiles[file] ?? 0) + 1
    return lacking.length === 0
  }

  async function verifyEvents(source: number): Promise<void> {
    // Events of one request leave in the order of their time.
    const common = { differences, ignored: MAKERS, idOf: idOfEvent, isByIndex: false }
    const good = createComparison<GoodRecord>({
      ...common,
      what: 'good',
      archived: archivedFrom(
        source,
        plan.goodBySource,
        partition => readGood(store, { partition, source }),
        record => isRepeatable(record.enricher),
      ),
    })
    const bad = createComparison<BadRecord>({
      ...common,
      what: 'bad',
      archived: archivedFrom(
        source,
        plan.badBySource,
        partition => readBad(store, { partition, source }),
        async record => record.stage === 'enricher' && (await isRepeatable(record.processor)),
      ),
    })
    const split = await readMakers(store, {
      source,
      good: plan.goodBySource.get(source) ?? [],
      bad: plan.badBySource.get(source) ?? [],
    })
    for await (const batch of readRaw(store, { partition: source, codec: codecs.raw })) {
      for (const part of split(batch)) {
        if ((await enrichers.lacking(part.used)).length > 0) continue
        const enricher = await enrichers.get(part.used)
        const out = await processResolved(enricher, enricher.start(source), part.batch, resolve)
        for (const record of decode(out.good, codecs.good)) await good.offer([record])
        for (const record of decode(out.bad, codecs.bad)) await bad.offer([record])
      }
      progress(batch)
    }
    events = sum(sum(events, await good.finish()), await bad.finish())
  }

  async function verifyScored(source: number): Promise<void> {
    const comparison = createComparison<ScoredRecord>({
      what: 'scored',
      differences,
      idOf: record => record.score_id,
      isByIndex: true,
      variantOf: record => record.bundle_id,
      archived: archivedFrom(source, plan.scoredBySource, partition =>
        readScored(store, { partition, source }),
      ),
      onMatch: ({ n }) => void (sessions += n === 1 ? 1 : 0),
      onOtherVariant: id => void (otherBundles[id] = (otherBundles[id] ?? 0) + 1),
      variants: new Set(scorers.keys()),
    })
    const running = [...scorers.values()].map(stage => ({ stage, state: stage.start(source) }))
    for await (const rows of readGood(store, { partition: source })) {
      const batch = toBatch('good', rows, codecs.good)
      const computed = []
      for (const { stage, state } of running)
        computed.push(decode((await processResolved(stage, state, batch, resolve)).scored, codecs.scored))
      for (const alternatives of zip(computed)) await comparison.offer(alternatives)
      progress(batch)
    }
    scores = sum(scores, await comparison.finish())
  }

  /** Counts an unreadable object as a difference, and still verifies the other partitions. */
  async function verifyEach(
    sources: Iterable<number>,
    verify: (source: number) => Promise<void>,
  ): Promise<void> {
    for (const source of sources) {
      try {
        await verify(source)
      } catch (error) {
        if (!(error instanceof ArchiveFault)) throw error
        scores = sum(scores, { ...NOTHING, unreadable: 1 })
        differences.push({ kind: 'unreadable', what: 'archive', id: '', message: error.message })
      }
    }
  }

  await verifyEach(plan.rawPartitions, verifyEvents)
  await verifyEach(plan.goodPartitions, verifyScored)
  return { ...scores, sessions, scores: plan.scores, events, otherBundles, otherFiles, differences }
}

/** Returns which partition was made from which, and the number of records. */
interface Plan {
  readonly rawPartitions: ReadonlySet<number>
  readonly goodPartitions: ReadonlySet<number>
  readonly goodBySource: ReadonlyMap<number, ReadonlySet<number>>
  readonly badBySource: ReadonlyMap<number, ReadonlySet<number>>
  readonly scoredBySource: ReadonlyMap<number, ReadonlySet<number>>
  /** Records that go through a stage. */
  readonly records: number
  readonly scores: number
}

async function readPlan(store: Store): Promise<Plan> {
  const partitions = { raw: new Set<number>(), good: new Set<number>() }
  const bySource = { raw: targets(), good: targets(), bad: targets(), scored: targets() }
  const records = { raw: 0, good: 0, bad: 0, scored: 0 }
  for await (const entry of listArchive(store)) {
    const { stream, partition } = entry
    records[stream] += entry.records
    if (stream === 'raw' || stream === 'good') partitions[stream].add(partition)
    for (const source of entry.sources) {
      const found = bySource[stream].get(source) ?? new Set()
      bySource[stream].set(source, found.add(partition))
    }
  }
  return {
    rawPartitions: partitions.raw,
    goodPartitions: partitions.good,
    goodBySource: bySource.good,
    badBySource: bySource.bad,
    scoredBySource: bySource.scored,
    records: records.raw + records.good,
    scores: records.scored,
  }
}

function targets(): Map<number, Set<number>> {
  return new Map()
}

type ReadPartition<T> = (partition: number) => AsyncIterable<Rows<T>>

/** The archived records that were made from `source`, by the partition that they are in. */
function archivedFrom<T>(
  source: number,
  targetsBySource: ReadonlyMap<number, ReadonlySet<number>>,
  read: ReadPartition<T>,
  isWanted: (record: T) => Promise<boolean> | boolean = () => true,
): Archived<T>[] {
  return [...(targetsBySource.get(source) ?? [])].map(partition => eachRecord(read(partition), isWanted))
}

async function* eachRecord<T>(
  rows: AsyncIterable<Rows<T>>,
  isWanted: (record: T) => Promise<boolean> | boolean,
): Archived<T> {
  for await (const { partition, records, fieldNames } of rows)
    for (const { record, position } of records)
      if (await isWanted(record))
        yield { record, fieldNames, place: `partition ${partition}, position ${position}` }
}

function decode<T extends object>(records: readonly OutputRecord[], codec: Codec<T>): T[] {
  return records.map(({ value }) => {
    const record = codec.decode(value)
    if (isMissingSchema(record))
      throw new Error(
        `a stage wrote a record with schema ${record.missing}, which its own codec does not know`,
      )
    return record
  })
}

/** The scores of several scorers, those of the same event side by side. */
function zip(computed: readonly (readonly ScoredRecord[])[]): Iterable<ScoredRecord[]> {
  const [only] = computed
  if (only !== undefined && computed.length === 1) return only.map(record => [record])
  const byEvent = Map.groupBy(computed.flat(), idOfEvent)
  return [...byEvent.values()].sort((a, b) => comparePositions(a[0] as ScoredRecord, b[0] as ScoredRecord))
}

function comparePositions(a: Sourced, b: Sourced): number {
  const order = BigInt(a.source_position) - BigInt(b.source_position)
  return order === 0n ? a.source_index - b.source_index : order < 0n ? -1 : 1
}

function idOfEvent({ source_position, source_index }: Sourced): string {
  return `${source_position}/${source_index}`
}

function sum(a: Counts, b: Counts): Counts {
  const names = Object.keys(NOTHING) as (keyof Counts)[]
  return Object.fromEntries(names.map(name => [name, a[name] + b[name]])) as unknown as Counts
}
