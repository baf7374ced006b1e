import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCodec } from '@sluicebox/event/codec'
import type { GoodRecord, ScoredRecord } from '@sluicebox/event/records'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import { SESSION_FIELDS } from '@sluicebox/session/session-event'
import { openEmbeddedLog } from '@sluicebox/stream/embedded/log'
import type { Log } from '@sluicebox/stream/log'
import { Registry } from 'prom-client'
import { expect, onTestFinished, test } from 'vitest'
import { scorerConfig } from './config.ts'
import type { Restoring } from './restoring.ts'
import { startScorer, type ScorerServiceParts } from './start.ts'
import {
  badCodec,
  decodeScored,
  encodeGood,
  goodRecord,
  heartbeat,
  scoredCodec,
  scoringBundle,
} from './testing/fixtures.ts'

const MINUTE_MS = 60_000

test('scores what is in the log, continues after a restart, and counts what it wrote', async () => {
  const { log, run } = await setUp()
  const first = ['s1', 's2', 's1', 's1'].map((session_id, at) => ({
    key: 'v1',
    value: encodeGood(goodRecord({ at, session_id })),
  }))
  await log.append('good', first)
  const metrics = await run(scored => scored.length === 4)
  expect(await figures(metrics)).toMatchObject({
    'records_total{kind="event"}': 4,
    'scores_total{kind="update"}': 4,
    'sessions{state="open"}': 0,
    'sessions_opened_total{}': 2,
  })

  const more = [
    goodRecord({ at: 9, session_id: 's1' }),
    goodRecord({ at: 10, session_id: 's2' }),
    heartbeat(60 * MINUTE_MS),
  ]
  await log.append(
    'good',
    more.map(record => ({ key: 'v1', value: encodeGood(record) })),
  )
  const again = await run(scored => scored.length === 8)
  const scored = await readScored(log)
  expect(scored.map(({ session_id, n, kind }) => `${session_id} ${n} ${kind}`)).toEqual([
    's1 1 update',
    's2 1 update',
    's1 2 update',
    's1 3 update',
    's1 4 update',
    's2 2 update',
    's1 5 final',
    's2 3 final',
  ])
  // What was only folded again to come to the same state does not count.
  expect(await figures(again)).toMatchObject({
    'records_total{kind="event"}': 2,
    'records_total{kind="heartbeat"}': 1,
    'scores_total{kind="update"}': 2,
    'scores_total{kind="final"}': 2,
    'sessions_closed_total{by="gap"}': 2,
    'sessions_opened_total{}': 0,
    'latency_seconds_count{}': 1,
  })
})

test('restores from a snapshot what it does not read again', async () => {
  const { log, run, logged, objects } = await setUp()
  await log.append('good', [{ key: 'v1', value: encodeGood(goodRecord()) }])
  await run(scored => scored.length === 1)
  expect([...objects.keys()]).toEqual(['snapshots/scorer/0.snapshot'])
  await log.append('good', [{ key: 'v1', value: encodeGood(goodRecord({ at: 1 })) }])
  await run(scored => scored.length === 2)
  const restored = { hasSnapshot: true, from: '1', committed: '1' }
  expect(logged).toContainEqual(expect.objectContaining(restored))
  expect((await readScored(log)).map(({ n }) => n)).toEqual([1, 2])
})

test('a damaged snapshot is reported and replaced by a replay', async () => {
  const { log, run, logged, objects } = await setUp()
  await log.append('good', [{ key: 'v1', value: encodeGood(goodRecord()) }])
  await run(scored => scored.length === 1)
  for (const [key, bytes] of objects)
    objects.set(
      key,
      bytes.map((byte, i) => (i > 200 ? byte ^ 1 : byte)),
    )
  await log.append('good', [{ key: 'v1', value: encodeGood(goodRecord({ at: 1 })) }])
  await run(scored => scored.length === 2)
  expect(logged).toContainEqual(expect.objectContaining({ hasSnapshot: false, from: '0' }))
  expect((await readScored(log)).map(({ n }) => n)).toEqual([1, 2])
})

test('a worker of another machine, with older snapshots or none, restores the rest from the log', async () => {
  const { log, run, logged } = await setUp()
  const here = { store: storeOf(new Map()) }
  const there = { store: storeOf(new Map()) }
  const restored: (readonly Restoring[])[] = []
  let count = 0
  for (const worker of [here, there, here, there]) {
    await log.append('good', [{ key: 'v1', value: encodeGood(goodRecord({ at: count })) }])
    count++
    await run(scored => scored.length === count, { ...worker, onRestoring: now => restored.push(now) })
  }
  expect((await readScored(log)).map(({ n }) => n)).toEqual([1, 2, 3, 4])
  const places = logged.filter(facts => 'hasSnapshot' in facts)
  for (const place of [
    { from: '0', committed: '1', hasSnapshot: false },
    { from: '1', committed: '2', hasSnapshot: true },
    { from: '2', committed: '3', hasSnapshot: true },
  ])
    expect(places).toContainEqual(expect.objectContaining(place))
  // A probe reports it while it lasts, and when it is over.
  expect(restored).toContainEqual([{ partition: 0, from: 1n, position: 1n, committed: 2n }])
  expect(restored.at(-1)).toEqual([])
  expect(restored.flat().every(({ position, committed }) => position < committed)).toBe(true)
})

test('records of a schema that the registry holds are scored, others go to bad', async () => {
  const schema = JSON.stringify({ type: 'record', name: 'Good', namespace: 'sluicebox', fields: [] })
  const known = createCodec<Partial<GoodRecord>>(schema, 77).encode({})
  const unknown = createCodec<Partial<GoodRecord>>(schema, 78).encode({})
  const { log, run } = await setUp()
  await log.append(
    'good',
    [known, unknown].map(value => ({ key: 'v1', value })),
  )
  const metrics = await run(scored => scored.length === 1, {
    codecs: { good: folderCodec('good', { project: SESSION_FIELDS }), scored: scoredCodec, bad: badCodec },
    fetchSchema: id => Promise.resolve(id === 77 ? schema : undefined),
  })
  expect(await figures(metrics)).toMatchObject({
    'records_total{kind="bad"}': 1,
    'records_total{kind="event"}': 1,
  })
  expect((await log.bounds('bad'))[0]!.end).toBe(1n)
})

async function setUp() {
  const dir = mkdtempSync(join(tmpdir(), 'scorer-'))
  const log = await openEmbeddedLog({ dir, partitions: 1, pollMs: 5 })
  onTestFinished(async () => {
    await log[Symbol.asyncDispose]()
    rmSync(dir, { recursive: true, force: true })
  })
  const objects = new Map<string, Uint8Array>()
  const store = storeOf(objects)
  const logged: object[] = []
  const write = (facts: object): void => void logged.push(facts)

  /** Runs a scorer until what it has written is enough. */
  async function run(
    isEnough: (scored: readonly ScoredRecord[]) => boolean,
    parts: Partial<ScorerServiceParts> = {},
  ): Promise<Registry> {
    const stop = new AbortController()
    const metrics = new Registry()
    const done = startScorer({
      log,
      store,
      bundle: scoringBundle(),
      config: scorerConfig.parse({}),
      logger: { info: write, warn: write },
      metrics,
      signal: stop.signal,
      ...parts,
    })
    while (!isEnough(await readScored(log))) await Promise.race([log.changed('scored', stop.signal), done])
    stop.abort()
    await done
    return metrics
  }
  return { log, run, logged, objects }
}

function storeOf(objects: Map<string, Uint8Array>): ScorerServiceParts['store'] {
  return {
    get: key => Promise.resolve(objects.get(key)),
    put: (key, bytes) => Promise.resolve(void objects.set(key, bytes.slice())),
  }
}

async function readScored(log: Log): Promise<ScoredRecord[]> {
  return decodeScored((await log.read('scored', 0, 0n, { recordsMax: 1_000, bytesMax: 1e7 })).records)
}

/** By name, less the prefix, and labels. */
async function figures(registry: Registry): Promise<Record<string, number>> {
  const metrics = await registry.getMetricsAsJSON()
  return Object.fromEntries(
    metrics.flatMap(({ name, values }) =>
      (values as { value: number; labels: Record<string, string>; metricName?: string }[]).map(
        ({ value, labels, metricName }) => {
          const text = Object.entries(labels).map(([label, of]) => `${label}="${of}"`)
          return [`${(metricName ?? name).replace('sluicebox_scorer_', '')}{${text.join(',')}}`, value]
        },
      ),
    ),
  )
}
