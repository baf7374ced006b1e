import { isMissingSchema, type Codec } from '@sluicebox/event/codec'
import type { BadRecord, GoodRecord, RawRecord, ScoredRecord } from '@sluicebox/event/records'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import type { InputRecord } from '@sluicebox/stream/log'
import { partitionOf } from '@sluicebox/stream/partitioner'
import type { Delivered } from '@sluicebox/stream/testing/delivery'
import { createSimulatedScorer } from './stages.ts'
import {
  ABSENT_SCHEMA_ID,
  OTHER_SCHEMA,
  OTHER_SCHEMA_ID,
  PARTITIONS,
  type Expected,
  type Traffic,
} from './traffic.ts'

// What is wrong with the streams when everything has come through. It knows what was sent and what is promised, not
// how the stages work; only the replay of scores asks the scorer, once, in one thread.

const codecs = {
  raw: folderCodec('raw'),
  good: folderCodec('good'),
  bad: folderCodec('bad'),
  scored: folderCodec('scored'),
}
codecs.raw.learn(OTHER_SCHEMA_ID, OTHER_SCHEMA)
codecs.raw.learn(ABSENT_SCHEMA_ID, OTHER_SCHEMA)

/** `isExact`: nothing may be there twice. Otherwise a repeat must be identical to the first. */
export function check({ expected }: Traffic, { log, accepted }: Delivered, isExact: boolean): string[] {
  const found: string[] = []
  const raw = read(log, 'raw', codecs.raw)
  const good = read(log, 'good', codecs.good)
  const bad = read(log, 'bad', codecs.bad)
  const scored = read(log, 'scored', codecs.scored)

  checkAccepted(raw, accepted, expected, found)
  checkSplit(raw, good, bad, expected, isExact, found)
  checkKeys(good, ({ kind, visitor }) => (kind === 'heartbeat' ? undefined : visitor), 'good', found)
  checkKeys(scored, ({ visitor }) => visitor, 'scored', found)
  checkScores(scored, isExact, found)
  checkCounts(good, scored, found)
  checkReplay(log, isExact, found)
  return found
}

interface Stored<T> {
  readonly partition: number
  readonly position: bigint
  readonly bytes: string
  readonly record: T
}

function checkAccepted(
  raw: readonly Stored<RawRecord>[],
  accepted: ReadonlySet<string>,
  expected: ReadonlyMap<string, Expected>,
  found: string[],
): void {
  const there = new Set(raw.map(({ record }) => record.request_id))
  for (const id of accepted) if (!there.has(id)) found.push(`accepted ${id} is not in raw`)
  for (const id of there) if (!expected.has(id)) found.push(`${id} in raw was never sent`)
}

/** Every event of every raw record comes out exactly once, in good or in bad, with the outcome that was to be. */
function checkSplit(
  raw: readonly Stored<RawRecord>[],
  good: readonly Stored<GoodRecord>[],
  bad: readonly Stored<BadRecord>[],
  expected: ReadonlyMap<string, Expected>,
  isExact: boolean,
  found: string[],
): void {
  const out = Map.groupBy(
    [
      ...good.map(each => ({
        ...each,
        stream: 'good',
        what: each.record.kind === 'heartbeat' ? '' : each.record.event_id,
      })),
      ...bad
        .filter(({ record }) => record.stage === 'enricher')
        .map(each => ({ ...each, stream: 'bad', what: '' })),
    ],
    ({ record: { source_partition, source_position, source_index } }) =>
      `${source_partition}/${source_position}/${source_index}`,
  )
  for (const { partition, position, record } of raw) {
    const wanted = expected.get(record.request_id)
    const events = wanted?.kind === 'events' ? wanted.events : [{ outcome: 'good' as const, eventId: '' }]
    for (const [index, { outcome, eventId = '' }] of events.entries()) {
      const place = `${partition}/${position}/${index}`
      const copies = out.get(place) ?? []
      out.delete(place)
      if (copies.length === 0) found.push(`${place} of ${record.request_id} came out 0 times`)
      if (isExact && copies.length > 1) found.push(`${place} came out ${copies.length} times`)
      if (new Set(copies.map(({ bytes }) => bytes)).size > 1) found.push(`${place} came out in several ways`)
      for (const { stream, what } of copies.slice(0, 1)) {
        if (stream !== outcome) found.push(`${place} came out in ${stream}, not in ${outcome}`)
        if (stream === 'good' && what !== eventId) found.push(`${place} is event ${what}, not ${eventId}`)
      }
    }
  }
  for (const place of out.keys()) found.push(`${place} came out of nothing`)
}

/** A visitor's records never leave the visitor's partition. */
function checkKeys<T>(
  stored: readonly Stored<T>[],
  keyOf: (record: T) => string | undefined,
  stream: string,
  found: string[],
): void {
  for (const { partition, position, record } of stored) {
    const key = keyOf(record)
    if (key !== undefined && partitionOf(key, PARTITIONS) !== partition)
      found.push(`${stream}/${partition}/${position} of ${key} is in the wrong partition`)
  }
}

/** A name for the session of a record: two visitors may show the same session id. */
function sessionOf({ session_id, visitor }: GoodRecord | ScoredRecord): string {
  return `${session_id} of ${visitor}`
}

/** Per session: 1, 2, 3 … in order, and a final at the end of each revision. */
function checkScores(scored: readonly Stored<ScoredRecord>[], isExact: boolean, found: string[]): void {
  for (const [session, all] of Map.groupBy(scored, ({ record }) => sessionOf(record))) {
    const scores = once(all)
    if (isExact && scores.length < all.length) found.push(`scores of ${session} are repeated`)
    const numbers = scores.map(({ record }) => record.n)
    if (numbers.some((n, index) => n !== index + 1))
      found.push(`scores of ${session} are numbered ${numbers.join()}`)
    for (const [index, { record }] of scores.entries()) {
      const next = scores[index + 1]?.record
      const isLast = next === undefined || next.revision > record.revision
      if (isLast && record.kind !== 'final')
        found.push(`revision ${record.revision} of ${session} was not closed`)
      if (next !== undefined && next.revision !== record.revision + (record.kind === 'final' ? 1 : 0))
        found.push(
          `revision ${next.revision} of ${session} comes after a ${record.kind} of ${record.revision}`,
        )
    }
  }
}

/** A session whose visitor's tracker names it, and that never came near the goal, has one score for each event. */
function checkCounts(
  good: readonly Stored<GoodRecord>[],
  scored: readonly Stored<ScoredRecord>[],
  found: string[],
): void {
  const events = Map.groupBy(
    good.filter(({ record }) => record.session_id !== null),
    ({ record }) => sessionOf(record),
  )
  const updates = Map.groupBy(
    scored.filter(({ record }) => record.kind === 'update'),
    ({ record }) => sessionOf(record),
  )
  for (const [session, records] of events) {
    if (records.some(({ record }) => record.action === 'transaction')) continue
    const sent = new Set(records.map(({ record }) => record.event_id))
    const counted = once(updates.get(session) ?? []).map(({ record }) => record.event_id!)
    if (counted.length !== sent.size || counted.some(id => !sent.has(id)))
      found.push(`${session} had the events ${[...sent].join()} and scores for ${counted.join()}`)
  }
}

/** Scores are what one thread makes of good, bit for bit. */
function checkReplay(log: Delivered['log'], isExact: boolean, found: string[]): void {
  for (const [partition, records] of log.records('good').entries()) {
    const scorer = createSimulatedScorer()
    const batch = { stream: 'good', partition, records, next: 0n }
    const replay = scorer.process(scorer.start(partition), batch).scored.map(({ value }) => hex(value))
    const written = log.records('scored')[partition]!.map(({ value }) => hex(value))
    const scores = isExact ? written : [...new Set(written)]
    const differing = replay.findIndex((bytes, index) => bytes !== scores[index])
    if (differing !== -1 || scores.length !== replay.length)
      found.push(`scored/${partition} differs from a replay at ${differing} of ${replay.length}`)
  }
}

function read<T>(log: Delivered['log'], stream: string, codec: Codec<T>): Stored<T>[] {
  return log.records(stream).flatMap((records, partition) =>
    records.map(({ value, position }: InputRecord) => {
      const record = codec.decode(value)
      if (isMissingSchema(record as object)) throw new Error(`${stream} holds records of an unknown schema`)
      return { partition, position, bytes: hex(value), record: record as T }
    }),
  )
}

/** Without repeats, in the order of the first of each. */
function once<T>(stored: readonly Stored<T>[]): Stored<T>[] {
  return [...new Map(stored.map(each => [each.bytes, each])).values()]
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
