import kafkajs, { type Admin } from 'kafkajs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { serversAvailable } from '@sluicebox/infra/local/available'
import { startKafka, type LocalKafka } from '@sluicebox/infra/local/kafka/kafka'
import type { Batch, Log, OutputRecord, OwnedPartition, Skipped } from '../../log.ts'
import { kafkaConfig } from '../config.ts'
import { openKafkaLog } from '../log.ts'

// What holds on Kafka, beside the contract of every log. A member may lose a partition at any time, such as when a loaded
// machine delays its heartbeats: `next` then returns undefined, and the next owner continues at what was committed.

/** Readers see a commit soon after it was acknowledged. */
const SOON = { timeout: 20_000 }
const LIMITS = { recordsMax: 100, bytesMax: 1_000_000 }

describe.skipIf(!(await serversAvailable('kafka')))('the consumer on Kafka', () => {
  let kafka: LocalKafka
  let admin: Admin
  let prefix: string
  let runs = 0
  const opened: Log[] = []
  const problems: Error[] = []
  const skipped: Skipped[] = []

  beforeAll(async () => {
    kafka = await startKafka()
    admin = new kafkajs.Kafka({
      brokers: kafka.addresses,
      logLevel: kafkajs.logLevel.NOTHING,
    }).admin()
    await admin.connect()
  })
  afterAll(async () => {
    await admin?.disconnect()
    await kafka?.stop()
  })
  beforeEach(async () => {
    prefix = `consumer-${runs++}.`
    await admin.createTopics({
      topics: ['raw', 'good'].map(stream => ({
        topic: `${prefix}${stream}`,
        numPartitions: 1,
        configEntries: [{ name: 'max.message.bytes', value: '5000000' }],
      })),
    })
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(log => log[Symbol.asyncDispose]()))
    problems.length = skipped.length = 0
  })

  async function open(settings: object = {}): Promise<Log> {
    const log = await openKafkaLog({
      config: kafkaConfig.parse({ brokers: kafka.addresses, prefix, ...settings }),
      onProblem: error => problems.push(error),
      onSkipped: each => skipped.push(each),
    })
    opened.push(log)
    return log
  }

  const numbered = (count: number): OutputRecord[] =>
    Array.from({ length: count }, (_, index) => ({ key: 'a', value: Buffer.from(String(index)) }))

  interface Owned extends OwnedPartition {
    /** Rejects when the partition is lost. */
    next(): Promise<Batch>
  }

  /** Consumes `raw` until `use` resolves. After a partition was lost, `use` is called again with its next owner. */
  async function withOwned(log: Log, use: (owned: Owned) => Promise<void>): Promise<void> {
    const stop = new AbortController()
    const lost = new Error('the partition was lost')
    await log.consume(
      { stream: 'raw', group: 'group', outputs: ['good'], ...LIMITS, signal: stop.signal },
      async owned => {
        const next = async (): Promise<Batch> => {
          const batch = await owned.next()
          if (batch === undefined) throw lost
          return batch
        }
        try {
          await use({ ...owned, next })
          stop.abort()
        } catch (error) {
          if (error !== lost) throw error
        }
      },
    )
  }

  /** Copies `raw` to `good` until the group has committed `end`, however often the partition is lost on the way. */
  async function copyUntil(owned: Owned, end: bigint): Promise<void> {
    for (let position = owned.committed; position < end;) {
      const batch = await owned.next()
      await owned.commit({ good: batch.records.map(({ key, value }) => ({ key, value })) }, batch.next)
      position = batch.next
    }
  }

  test('continues behind what was deleted, and says so', async () => {
    const log = await open()
    await log.append('raw', numbered(5))
    await withOwned(log, owned => owned.commit({}, 1n))
    // So that the client learns which broker leads the partition.
    await admin.fetchTopicOffsets(`${prefix}raw`)
    await admin.deleteTopicRecords({ topic: `${prefix}raw`, partitions: [{ partition: 0, offset: '3' }] })
    await withOwned(log, async owned => {
      expect(owned.committed).toBe(1n)
      const batch = await owned.next()
      expect(batch.records.map(({ position }) => position)).toEqual([3n, 4n])
    })
    expect(skipped).toEqual([{ group: 'group', stream: 'raw', partition: 0, from: 1n, to: 3n }])
  })

  test('readers do not see what a transaction wrote that was not committed', async () => {
    const log = await open()
    await log.append('raw', numbered(2))
    const producer = new kafkajs.Kafka({
      brokers: kafka.addresses,
      logLevel: kafkajs.logLevel.NOTHING,
    }).producer({ transactionalId: `${prefix}other`, maxInFlightRequests: 1, idempotent: true })
    await producer.connect()
    const transaction = await producer.transaction()
    await transaction.send({ topic: `${prefix}good`, messages: [{ value: 'never', partition: 0 }] })
    expect(await log.bounds('good')).toEqual([{ start: 0n, end: 0n }])
    await transaction.abort()
    await producer.disconnect()

    await withOwned(log, async owned => {
      const batch = await owned.next()
      await owned.commit({ good: numbered(1) }, batch.next)
    })
    // Readers see a commit soon after it was acknowledged, not at once.
    await expect.poll(async () => (await log.bounds('good'))[0]!.end > 3n, SOON).toBe(true)
    const batch = await log.read('good', 0, 0n, LIMITS)
    expect(batch.records.map(({ value }) => String(Buffer.from(value)))).toEqual(['0'])
    // Behind the mark of the end of the transaction there is nothing more.
    const rest = await log.read('good', 0, batch.next, LIMITS)
    expect(rest.records).toEqual([])
    expect([batch.next, rest.next]).toContain((await log.bounds('good'))[0]!.end)
  })

  test('takes a partition over again after a commit that was refused, where the group has committed', async () => {
    const log = await open()
    await log.append('raw', numbered(4))
    const stop = new AbortController()
    const committed: bigint[] = []
    let ownings = 0
    await log.consume(
      { stream: 'raw', group: 'group', outputs: ['good'], ...LIMITS, signal: stop.signal },
      async owned => {
        committed.push(owned.committed)
        await owned.next()
        if (++ownings === 1) {
          await owned.commit({ good: numbered(1) }, 2n)
          // Another producer takes the transactional id, as a new owner of the partition would.
          const other = new kafkajs.Kafka({
            brokers: kafka.addresses,
            logLevel: kafkajs.logLevel.NOTHING,
          }).producer({ transactionalId: `${prefix}group-raw-0`, maxInFlightRequests: 1, idempotent: true })
          await other.connect()
          await (await other.transaction()).abort()
          await other.disconnect()
          await owned.commit({ good: numbered(1) }, 4n)
        }
        await owned.commit({ good: numbered(1) }, 4n)
        stop.abort()
      },
    )
    expect(committed).toEqual([0n, 2n])
    await expect.poll(() => log.committed('group', 'raw'), SOON).toEqual([4n])
    await expect.poll(async () => (await log.read('good', 0, 0n, LIMITS)).records.length, SOON).toBe(2)
  })

  test('two members each continue with what they keep while a third one joins', async () => {
    const topic = `${prefix}raw`
    await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] })
    const stop = new AbortController()
    const begun: string[] = []
    const joined = [1, 2, 3].map(() => Promise.withResolvers<void>())
    const members = []
    for (const [index, name] of ['a', 'b', 'c'].entries()) {
      const log = await open()
      members.push(
        log.consume(
          { stream: 'raw', group: 'group', outputs: ['good'], ...LIMITS, signal: stop.signal },
          async owned => {
            begun.push(`${name}${owned.partition}`)
            const owners = new Set(begun.map(each => each[0])).size
            if (owners === index + 1 && (index > 0 || begun.length === 3)) joined[index]!.resolve()
            await new Promise(resolve => owned.signal.addEventListener('abort', resolve))
          },
        ),
      )
      await joined[index]!.promise
    }
    stop.abort()
    await Promise.all(members)
    // No member lost and regained a partition.
    expect(new Set(begun).size).toBe(begun.length)
    expect(begun).toHaveLength(5)
  })

  test('a member without a partition says so, and takes over from one that leaves', async () => {
    const log = await open()
    const other = await open()
    const stops = [new AbortController(), new AbortController()] as const
    const owned = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
    const members = [log, other].map((each, index) =>
      each.consume(
        { stream: 'raw', group: 'group', ...LIMITS, signal: stops[index]!.signal },
        async partition => {
          owned[index]!.resolve()
          await partition.next()
        },
      ),
    )
    await Promise.race(owned.map(({ promise }) => promise))
    await expect
      .poll(() => problems.map(({ message }) => message).join(), SOON)
      .toMatch(/this member has no partition/)
    const first = await Promise.race(owned.map(async ({ promise }, index) => promise.then(() => index)))
    stops[first]!.abort()
    await owned[1 - first]!.promise
    stops[1 - first]!.abort()
    await Promise.all(members)
  })

  test('compressed batches are read like others', async () => {
    const log = await open({ compression: 'gzip' })
    await log.append('raw', numbered(50))
    const { records } = await log.read('raw', 0, 0n, LIMITS)
    expect(records.map(({ value }) => String(Buffer.from(value)))).toEqual(
      Array.from({ length: 50 }, (_, index) => String(index)),
    )
  })

  test('appends are refused while too much waits, and continue once it is written', async () => {
    const log = await open()
    const large = (): OutputRecord[] =>
      Array.from({ length: 10 }, () => ({ key: 'a', value: Buffer.alloc(3_000_000) }))
    const appends = await Promise.allSettled([1, 2, 3, 4].map(() => log.append('raw', large())))
    expect(appends.map(({ status }) => status)).toContain('rejected')
    const refused = appends.find(each => each.status === 'rejected')
    expect(String(refused?.reason)).toMatch(/bytes wait to be written to Kafka already/)
    await log.append('raw', numbered(1))
  })

  test('outlives a broker that goes away and comes back', async () => {
    const log = await open()
    let isKilled = false
    await withOwned(log, async owned => {
      // Only the first owner: when its commit is refused, or the partition is lost, the next owner does the rest.
      if (!isKilled) {
        isKilled = true
        await kafka.nodes[0]!.kill('SIGKILL')
        await kafka.nodes[0]!.start()
        await log.append('raw', numbered(1))
      }
      await copyUntil(owned, 1n)
    })
    await expect.poll(() => log.committed('group', 'raw'), SOON).toEqual([1n])
    await expect.poll(async () => (await log.read('good', 0, 0n, LIMITS)).records.length, SOON).toBe(1)
  })

  test('a broker that is killed right after a commit loses and doubles nothing', async () => {
    const log = await open()
    // Brokers of 4.3 may forget to mark the end of a transaction then: the member that takes over has to clear it up.
    for (let kills = 0; kills < 3; kills++) {
      await log.append('raw', [{ key: 'a', value: Buffer.from(String(kills)) }])
      await withOwned(log, async owned => {
        await copyUntil(owned, BigInt(kills + 1))
        await kafka.nodes[0]!.kill('SIGKILL')
        await kafka.nodes[0]!.start()
      })
    }
    // The broker may have forgotten the last owner's commit; the next owner does that work again.
    await log.append('raw', [{ key: 'a', value: Buffer.from('last') }])
    await withOwned(log, owned => copyUntil(owned, 4n))
    const seen = async (): Promise<string[]> => {
      const values: string[] = []
      for (let from = 0n; ;) {
        const batch = await log.read('good', 0, from, LIMITS)
        if (batch.records.length === 0) return values
        values.push(...batch.records.map(({ value }) => String(Buffer.from(value))))
        from = batch.next
      }
    }
    await expect.poll(seen, SOON).toEqual(['0', '1', '2', 'last'])
  })

  test('refuses what a setting makes impossible', async () => {
    const log = await open({ sessionTimeoutMs: 1000 })
    await expect(
      log.consume(
        { stream: 'raw', group: 'group', ...LIMITS, signal: new AbortController().signal },
        async () => {},
      ),
    ).rejects.toThrow(/session timeout/i)
  })

  // The last one: the broker has to join its cluster again afterwards.
  test('a broker that says nothing at all ends the consumer, so that its process is restarted', async () => {
    const log = await open({ stallMs: 1000, requestTimeoutMs: 3000, sessionTimeoutMs: 30_000 })
    const holding = Promise.withResolvers<void>()
    const consumed = log.consume(
      { stream: 'raw', group: 'group', ...LIMITS, signal: new AbortController().signal },
      async owned => {
        holding.resolve()
        await owned.next()
      },
    )
    consumed.catch(() => {})
    await holding.promise
    await kafka.nodes[0]!.kill('SIGSTOP')
    try {
      await expect(consumed).rejects.toMatchObject({ name: 'StalledError' })
    } finally {
      await kafka.nodes[0]!.kill('SIGCONT')
    }
  })
})
