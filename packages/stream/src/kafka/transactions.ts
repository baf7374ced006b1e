import { FencedError, type OutputRecord } from '../log.ts'
import type { ProduceSettings } from './appender.ts'
import type { Connection } from './connection.ts'
import { isDefinite, isFencing, patiently, typeOf, unsent, type Patience } from './errors.ts'
import { intoRounds, place, type Parcel } from './outputs.ts'
import { createSequences, produce, type ProducerId } from './sequences.ts'
import type { Broker } from './wire.ts'

export interface TransactionSettings extends ProduceSettings {
  readonly transactionalId: string
  readonly transactionTimeoutMs: number
  /** The group whose position of a partition is committed, and that partition. */
  readonly groupId: string
  readonly topic: string
  readonly partition: number
  /** The topics that commits write to. */
  readonly outputs: readonly string[]
}

export interface Transactions {
  /**
   * Writes the outputs, by topic, and commits `next` as the group's position: both or neither. After an error, which
   * is always a `FencedError`, it is of no use any more: what became of the transaction is known only once the next
   * owner has begun.
   */
  commit(outputs: Readonly<Record<string, readonly OutputRecord[]>>, next: bigint): Promise<void>
}

/** How long a request is tried while brokers say that it did nothing, in request timeouts. */
const PATIENCE = 2

/**
 * Begins to write in the name of a transactional id. All who did so before are shut out from then on, and what they
 * had not committed never happened: only now can the group's position be relied on.
 */
export async function beginTransactions(
  connection: Connection,
  settings: TransactionSettings,
): Promise<Transactions> {
  const { transactionalId, transactionTimeoutMs, groupId, topic, partition } = settings
  const { requestTimeoutMs, recordBytesMax } = settings
  const patience = (): Patience => ({ until: performance.now() + PATIENCE * requestTimeoutMs })
  const endTxn = (transactionResult: boolean): Promise<unknown> =>
    ask('transaction', transactionalId, broker => broker.endTxn({ ...id, transactionResult }))

  let id = await begin()
  await abortLeftovers()
  // Only when the marks of that are written.
  id = await begin()
  const sequences = createSequences()
  let isOver = false

  async function ask<T>(
    kind: 'group' | 'transaction',
    name: string,
    request: (broker: Broker) => Promise<T>,
  ): Promise<T> {
    return patiently(
      async () =>
        request(await connection.coordinator(kind, name).catch(error => Promise.reject(unsent(error)))),
      connection.renew,
      isDefinite,
      patience(),
    )
  }

  async function begin(): Promise<ProducerId & { transactionalId: string }> {
    const producer = await ask('transaction', transactionalId, broker =>
      broker.initProducerId({ transactionalId, transactionTimeout: transactionTimeoutMs }),
    )
    return { ...producer, transactionalId }
  }

  /**
   * Gives up what an earlier transaction left open, by one that writes nothing and is aborted. There should be no such
   * thing: but a coordinator that comes back before it knows where the partitions are (seen on 4.3, with a lone broker)
   * takes a transaction for complete whose end it has marked nowhere. What the next transaction of this id commits
   * would then commit the earlier one's records too, though the group's position is still before them.
   */
  async function abortLeftovers(): Promise<void> {
    const topics = await Promise.all(
      settings.outputs.map(async name => ({ topic: name, partitions: await connection.partitions(name) })),
    )
    if (topics.length > 0)
      await ask('transaction', transactionalId, broker => broker.addPartitionsToTxn({ ...id, topics }))
    await ask('transaction', transactionalId, broker => broker.addOffsetsToTxn({ ...id, groupId }))
    await endTxn(false)
  }

  async function transact(rounds: readonly Parcel[][], next: bigint): Promise<void> {
    const topics = partitionsByTopic(rounds)
    if (topics.length > 0)
      await ask('transaction', transactionalId, broker => broker.addPartitionsToTxn({ ...id, topics }))
    await ask('transaction', transactionalId, broker => broker.addOffsetsToTxn({ ...id, groupId }))
    await Promise.all([
      writeAll(rounds),
      ask('group', groupId, broker =>
        broker.txnOffsetCommit({
          ...id,
          groupId,
          topics: [{ topic, partitions: [{ partition, offset: String(next) }] }],
        }),
      ),
    ])
    await endTxn(true)
  }

  async function writeAll(rounds: readonly Parcel[][]): Promise<void> {
    for (const round of rounds) {
      const parcels = round.map(parcel => ({ ...parcel, firstSequence: sequences.draw(parcel) }))
      await patiently(
        () => produce(connection, id, parcels, settings),
        connection.renew,
        isDefinite,
        patience(),
      )
    }
  }

  return {
    async commit(outputs, next) {
      if (isOver || sequences.isSpent()) throw new FencedError(`${transactionalId} has to begin anew`)
      const counts = await Promise.all(
        Object.keys(outputs).map(async name => (await connection.partitions(name)).length),
      )
      const placed = Object.entries(outputs).flatMap(([name, records], index) =>
        place(name, records, counts[index]!, recordBytesMax),
      )
      try {
        await transact(intoRounds(placed, recordBytesMax), next)
      } catch (error) {
        isOver = true
        if (isFencing(error))
          throw new FencedError(`another worker has partition ${partition} of ${topic}`, { cause: error })
        // Readers of what it wrote to need not wait until the brokers give it up. Nothing depends on it.
        await endTxn(false).catch(() => {})
        throw new FencedError(
          `what became of a commit of partition ${partition} of ${topic} is not known (${typeOf(error) ?? (error as Error).message}): the position is read again`,
          { cause: error },
        )
      }
    },
  }
}

function partitionsByTopic(rounds: readonly Parcel[][]): { topic: string; partitions: number[] }[] {
  const topics = new Map<string, Set<number>>()
  for (const { topic, partition } of rounds.flat()) {
    const partitions = topics.get(topic)
    if (partitions === undefined) topics.set(topic, new Set([partition]))
    else partitions.add(partition)
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions: [...partitions] }))
}
