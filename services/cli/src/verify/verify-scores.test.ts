import { describeObject, writeEntry, type ManifestEntry } from '@sluicebox/archiver/manifests/manifest'
import { manifestKey } from '@sluicebox/archiver/objects/object-key'
import { createParquetWriter, openParquetObject } from '@sluicebox/archiver/objects/parquet-object'
import { listArchive } from '@sluicebox/archiver/manifests/read'
import { run, tempStore } from '@sluicebox/archiver/testing/harness'
import { createMemoryLog, type MemoryLog } from '@sluicebox/stream/testing/memory-log'
import { decodeRecord, encodeRecord, schemas, T0 } from '@sluicebox/archiver/testing/records'
import { enricherConfig } from '@sluicebox/enricher/config'
import type { RawRecord, ScoredRecord, StreamName } from '@sluicebox/event/records'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import { policyOf, scorerConfig } from '@sluicebox/scorer/config'
import { createScorer } from '@sluicebox/scorer/scorer'
import { scoringBundle } from '@sluicebox/scorer/testing/fixtures'
import type { Store } from '@sluicebox/store/store'
import type { Batch, OutputRecord } from '@sluicebox/stream/log'
import { partitionOf } from '@sluicebox/stream/partitioner'
import type { Stage } from '@sluicebox/stream/driver/stage'
import { describe, expect, test } from 'vitest'
import { NOTHING } from './compare.ts'
import { openEnrichers } from './enrichers.ts'
import { createAbsence, enricherStage, processResolved } from './replay.ts'
import { verifyScores, type VerifyReport } from './verify-scores.ts'

// The stages here are small ones of the same shape as the real ones: several events from a raw record, not in the
// order of their indexes; a score for each event but the ten-th of a visitor, from a state that grows with each.

const CODECS = {
  raw: folderCodec('raw'),
  good: folderCodec('good'),
  bad: folderCodec('bad'),
  scored: folderCodec('scored'),
}

const enricher: Stage<null, 'good' | 'bad'> = {
  start: () => null,
  process(_state, { partition, records }) {
    const out: Record<'good' | 'bad', OutputRecord[]> = { good: [], bad: [] }
    for (const { key, value, position } of records) {
      const raw = CODECS.raw.decode(value) as RawRecord
      const source = {
        source_partition: partition,
        source_position: String(position),
        collected_at: raw.collected_at,
      }
      const events = Buffer.from(raw.body ?? [])
        .toString()
        .split(',')
      for (const [i, name] of [...events.entries()].reverse()) {
        const fields = { ...source, source_index: i, visitor: raw.visitor }
        if (name === 'nonsense')
          out.bad.push({ key, value: encodeRecord('bad', { ...fields, reason: name }) })
        else out.good.push({ key, value: encodeRecord('good', { ...fields, event_name: name }) })
      }
    }
    return out
  },
}

function scorer(bundle: string): Stage<Map<string, number>, 'scored' | 'bad'> {
  return {
    start: () => new Map(),
    process(counts, { partition, records }) {
      const scored = records.flatMap(({ key, value, position }) => {
        const { visitor, collected_at } = decodeRecord('good', value) as {
          visitor: string
          collected_at: number
        }
        const n = (counts.get(visitor) ?? 0) + 1
        counts.set(visitor, n)
        if (n % 10 === 0) return []
        const fields: Partial<Record<keyof ScoredRecord, unknown>> = {
          score_id: `${visitor} ${n} ${bundle}`,
          source_partition: partition,
          source_position: String(position),
          source_index: 0,
          session_id: visitor,
          visitor,
          n,
          collected_at,
          score: n % 2 === 0 ? -0 : n / 7,
          reasons: [{ feature: 'count', value: n, contribution: n % 2 === 0 ? -0 : 0 }],
          bundle_id: bundle,
        }
        return [{ key, value: encodeRecord('scored', fields) }]
      })
      return { scored, bad: [] }
    },
  }
}

const PARTITIONS = 2
const EVENTS = 240
const SCORES = EVENTS - EVENTS / 10
const WHOLE: Partial<VerifyReport> = {
  ...NOTHING,
  compared: SCORES,
  scores: SCORES,
  sessions: 8,
  differences: [],
}

describe('verifying scores', () => {
  test('finds every archived score as it is computed again', async () => {
    const seen: number[] = []
    const store = await archived()
    const report = await verify(store, { onProgress: ({ records, of }) => seen.push(records / of) })
    expect(report).toEqual({
      ...WHOLE,
      events: { ...NOTHING, compared: EVENTS + EVENTS / 3 },
      otherBundles: {},
      otherFiles: {},
    })
    expect(seen.at(-1)).toBe(1)
  })

  test('finds nothing wrong with an empty archive', async () => {
    expect(await verify(await tempStore())).toMatchObject({ ...NOTHING, scores: 0, sessions: 0 })
  })

  test('finds them too where the streams have different numbers of partitions', async () => {
    expect(await verify(await archived({ scoredPartitions: 1 }))).toMatchObject(WHOLE)
    expect(await verify(await archived({ goodPartitions: 1 }))).toMatchObject(WHOLE)
  })

  test.each([
    {
      field: 'score',
      value: flipLowestBit(1 / 7),
      says: 'score is 0.14285714285714288, computed 0.14285714285714285',
    },
    { field: 'score', value: null, says: 'score is null' },
    { field: 'revision', value: 2, says: 'revision is 2, computed 1' },
    { field: 'reasons', value: [{ feature: 'count', value: 1, contribution: -0 }], says: 'reasons' },
    { field: 'score_id', value: 'another', says: 'score_id is "another"' },
  ])('finds one score that is changed: $field', async ({ field, value, says }) => {
    const store = await archived()
    await rewrite(store, 'scored', records =>
      records.map(record =>
        record['n'] === 1 && record['visitor'] === 'v0' ? { ...record, [field]: value } : record,
      ),
    )
    const report = await verify(store)
    expect(report).toMatchObject({ ...NOTHING, compared: SCORES, differing: 1 })
    expect(report.differences).toEqual([expect.objectContaining({ kind: 'differs', what: 'scored' })])
    expect(report.differences[0]?.message).toContain(says)
  })

  test('finds the sign of a zero', async () => {
    const store = await archived()
    await rewrite(store, 'scored', records =>
      records.map(record =>
        record['n'] === 2 && record['visitor'] === 'v0' ? { ...record, score: 0 } : record,
      ),
    )
    const report = await verify(store)
    expect(report.differing).toBe(1)
    expect(report.differences[0]?.message).toContain('score is 0, computed -0')
  })

  test('finds a score that is missing', async () => {
    const store = await archived()
    await rewrite(store, 'scored', records => records.filter(record => record['score_id'] !== 'v3 4 A'))
    const report = await verify(store)
    expect(report).toMatchObject({ ...NOTHING, compared: SCORES - 1, missing: 1 })
    expect(report.differences).toEqual([expect.objectContaining({ kind: 'missing', id: 'v3 4 A' })])
  })

  test.each([
    { what: 'repeated at once', at: 5, to: 6 },
    { what: 'repeated later', at: 5, to: 60 },
  ])('finds a score that is $what', async ({ at, to }) => {
    const store = await archived({
      change: scored => scored.splice(to, 0, scored[at] as OutputRecord),
      scoredPartitions: 1,
    })
    const report = await verify(store)
    expect(report).toMatchObject({ ...NOTHING, compared: SCORES, extra: 1 })
    expect(report.differences).toEqual([expect.objectContaining({ kind: 'repeated' })])
  })

  test('finds a score that was made up', async () => {
    const made = encodeRecord('scored', {
      score_id: 'made up',
      source_position: '5',
      source_index: 9,
      bundle_id: 'A',
    })
    const store = await archived({
      change: scored => scored.splice(4, 0, { key: 'v0', value: made }),
      scoredPartitions: 1,
      goodPartitions: 1,
    })
    const report = await verify(store)
    expect(report).toMatchObject({ ...NOTHING, compared: SCORES, extra: 1 })
    expect(report.differences).toEqual([expect.objectContaining({ kind: 'extra', id: 'made up' })])
  })

  test('is not confused by one record that names a wrong place', async () => {
    const store = await archived()
    await rewrite(store, 'scored', records =>
      records.map(record =>
        record['score_id'] === 'v3 4 A' ? { ...record, source_position: '999999' } : record,
      ),
    )
    expect(await verify(store)).toMatchObject({ ...NOTHING, compared: SCORES - 1, missing: 1, unreplayed: 1 })
  })

  test('counts what is not archived yet as unarchived, not as missing', async () => {
    const store = await archived()
    const [last] = await removeLast(store, 'scored')
    const report = await verify(store)
    expect(report).toMatchObject({
      ...NOTHING,
      compared: SCORES - (last?.records ?? 0),
      unarchived: last?.records,
    })
    expect(report.differences).toEqual([])
  })

  test('counts scores whose events are not archived yet as unreplayed, not as extra', async () => {
    const store = await archived()
    await removeLast(store, 'good')
    const report = await verify(store)
    expect(report).toMatchObject({
      ...NOTHING,
      compared: SCORES - report.unreplayed,
      unreplayed: expect.any(Number) as number,
    })
    expect(report.unreplayed).toBeGreaterThan(0)
    expect(report.differences).toEqual([])
  })

  test('reports an object that can not be read, and verifies the other partitions', async () => {
    const store = await archived()
    const entries = await collect(store, 'scored')
    const broken = entries.filter(entry => entry.partition === 0)
    await store.delete((broken[0] as ManifestEntry).key)
    const report = await verify(store)
    expect(report.unreadable).toBe(1)
    expect(report.differences).toEqual([expect.objectContaining({ kind: 'unreadable' })])
    const others = entries
      .filter(entry => entry.partition !== 0)
      .reduce((sum, entry) => sum + entry.records, 0)
    expect(report.compared).toBe(others)
  })

  test('compares each score with what its own bundle gives', async () => {
    // The bundle was changed in the middle of each partition.
    const store = await archived({
      bundleOf: (n: number) => (n < 10 ? 'A' : 'B'),
    })
    expect(await verify(store, { bundles: ['A', 'B'] })).toMatchObject({ ...WHOLE, otherBundles: {} })
    const report = await verify(store, { bundles: ['A'] })
    const ofB = SCORES - 8 * 9
    expect(report).toMatchObject({
      ...NOTHING,
      compared: SCORES - ofB,
      otherBundles: { B: ofB },
      differences: [],
    })
  })

  test('finds an event that is not what the enricher makes of its raw record', async () => {
    const store = await archived()
    await rewrite(store, 'good', records =>
      records.map(record =>
        record['source_position'] === '7' && record['source_index'] === 1
          ? { ...record, event_name: 'other' }
          : record,
      ),
    )
    const report = await verify(store)
    expect(report.events.differing).toBe(PARTITIONS)
    expect(report.differences[0]).toMatchObject({ kind: 'differs', what: 'good', id: '7/1' })
  })

  test('ignores which version of the enricher made an event', async () => {
    const store = await archived()
    await rewrite(store, 'good', records =>
      records.map(record => ({ ...record, enricher: 'an earlier version' })),
    )
    await rewrite(store, 'bad', records =>
      records.map(record => ({ ...record, processor: 'an earlier version' })),
    )
    expect((await verify(store)).events.differing).toBe(0)
  })

  test('keeps its report short, whatever is wrong', async () => {
    const store = await archived()
    await rewrite(store, 'scored', records => records.map(record => ({ ...record, goal: 'other' })))
    const report = await verify(store)
    expect(report.differing).toBe(SCORES)
    expect(report.differences).toHaveLength(100)
  })
})

describe('verifying what the stages of Sluicebox made', () => {
  test('finds every score, every event and every bad event again', async () => {
    const absence = createAbsence()
    const enricher = enricherStage(enricherConfig.parse({}), absence)
    const bundle = scoringBundle()
    const scorer = createScorer({
      bundle,
      policy: policyOf(scorerConfig.parse({})),
      goodCodec: CODECS.good,
      scoredCodec: CODECS.scored,
      badCodec: CODECS.bad,
    })
    const log = createMemoryLog({ partitions: PARTITIONS })
    for (let i = 0; i < 200; i++) {
      const visitor = `v${i % 17}`
      const event = {
        action: i % 11 === 0 ? 'transaction' : 'product_view',
        session_id: `s-${visitor}`,
        visitor_id: visitor,
      }
      const body = i % 13 === 0 ? '{"action":' : JSON.stringify([event, { ...event, action: 'add_to_cart' }])
      const fields = {
        visitor,
        path: '/v1/events',
        content_type: 'application/json',
        body: Buffer.from(body),
      }
      const value = encodeRecord('raw', { ...fields, collected_at: T0 + i * 1000, request_id: `r${i}` })
      await append(log, 'raw', [{ key: visitor, value }], PARTITIONS)
    }
    // A record of an unknown schema.
    await append(log, 'raw', [{ key: 'v0', value: Buffer.of(0, 0, 0, 0, 7, 1) }], PARTITIONS)
    const closing = encodeRecord('raw', { kind: 'heartbeat', collected_at: T0 + 86_400_000 })
    for (let partition = 0; partition < PARTITIONS; partition++)
      await log.append('raw', [{ key: null, value: closing, partition }])
    for (const batch of await batches(log, 'raw')) {
      const state = enricher.start(batch.partition)
      const { good, bad } = await processResolved(enricher, state, batch, absence.resolve)
      await append(log, 'good', good, PARTITIONS)
      await append(log, 'bad', bad, PARTITIONS)
    }
    for (const batch of await batches(log, 'good'))
      await append(log, 'scored', scorer.process(scorer.start(batch.partition), batch).scored, PARTITIONS)

    const store = await tempStore()
    await run(log, store).drain()
    const scorers = new Map([[bundle.id, scorer]])
    // The replay finds by itself that the schema is unknown.
    const other = createAbsence()
    const report = await verifyScores({
      store,
      enrichers: openEnrichers({ config: enricherConfig.parse({}), absence: other, kept: await tempStore() }),
      resolve: other.resolve,
      scorers,
      codecs: CODECS,
    })
    expect(report).toEqual({
      ...NOTHING,
      compared: report.scores,
      scores: report.scores,
      sessions: 17,
      // 16 bodies are broken off; each of the others has two events; one record can't be read; and the heartbeats are
      // passed on.
      events: { ...NOTHING, compared: 16 + 2 * 184 + 1 + PARTITIONS },
      otherBundles: {},
      otherFiles: {},
      differences: [],
    })
    expect(report.scores).toBeGreaterThan(150)
  })
})

interface Shape {
  readonly goodPartitions?: number
  readonly scoredPartitions?: number
  readonly bundleOf?: (n: number) => string
  /** Changes the scores before they are written. */
  readonly change?: (scored: OutputRecord[]) => void
}

/** The archive of eight visitors that went through the stages. */
async function archived(shape: Shape = {}): Promise<Store> {
  const { goodPartitions = PARTITIONS, scoredPartitions = PARTITIONS, bundleOf = () => 'A' } = shape
  const log = createMemoryLog({ partitions: PARTITIONS })
  for (let i = 0; i < EVENTS / 3; i++) {
    log.now = T0 + i
    const visitor = `v${i % 8}`
    const body = Buffer.from('view,click,nonsense,buy')
    const value = encodeRecord('raw', { visitor, collected_at: T0 + i, body })
    await append(log, 'raw', [{ key: visitor, value }], PARTITIONS)
  }
  for (const batch of await batches(log, 'raw')) {
    const { good, bad } = enricher.process(null, batch)
    await append(log, 'good', good, goodPartitions)
    await append(log, 'bad', bad, PARTITIONS)
  }
  const all: OutputRecord[] = []
  for (const batch of await batches(log, 'good')) {
    const outputs = ['A', 'B'].map(bundle => {
      const stage = scorer(bundle)
      return stage.process(stage.start(batch.partition), batch).scored
    })
    for (const [i, ofA] of (outputs[0] as OutputRecord[]).entries()) {
      const { n } = decodeRecord('scored', ofA.value) as { n: number }
      all.push(bundleOf(n) === 'A' ? ofA : (outputs[1]?.[i] as OutputRecord))
    }
  }
  shape.change?.(all)
  await append(log, 'scored', all, scoredPartitions)

  const store = await tempStore()
  const archiver = run(log, store, { recordsMax: 50 })
  await archiver.drain()
  await archiver.stop()
  return store
}

async function append(
  log: MemoryLog,
  stream: StreamName,
  records: readonly OutputRecord[],
  partitions: number,
): Promise<void> {
  await log.append(
    stream,
    records.map(record => ({ partition: partitionOf(record.key, partitions), ...record })),
  )
}

async function batches(log: MemoryLog, stream: StreamName): Promise<Batch[]> {
  const limits = { recordsMax: 1e9, bytesMax: 1e9 }
  return Promise.all(Array.from({ length: PARTITIONS }, (_, i) => log.read(stream, i, 0n, limits)))
}

async function verify(
  store: Store,
  {
    bundles = ['A'],
    ...others
  }: { bundles?: string[]; onProgress?: (done: { records: number; of: number }) => void } = {},
): Promise<VerifyReport> {
  const scorers = new Map(bundles.map(bundle => [bundle, scorer(bundle)]))
  const enrichers = { lacking: async () => [], get: async () => enricher }
  return verifyScores({ store, enrichers, scorers, codecs: CODECS, ...others })
}

async function collect(store: Store, stream: StreamName): Promise<ManifestEntry[]> {
  const found = []
  for await (const entry of listArchive(store, [stream])) found.push(entry)
  return found
}

/** Replaces the records of a stream, and the manifest with them: only computing them again can tell. */
async function rewrite(
  store: Store,
  stream: 'good' | 'bad' | 'scored',
  change: (records: Record<string, unknown>[]) => Record<string, unknown>[],
): Promise<void> {
  for (const entry of await collect(store, stream)) {
    const object = openParquetObject((await store.get(entry.key)) as Uint8Array)
    const writer = createParquetWriter(schemas[stream].text, entry.partition, 1000)
    let count = 0
    for await (const group of object.groups()) {
      const changed = change(group.map(row => ({ ...row.fields })))
      count += changed.length
      await writer.add(
        changed.map(fields => ({
          record: {
            key: fields['key'] as string,
            value: new Uint8Array(),
            position: BigInt(fields['position'] as string),
            appendedAt: fields['appended_at'] as number,
          },
          collectedAt: T0,
          fields,
          foreign: null,
        })),
      )
    }
    const bytes = await writer.finish({ ...object.facts, records: count })
    await store.put(entry.key, bytes)
    await store.delete(manifestKey(entry))
    await writeEntry(store, await describeObject(entry.key, bytes))
  }
}

/** Removes the last object of each partition, as if it had not been archived yet. Returns how many records they had. */
async function removeLast(store: Store, stream: StreamName): Promise<{ records: number }[]> {
  const last = new Map((await collect(store, stream)).map(entry => [entry.partition, entry]))
  let records = 0
  for (const entry of last.values()) {
    await store.delete(entry.key)
    await store.delete(manifestKey(entry))
    records += entry.records
  }
  return [{ records }]
}

function flipLowestBit(value: number): number {
  const bits = new BigUint64Array(1)
  const floats = new Float64Array(bits.buffer)
  floats[0] = value
  bits[0] = (bits[0] as bigint) ^ 1n
  return floats[0]
}
