import { describe, expect, it } from 'vitest'
import { drive } from './drive.ts'
import type { DriveOptions, RestoreFacts } from './options.ts'
import { FencedError, type Batch, type InputRecord, type Log, type OutputRecord } from '../log.ts'
import type { Snapshot, SnapshotStore } from './snapshots.ts'
import { Unresolved, type Stage } from './stage.ts'

// The driver against a log, a store and a world that write down what is done to them: each test compares the whole
// list, so that the order counts.

describe('drive', () => {
  it('reads, processes, commits, and only then reads on', async () => {
    const test = scenario({ records: ['a', 'b', 'c', 'd'], limit: 2 })
    await test.run()
    expect(test.actions).toEqual([
      'read 0..1',
      'process a b',
      'commit out=a1,b1 next=2',
      'read 2..3',
      'process c d',
      'commit out=c1,d1 next=4',
      'end stopped',
    ])
  })

  it('begins where the group has committed', async () => {
    const test = scenario({ records: ['a', 'b', 'c'], committed: 2n, stateless: true })
    await test.run()
    expect(test.actions).toEqual(['read 2..2', 'process c', 'commit out=c1 next=3', 'end stopped'])
  })

  it('commits nothing while something is unresolved, waits ever longer, and goes on when it is there', async () => {
    const test = scenario({ records: ['a', '?x', 'b'], failures: 2 })
    await test.run()
    expect(test.actions).toEqual([
      'read 0..2',
      'process a ?x b',
      'resolve x fails',
      'unresolved x attempt 1: the registry is down',
      'wait 75',
      'resolve x fails',
      'unresolved x attempt 2: the registry is down',
      'wait 150',
      'resolve x',
      'process a ?x b',
      'commit out=a1,x1,b1 next=3',
      'end stopped',
    ])
  })

  it('waits no longer than it may', async () => {
    const test = scenario({ records: ['?x'], failures: 6, backoff: { firstMs: 100, maxMs: 500 } })
    await test.run()
    expect(test.actions.filter(action => action.startsWith('wait'))).toEqual([
      'wait 75',
      'wait 150',
      'wait 300',
      'wait 375',
      'wait 375',
      'wait 375',
    ])
  })

  it('asks at once for what is found missing next', async () => {
    const test = scenario({ records: ['?x', '?y'] })
    await test.run()
    expect(test.actions).toEqual([
      'read 0..1',
      'process ?x ?y',
      'resolve x',
      'process ?x ?y',
      'resolve y',
      'process ?x ?y',
      'commit out=x1,y1 next=2',
      'end stopped',
    ])
  })

  it('waits when what it got does not help', async () => {
    const test = scenario({ records: ['?x'], useless: 1 })
    await test.run()
    expect(test.actions).toEqual([
      'read 0..0',
      'process ?x',
      'resolve x',
      'process ?x',
      'unresolved x attempt 1: unresolved: x',
      'wait 75',
      'resolve x',
      'process ?x',
      'commit out=x1 next=1',
      'end stopped',
    ])
  })

  it('can be stopped while something is unresolved, and commits nothing of it', async () => {
    const test = scenario({ records: ['?x'], failures: Infinity, stopAfterWaits: 3 })
    await test.run()
    expect(test.actions.filter(action => action.startsWith('commit'))).toEqual([])
    expect(test.actions.at(-1)).toBe('end stopped')
  })

  it('can be stopped while a fetch never answers', async () => {
    const test = scenario({ records: ['?x'] })
    const stop = new AbortController()
    const driving = test.run({
      signal: stop.signal,
      resolve() {
        stop.abort()
        return new Promise(() => {})
      },
    })
    await driving
    expect(test.actions.at(-1)).toBe('end stopped')
  })

  it('says what is missing when it was given nothing to get it from', async () => {
    const test = scenario({ records: ['?x'] })
    const { resolve: _, ...options } = test.options
    await expect(drive(options)).rejects.toThrow('The stage needs x, and the driver was given nothing')
  })

  it('passes on what a stage throws, and commits nothing', async () => {
    const test = scenario({ records: ['a', '!', 'b'] })
    await expect(test.run()).rejects.toThrow('boom')
    expect(test.actions).toEqual(['read 0..2', 'process a ! b'])
  })

  it('passes on a commit that failed', async () => {
    const test = scenario({ records: ['a'], commitError: new Error('the disk is full') })
    await expect(test.run()).rejects.toThrow('the disk is full')
  })

  it('lets a partition go that another owner has taken', async () => {
    const test = scenario({ records: ['a'], commitError: new FencedError('taken'), snapshotEvery: 1 })
    await test.run()
    expect(test.actions).toEqual(['restore 0 of 0', 'read 0..0', 'process a', 'end taken'])
  })
})

describe('the state of a partition', () => {
  it('is saved when enough records have come, after they were committed', async () => {
    const test = scenario({ records: ['a', 'a', 'a', 'a', 'a'], limit: 2, snapshotEvery: 4 })
    await test.run()
    expect(test.actions).toEqual([
      'restore 0 of 0',
      'read 0..1',
      'process a a',
      'commit out=a1,a2 next=2',
      'read 2..3',
      'process a a',
      'commit out=a3,a4 next=4',
      'save 4 {"a":4}',
      'read 4..4',
      'process a',
      'commit out=a5 next=5',
      'save 5 {"a":5}',
      'end stopped',
    ])
  })

  it('is saved when enough time has gone by', async () => {
    const test = scenario({ records: ['a', 'a'], limit: 1, snapshotEvery: 1000, snapshotMs: 0 })
    await test.run()
    expect(test.actions.filter(action => action.startsWith('save'))).toEqual([
      'save 1 {"a":1}',
      'save 2 {"a":2}',
    ])
  })

  it('is saved while the partition goes on, one snapshot at a time, and at the end the last', async () => {
    const slow = Promise.withResolvers<void>()
    const test = scenario({
      records: ['a', 'a', 'a'],
      limit: 1,
      snapshotEvery: 1,
      slowSave: slow.promise,
    })
    const running = test.run()
    await expect.poll(() => test.actions).toContain('commit out=a3 next=3')
    expect(test.actions.filter(action => action.startsWith('save'))).toEqual(['save begins'])
    slow.resolve()
    await running
    expect(test.actions.slice(-3)).toEqual(['save 1 {"a":1}', 'save 3 {"a":3}', 'end stopped'])
  })

  it('comes from the snapshot and a replay that writes nothing', async () => {
    const test = scenario({
      records: ['a', 'a', 'a', 'a'],
      committed: 3n,
      limit: 2,
      snapshot: { position: 1n, version: '1', bytes: json({ a: 1 }) },
      snapshotEvery: 100,
    })
    await test.run()
    expect(test.actions).toEqual([
      'seek 1',
      'restore 1 of 3',
      'read 1..2',
      'process a a',
      'restore 3 of 3',
      'read 3..3',
      'process a',
      'commit out=a4 next=4',
      'save 4 {"a":4}',
      'end stopped',
    ])
  })

  it('splits a batch in which the replay ends', async () => {
    const test = scenario({ records: ['a', 'a', 'a'], committed: 2n, snapshotEvery: 100 })
    await test.run()
    expect(test.actions).toEqual([
      'seek 0',
      'restore 0 of 2',
      'read 0..2',
      'process a a',
      'restore 2 of 2',
      'process a',
      'commit out=a3 next=3',
      'save 3 {"a":3}',
      'end stopped',
    ])
  })

  it.each<[string, Partial<Snapshot>]>([
    ['of another version', { version: '0' }],
    ['that the stage can not read', { bytes: new TextEncoder().encode('{') }],
    ['of a position that the group has not committed', { position: 3n }],
    ['of a log that took its last record at another time', { last: { position: 0n, appendedAt: 7 } }],
    ['of a log that has a record where this one has none', { last: { position: 9n, appendedAt: 0 } }],
  ])('does not come from a snapshot %s', async (_, part) => {
    const test = scenario({
      records: ['a', 'a', 'a'],
      committed: 2n,
      snapshot: { position: 1n, version: '1', bytes: json({ a: 10 }), ...part },
      snapshotEvery: 100,
    })
    await test.run()
    expect(test.actions.find(action => action.startsWith('commit'))).toBe('commit out=a3 next=3')
  })

  it.each<[string, Partial<Scenario>, Snapshot['last']]>([
    ['its last record is still in the log', {}, { position: 0n, appendedAt: 0 }],
    ['its last record was deleted', { start: 1n }, { position: 0n, appendedAt: 7 }],
  ])('comes from a snapshot when %s', async (_, given, last) => {
    const test = scenario({
      ...given,
      records: ['a', 'a', 'a'],
      committed: 2n,
      snapshot: { position: 1n, version: '1', bytes: json({ a: 10 }), last },
      snapshotEvery: 100,
    })
    await test.run()
    expect(test.actions.find(action => action.startsWith('commit'))).toBe('commit out=a12 next=3')
    expect(test.saved).toMatchObject({ position: 3n, last: { position: 2n, appendedAt: 0 } })
  })

  it('waits for a store that is down', async () => {
    const test = scenario({
      records: ['a', 'a'],
      committed: 1n,
      snapshot: { position: 1n, version: '1', bytes: json({ a: 1 }) },
      loadFailures: 2,
      snapshotEvery: 100,
    })
    await test.run()
    expect(test.actions).toEqual([
      'problem the store is down, asked again after 75',
      'wait 75',
      'problem the store is down, asked again after 150',
      'wait 150',
      'restore 1 of 1',
      'read 1..1',
      'process a',
      'commit out=a2 next=2',
      'save 2 {"a":2}',
      'end stopped',
    ])
  })

  it('is given up when the partition ends while the store is down', async () => {
    const test = scenario({ records: ['a'], loadFailures: Infinity, stopAfterWaits: 2, snapshotEvery: 100 })
    await test.run()
    expect(test.actions.slice(-2)).toEqual(['restore 0 of 0', 'end stopped'])
    expect(test.actions.filter(action => action.startsWith('commit'))).toEqual([])
  })

  it('comes from the first record kept when there is no snapshot, and says so', async () => {
    const test = scenario({ records: ['a', 'a', 'a'], start: 1n, committed: 2n, snapshotEvery: 100 })
    await test.run()
    expect(test.actions.slice(0, 2)).toEqual(['seek 1', 'restore 1 of 2'])
    expect(test.restores[0]).toMatchObject({ from: 1n, hasSnapshot: false, hasGap: false })
  })

  it('lacks what is gone between the snapshot and the first record kept, and says so', async () => {
    const test = scenario({
      records: ['a', 'a', 'a', 'a'],
      start: 2n,
      committed: 3n,
      snapshot: { position: 1n, version: '1', bytes: json({ a: 1 }) },
      snapshotEvery: 100,
    })
    await test.run()
    expect(test.restores[0]).toMatchObject({ from: 2n, hasSnapshot: true, hasGap: true })
    expect(test.actions.find(action => action.startsWith('commit'))).toBe('commit out=a3 next=4')
  })

  it('is not lost when it can not be saved', async () => {
    const test = scenario({
      records: ['a', 'a'],
      limit: 1,
      snapshotEvery: 1,
      saveError: new Error('no room'),
    })
    await test.run()
    expect(test.actions).toEqual([
      'restore 0 of 0',
      'read 0..0',
      'process a',
      'commit out=a1 next=1',
      'read 1..1',
      'problem no room',
      'process a',
      'commit out=a2 next=2',
      'problem no room',
      'end stopped',
    ])
  })
})

/** What is different from: a log that holds `records`, read in one batch by a group that is new to it. */
interface Scenario {
  readonly records: readonly string[]
  readonly start?: bigint
  readonly committed?: bigint
  /** Records of a batch. */
  readonly limit?: number
  /** How often fetching fails, and how often what was fetched does not help. */
  readonly failures?: number
  readonly useless?: number
  readonly stopAfterWaits?: number
  readonly backoff?: { readonly firstMs: number; readonly maxMs: number }
  readonly commitError?: Error
  readonly snapshot?: Snapshot
  /** How often the store does not answer. */
  readonly loadFailures?: number
  readonly snapshotEvery?: number
  readonly snapshotMs?: number
  readonly saveError?: Error
  /** The first snapshot takes until then. */
  readonly slowSave?: Promise<void>
  readonly stateless?: boolean
}

type Counts = Record<string, number>

function scenario(given: Scenario) {
  const actions: string[] = []
  const restores: RestoreFacts[] = []
  let saved: Snapshot | undefined
  const stop = new AbortController()
  const { start = 0n, committed = 0n, limit = 100 } = given
  let failures = given.failures ?? 0
  let loadFailures = given.loadFailures ?? 0
  let useless = given.useless ?? 0
  let waits = 0
  const known = new Set<string>()
  const records = given.records.map((name, index): InputRecord => ({
    key: name,
    value: new TextEncoder().encode(name),
    position: BigInt(index),
    appendedAt: 0,
  }))

  /** Numbers the records of each name; `?x` needs x first, `!` can't be processed. */
  const stage: Stage<Counts, 'out'> = {
    start: () => ({}),
    process(state, batch) {
      const names = batch.records.map(record => record.key!)
      actions.push(`process ${names.join(' ')}`)
      if (names.includes('!')) throw new Error('boom')
      const missing = names.find(name => name.startsWith('?') && !known.has(name.slice(1)))
      if (missing !== undefined) throw new Unresolved([missing.slice(1)])
      const out = names.map((name): OutputRecord => {
        const key = name.replace('?', '')
        state[key] = (state[key] ?? 0) + 1
        return { key: `${key}${state[key]}`, value: new Uint8Array() }
      })
      return { out }
    },
    ...(given.stateless
      ? {}
      : {
          snapshots: {
            version: '1',
            save: state => json(state),
            restore: (_, bytes) => JSON.parse(new TextDecoder().decode(bytes)) as Counts,
          },
        }),
  }

  const store: SnapshotStore = {
    async load() {
      if (loadFailures-- > 0) throw new Error('the store is down')
      return given.snapshot
    },
    async save(_group, _partition, snapshot) {
      if (given.saveError !== undefined) throw given.saveError
      if (given.slowSave !== undefined && saved === undefined) {
        saved = snapshot
        actions.push('save begins')
        await given.slowSave
      }
      saved = snapshot
      actions.push(`save ${snapshot.position} ${new TextDecoder().decode(snapshot.bytes)}`)
    },
  }

  const log = {
    async bounds() {
      return [{ start, end: BigInt(records.length) }]
    },
    async read(_stream, _partition, from) {
      return {
        stream: 'in',
        partition: 0,
        records: records.slice(Number(from), Number(from) + 1),
        next: from,
      }
    },
    async consume({ signal }, own) {
      let position = committed
      await own({
        partition: 0,
        committed,
        signal,
        seek(to) {
          actions.push(`seek ${to}`)
          position = to
        },
        async next(): Promise<Batch | undefined> {
          if (signal.aborted) return undefined
          const from = Number(position)
          const batch = records.slice(from, from + limit)
          if (batch.length === 0) {
            stop.abort()
            return undefined
          }
          position = BigInt(from + batch.length)
          actions.push(`read ${from}..${position - 1n}`)
          return { stream: 'in', partition: 0, records: batch, next: position }
        },
        async commit(outputs, next) {
          if (given.commitError !== undefined) throw given.commitError
          const written = Object.entries(outputs).map(
            ([name, out]) => `${name}=${out.map(({ key }) => key).join()}`,
          )
          actions.push(`commit ${written.join(' ')} next=${next}`)
        },
      })
    },
  } as Partial<Log> as Log

  const options: DriveOptions<Counts, 'out'> = {
    log,
    stage,
    group: 'group',
    input: 'in',
    outputs: { out: 'out' },
    limits: { recordsMax: limit, bytesMax: 1000 },
    signal: stop.signal,
    ...(given.backoff && { backoff: given.backoff }),
    ...(given.snapshotEvery && {
      snapshots: { store, everyRecords: given.snapshotEvery, everyMs: given.snapshotMs ?? Infinity },
    }),
    async resolve(refs) {
      const what = `resolve ${refs.join()}`
      if (failures > 0) {
        failures--
        actions.push(`${what} fails`)
        throw new Error('the registry is down')
      }
      actions.push(what)
      if (useless > 0) useless--
      else for (const ref of refs) known.add(ref)
    },
    observe: {
      ...(given.snapshotEvery && {
        onRestore(facts) {
          restores.push(facts)
          actions.push(`restore ${facts.position} of ${facts.committed}`)
        },
      }),
      onUnresolved({ refs, attempt, error }) {
        actions.push(`unresolved ${refs.join()} attempt ${attempt}: ${error?.message}`)
      },
      onSnapshotProblem({ error, waitMs }) {
        actions.push(`problem ${error.message}${waitMs === undefined ? '' : `, asked again after ${waitMs}`}`)
      },
      onEnd({ reason }) {
        actions.push(`end ${reason}`)
      },
    },
    world: {
      now: () => 0,
      random: () => 0.5,
      async wait(ms) {
        actions.push(`wait ${ms}`)
        if (++waits === given.stopAfterWaits) stop.abort()
      },
    },
  }
  return {
    actions,
    restores,
    options,
    get saved() {
      return saved
    },
    run: (changed: Partial<DriveOptions<Counts, 'out'>> = {}) => drive({ ...options, ...changed }),
  }
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}
