import type { ArchiveObject } from '../archive-objects.ts'
import type { Evidence } from '../check.ts'
import { digest, type HistoryLine, type Outcome } from '../history.ts'
import type { Fields } from '../schemas.ts'
import type { Stored, StreamContent } from '../streams.ts'

// A run in which all went well, small enough to be spoilt by hand: two sessions in two partitions; an event that is bad,
// one that was sent twice because the first answer was lost, one that was refused; heartbeats; bytes that are not a record.

export interface Parts {
  lines: HistoryLine[]
  raw: Stored[]
  good: Stored[]
  bad: Stored[]
  scored: Stored[]
  archive: ArchiveObject[]
  openPartitions: number[]
}

export function stored(
  partition: number,
  position: number,
  key: string | null,
  fields: Fields | undefined,
): Stored {
  const value = Buffer.from(`${partition}/${position}`)
  return { partition, position: BigInt(position), at: 0, key, value, fields }
}

export function request(
  name: string,
  session: string,
  ids: readonly string[],
  outcomes: readonly Outcome[],
): HistoryLine[] {
  return [
    {
      kind: 'request',
      request: name,
      session,
      events: ids.map(id => ({ id, expect: id.includes('wrong') ? ('bad' as const) : ('good' as const) })),
    },
    ...outcomes.map((outcome): HistoryLine => {
      const status = outcome === 'accepted' ? 200 : outcome === 'refused' ? 415 : null
      return { kind: 'attempt', request: name, at: 0, tookMs: 1, status, outcome }
    }),
  ]
}

export function payload(
  partition: number,
  position: number,
  visitor: string,
  ids: readonly string[],
): Stored {
  const body = Buffer.from(ids.map(id => `{"event_id":"${id}","action":"product_view"}`).join('\n'))
  return stored(partition, position, visitor, { kind: 'payload', body })
}

export function derived(
  stream: { partition: number; position: number; key: string | null },
  source: readonly [number, number, number],
  more: Fields,
): Stored {
  return stored(stream.partition, stream.position, stream.key, {
    source_partition: source[0],
    source_position: String(source[1]),
    source_index: source[2],
    ...more,
  })
}

export function score(
  position: number,
  partition: number,
  session: string,
  n: number,
  more: Fields = {},
): Stored {
  const fields = {
    session_id: session,
    kind: 'update',
    revision: 1,
    n,
    event_id: `${session}-e${n}`,
    ...more,
  }
  return stored(partition, position, `v-${session}`, fields)
}

export function object(
  partition: number,
  start: number,
  end: number,
  records: readonly Stored[],
): ArchiveObject {
  return {
    ...{ file: `${partition}-${start}`, partition, start: BigInt(start), end: BigInt(end) },
    records: records.map(({ key, value, position, fields }) => ({
      ...{ partition, position: String(position), key, appended_at: 0 },
      framed: fields === undefined ? value : null,
      ...fields,
    })),
  }
}

export function smallRun(): Parts {
  const raw = [
    payload(0, 0, 'v-a', ['a-e1', 'a-e2']),
    payload(0, 1, 'v-a', ['a-wrong']),
    stored(0, 2, null, { kind: 'heartbeat', body: null }),
    payload(0, 3, 'v-a', ['a-e3']),
    payload(1, 0, 'v-b', ['b-e1']),
    payload(1, 1, 'v-b', ['b-e1']),
    stored(1, 2, 'poison', undefined),
  ]
  const event = (id: string): Fields => ({
    event_id: id,
    session_id: id[0],
    action: 'product_view',
    stage: '',
  })
  const good = [
    derived({ partition: 0, position: 0, key: 'v-a' }, [0, 0, 0], event('a-e1')),
    derived({ partition: 0, position: 1, key: 'v-a' }, [0, 0, 1], event('a-e2')),
    derived({ partition: 0, position: 3, key: null }, [0, 2, 0], {
      kind: 'heartbeat',
      event_id: '',
      session_id: null,
    }),
    derived({ partition: 0, position: 4, key: 'v-a' }, [0, 3, 0], event('a-e3')),
    derived({ partition: 1, position: 0, key: 'v-b' }, [1, 0, 0], event('b-e1')),
    derived({ partition: 1, position: 1, key: 'v-b' }, [1, 1, 0], event('b-e1')),
  ]
  const bad = [
    derived({ partition: 0, position: 0, key: 'v-a' }, [0, 1, 0], { stage: 'enricher', event_id: 'a-wrong' }),
    derived({ partition: 1, position: 0, key: 'poison' }, [1, 2, 0], { stage: 'enricher', event_id: null }),
  ]
  const scored = [
    score(0, 0, 'a', 1),
    score(1, 0, 'a', 2),
    score(3, 0, 'a', 3, { kind: 'final', event_id: null }),
    score(4, 0, 'a', 4, { revision: 2, event_id: 'a-e3' }),
    score(0, 1, 'b', 1),
  ]
  return {
    lines: [
      ...request('r1', 'a', ['a-e1', 'a-e2'], ['accepted']),
      ...request('r2', 'a', ['a-wrong'], ['accepted']),
      ...request('r3', 'a', ['a-e3'], ['accepted']),
      ...request('r4', 'b', ['b-e1'], ['ambiguous', 'accepted']),
      ...request('r5', 'b', ['b-refused'], ['refused']),
      ...request('r6', 'b', ['b-unsure'], ['ambiguous']),
    ],
    ...{ raw, good, bad, scored, openPartitions: [] },
    archive: [
      object(0, 0, 2, raw.slice(0, 2)),
      object(0, 2, 4, raw.slice(2, 4)),
      object(1, 0, 3, raw.slice(4)),
    ],
  }
}

export function evidenceOf({ lines, raw, good, bad, scored, archive, openPartitions }: Parts): Evidence {
  const content = (records: readonly Stored[]): StreamContent => {
    return { partitions: 2, records, openPartitions: [], aborted: 0 }
  }
  return {
    history: digest(lines),
    streams: {
      ...{ raw: content(raw), good: content(good), bad: content(bad) },
      scored: { ...content(scored), openPartitions },
    },
    archive: { objects: archive, upTo: [4n, 3n] },
  }
}
