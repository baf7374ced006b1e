import { describe, expect, test } from 'vitest'
import { drive } from './drive.ts'
import type { DriveOptions, RestoreFacts } from './options.ts'
import { FencedError, type Log, type OutputRecord } from '../log.ts'
import { createMemoryLog } from '../testing/memory-log.ts'
import type { Snapshot, SnapshotStore } from './snapshots.ts'
import { Unresolved, type Stage } from './stage.ts'

// The driver with a log, a store and a world that record what is done to them. Each test compares the whole list, so
// that the order counts.

describe('drive', () => {
  test('reads, processes and commits a batch before it reads the next', async () => {
    const scene = scenario({ records: ['a', 'b', 'c', 'd'], limit: 2 })
    await scene.run()
    expect(scene.actions).toEqual([
      'read 0..1',
      'process a b',
      'commit out=a1,b1 next=2',
      'read 2..3',
      'process c d',
      'commit out=c1,d1 next=4',
      'end stopped',
    ])
  })

  test('begins at the position that the group has committed', async () => {
    const scene = scenario({ records: ['a', 'b', 'c'], committed: 2n, stateless: true })
    await scene.run()
    expect(scene.actions).toEqual(['read 2..2', 'process c', 'commit out=c1 next=3', 'end stopped'])
  })

  test('commits nothing while something is unresolved, retries with longer waits, and continues once it is there', async () => {
    const scene = scenario({ records: ['a', '?x', 'b'], failures: 2 })
    await scene.run()
    expect(scene.actions).toEqual([
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

  test('waits no longer than the longest wait', async () => {
    const scene = scenario({ records: ['?x'], failures: 6, backoff: { firstMs: 100, maxMs: 500 } })
    await scene.run()
    expect(scene.actions.filter(action => action.startsWith('wait'))).toEqual([
      'wait 75',
      'wait 150',
      'wait 300',
      'wait 375',
      'wait 375',
      'wait 375',
    ])
  })

  test('resolves at once what turns out to be missing next', async () => {
    const scene = scenario({ records: ['?x', '?y'] })
    await scene.run()
    expect(scene.actions).toEqual([
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

  test('waits when what it fetched does not help', async () => {
    const scene = scenario({ records: ['?x'], uselessFetches: 1 })
    await scene.run()
    expect(scene.actions).toEqual([
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

  test('can be stopped while something is unresolved, and commits nothing of that batch', async () => {
    const scene = scenario({ records: ['?x'], failures: Infinity, stopAfterWaits: 3 })
    await scene.run()
    expect(scene.actions.filter(action => action.startsWith('commit'))).toEqual([])
    expect(scene.actions.at(-1)).toBe('end stopped')
  })

  test('can be stopped while a fetch never settles', async () => {
    const scene = scenario({ records: ['?x'] })
    const stop = new AbortController()
    const driving = scene.run({
      signal: stop.signal,
      resolve() {
        stop.abort()
        return new Promise(() => {})
      },
    })
    await driving
    expect(scene.actions.at(-1)).toBe('end stopped')
  })

  test('says what is missing when it has nothing to fetch it with', async () => {
    const scene = scenario({ records: ['?x'] })
    const { resolve: _, ...options } = scene.options
    await expect(drive(options)).rejects.toThrow(
      'The stage needs x, but the driver has no `resolve` to fetch it with. Pass one to drive().',
    )
  })

  test('rejects with what a stage throws, and commits nothing', async () => {
    const scene = scenario({ records: ['a', '!', 'b'] })
    await expect(scene.run()).rejects.toThrow('boom')
    expect(scene.actions).toEqual(['read 0..2', 'process a ! b'])
  })

  test('rejects when a commit fails', async () => {
    const scene = scenario({ records: ['a'], commitError: new Error('the disk is full') })
    await expect(scene.run()).rejects.toThrow('the disk is full')
  })

  test('leaves a partition that another owner has taken', async () => {
    const scene = scenario({ records: ['a'], commitError: new FencedError('taken'), snapshotEvery: 1 })
    await scene.run()
    expect(scene.actions).toEqual(['restore 0 of 0', 'read 0..0', 'process a', 'end taken'])
  })
})

describe('the state of a partition', () => {
  test('is saved once enough records were committed', async () => {
    const scene = scenario({ records: ['a', 'a', 'a', 'a', 'a'], limit: 2, snapshotEvery: 4 })
    await scene.run()
    expect(scene.actions).toEqual([
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

  test('is saved once enough time has passed', async () => {
    const scene = scenario({ records: ['a', 'a'], limit: 1, snapshotEvery: 1000, snapshotMs: 0 })
    await scene.run()
    expect(scene.actions.filter(action => action.startsWith('save'))).toEqual([
      'save 1 {"a":1}',
      'save 2 {"a":2}',
    ])
  })

  test('is saved while the partition continues, one snapshot at a time, and the last at the end', async () => {
    const slow = Promise.withResolvers<void>()
    const scene = scenario({
      records: ['a', 'a', 'a'],
      limit: 1,
      snapshotEvery: 1,
      slowSave: slow.promise,
    })
    const running = scene.run()
    await expect.poll(() => scene.actions).toContain('commit out=a3 next=3')
    expect(scene.actions.filter(action => action.startsWith('save'))).toEqual(['save begins'])
    slow.resolve()
    await running
    expect(scene.actions.slice(-3)).toEqual(['save 1 {"a":1}', 'save 3 {"a":3}', 'end stopped'])
  })

  test('is restored from the snapshot and a replay that writes nothing', async () => {
    const scene = scenario({
      records: ['a', 'a', 'a', 'a'],
      committed: 3n,
      limit: 2,
      snapshot: { position: 1n, version: '1', bytes: json({ a: 1 }) },
      snapshotEvery: 100,
    })
    await scene.run()
    expect(scene.actions).toEqual([
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

  test('splits a batch in which the replay ends', async () => {
    const scene = scenario({ records: ['a', 'a', 'a'], committed: 2n, snapshotEvery: 100 })
    await scene.run()
    expect(scene.actions).toEqual([
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

  test.each<[string, Partial<Snapshot>]>([
    ['of another version', { version: '0' }],
    ['that the stage can not restore', { bytes: new TextEncoder().encode('{') }],
    ['of a position that the group has not committed', { position: 3n }],
    ['of a log that took its last record at another instant', { last: { position: 0n, appendedAt: 7 } }],
    [
      'of a log with a record at a position where this log has none',
      { last: { position: 9n, appendedAt: 0 } },
    ],
  ])('is not restored from a snapshot %s', async (_, part) => {
    const scene = scenario({
      records: ['a', 'a', 'a'],
      committed: 2n,
      snapshot: { position: 1n, version: '1', bytes: json({ a: 10 }), ...part },
      snapshotEvery: 100,
    })
    await scene.run()
    expect(scene.actions.find(action => action.startsWith('commit'))).toBe('commit out=a3 next=3')
    expect(scene.actions.filter(action => action.startsWith('problem '))).toHaveLength(1)
  })

  test.each<[string, Partial<Scenario>, Snapshot['last']]>([
    ['its last record is still in the log', {}, { position: 0n, appendedAt: 0 }],
    ['its last record was deleted', { start: 1n }, { position: 0n, appendedAt: 7 }],
  ])('is restored from a snapshot when %s', async (_, given, last) => {
    const scene = scenario({
      ...given,
      records: ['a', 'a', 'a'],
      committed: 2n,
      snapshot: { position: 1n, version: '1', bytes: json({ a: 10 }), last },
      snapshotEvery: 100,
    })
    await scene.run()
    expect(scene.actions.find(action => action.startsWith('commit'))).toBe('commit out=a12 next=3')
    expect(scene.saved).toMatchObject({ position: 3n, last: { position: 2n, appendedAt: 0 } })
  })

  test('is awaited while the store is down', async () => {
    const scene = scenario({
      records: ['a', 'a'],
      committed: 1n,
      snapshot: { position: 1n, version: '1', bytes: json({ a: 1 }) },
      loadFailures: 2,
      snapshotEvery: 100,
    })
    await scene.run()
    expect(scene.actions).toEqual([
      'problem the store is down, retries after 75',
      'wait 75',
      'problem the store is down, retries after 150',
      'wait 150',
      'restore 1 of 1',
      'read 1..1',
      'process a',
      'commit out=a2 next=2',
      'save 2 {"a":2}',
      'end stopped',
    ])
  })

  test('is not awaited any longer when the partition ends while the store is down', async () => {
    const scene = scenario({ records: ['a'], loadFailures: Infinity, stopAfterWaits: 2, snapshotEvery: 100 })
    await scene.run()
    expect(scene.actions.slice(-2)).toEqual(['restore 0 of 0', 'end stopped'])
    expect(scene.actions.filter(action => action.startsWith('commit'))).toEqual([])
  })

  test('is restored from the first record kept without a snapshot, which is reported', async () => {
    const scene = scenario({ records: ['a', 'a', 'a'], start: 1n, committed: 2n, snapshotEvery: 100 })
    await scene.run()
    expect(scene.actions.slice(0, 2)).toEqual(['seek 1', 'restore 1 of 2'])
    expect(scene.restores[0]).toMatchObject({ from: 1n, hasSnapshot: false, hasGap: false })
  })

  test('lacks the records deleted between the snapshot and the first record kept, which is reported', async () => {
    const scene = scenario({
      records: ['a', 'a', 'a', 'a'],
      start: 2n,
      committed: 3n,
      snapshot: { position: 1n, version: '1', bytes: json({ a: 1 }) },
      snapshotEvery: 100,
    })
    await scene.run()
    expect(scene.restores[0]).toMatchObject({ from: 2n, hasSnapshot: true, hasGap: true })
    expect(scene.actions.find(action => action.startsWith('commit'))).toBe('commit out=a3 next=4')
  })

  test('is kept when it can not be saved', async () => {
    const scene = scenario({
      records: ['a', 'a'],
      limit: 1,
      snapshotEvery: 1,
      saveError: new Error('no room'),
    })
    await scene.run()
    expect(scene.actions).toEqual([
      'restore 0 of 0',
      'read 0..0',
      'process a',
      'commit out=a1 next=1',
      'problem no room',
      'read 1..1',
      'process a',
      'commit out=a2 next=2',
      'problem no room',
      'end stopped',
    ])
  })
})

/** The default: a log that holds `records`, read in one batch by a new group. */
interface Scenario {
  readonly records: readonly string[]
  readonly start?: bigint
  readonly committed?: bigint
  /** The most records of a batch. */
  readonly limit?: number
  /** How many fetches fail, and how many later ones do not help. */
  readonly failures?: number
  readonly uselessFetches?: number
  readonly stopAfterWaits?: number
  readonly backoff?: { readonly firstMs: number; readonly maxMs: number }
  readonly commitError?: Error
  readonly snapshot?: Snapshot
  /** How many loads of a snapshot fail. */
  readonly loadFailures?: number
  readonly snapshotEvery?: number
  readonly snapshotMs?: number
  readonly saveError?: Error
  /** The first save resolves after this. */
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
  let uselessFetches = given.uselessFetches ?? 0
  let waits = 0
  const known = new Set<string>()

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

  const memory = createMemoryLog()
  memory.now = 0
  for (const name of given.records) memory.write('in', 0, name, new TextEncoder().encode(name))
  memory.truncate('in', 0, start)
  memory.place('group', 'in', 0, committed)
  /** Records what the driver does to the log in memory, and stops the driver at the end of the stream. */
  const log: Log = {
    ...memory,
    consume: (consumeOptions, own) =>
      memory.consume(consumeOptions, owned => {
        let next = owned.committed
        return own({
          ...owned,
          seek(to) {
            actions.push(`seek ${to}`)
            next = to
            owned.seek(to)
          },
          async next() {
            if (next >= BigInt(given.records.length)) stop.abort()
            const batch = await owned.next()
            if (batch === undefined) return undefined
            next = batch.next
            actions.push(`read ${batch.records[0]!.position}..${next - 1n}`)
            return batch
          },
          async commit(outputs, to) {
            if (given.commitError !== undefined) throw given.commitError
            const written = Object.entries(outputs).map(
              ([name, out]) => `${name}=${out.map(({ key }) => key).join()}`,
            )
            actions.push(`commit ${written.join(' ')} next=${to}`)
            await owned.commit(outputs, to)
          },
        })
      }),
  }

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
      if (uselessFetches > 0) uselessFetches--
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
        actions.push(`problem ${error.message}${waitMs === undefined ? '' : `, retries after ${waitMs}`}`)
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
