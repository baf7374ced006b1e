import { FencedError, type OutputRecord } from '../../log.ts'
import type { ProduceSettings } from '../produce/appender.ts'
import type { Connection } from '../protocol/connection.ts'
import { isDefinite, isFencing, patiently, typeOf, unsent, type Patience } from '../protocol/errors.ts'
import { intoRounds, place, type Parcel } from '../produce/outputs.ts'
import { createSequences, type ProducerId } from '../produce/sequences.ts'
import { produce } from '../produce/produce.ts'
import { stateOf } from './transaction-state.ts'
import { lineTo, type Broker } from '../protocol/wire.ts'

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
   * is always a `FencedError`, it is unusable any more: what became of the transaction is known only once the next
   * owner has begun.
   */
  commit(outputs: Readonly<Record<string, readonly OutputRecord[]>>, next: bigint): Promise<void>
}

interface TopicPartitions {
  readonly topic: string
  readonly partitions: readonly number[]
}

/** The type of the error that the coordinator was connected again, or is another one, since the last request to it. */
const RECONNECTED = 'RECONNECTED'
/** How long a request is tried while brokers say that it did nothing, in request timeouts. */
const PATIENCE = 2

/**
 * Begins to write in the name of a transactional id. Every earlier producer of the id is fenced from then on, and what they
 * had not committed never happened: only now can the group's position be relied on.
 */
export async function beginTransactions(
  connection: Connection,
  settings: TransactionSettings,
): Promise<Transactions> {
  const { transactionalId, transactionTimeoutMs, groupId, topic, partition } = settings
  const { requestTimeoutMs, recordBytesMax } = settings
  const patience = (): Patience => ({ until: performance.now() + PATIENCE * requestTimeoutMs })
  /** The line on which the coordinator learned of the last transaction. */
  let line: object | undefined

  const allOutputs = await patiently(outputPartitions, connection.renew, isDefinite, patience())
  // It is forgotten once this one begins: so little is left to do in between.
  const last = await askCoordinator(broker => stateOf(broker, transactionalId))
  const id = await begin()
  await endLeftovers(last === 'committing' || last === 'committed')
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

  function askCoordinator<T>(request: (broker: Broker) => Promise<T>): Promise<T> {
    return ask('transaction', transactionalId, request)
  }

  async function begin(): Promise<ProducerId & { transactionalId: string }> {
    const producer = await askCoordinator(broker =>
      broker.initProducerId({ transactionalId, transactionTimeout: transactionTimeoutMs }),
    )
    return { ...producer, transactionalId }
  }

  /** Begins a transaction by saying what it will write to. */
  async function add(topics: readonly TopicPartitions[]): Promise<void> {
    await askCoordinator(broker => {
      stayOnLine(broker)
      return broker.addOffsetsToTxn({ ...id, groupId })
    })
    if (topics.length > 0) await askCoordinator(broker => broker.addPartitionsToTxn({ ...id, topics }))
  }

  async function end(transactionResult: boolean): Promise<void> {
    await askCoordinator(broker => {
      stayOnLine(broker)
      return broker.endTxn({ ...id, transactionResult })
    })
  }

  /**
   * A coordinator refuses the next transaction until it has marked the end of the last one everywhere. Once it was
   * restarted, that can't be relied on: see `endLeftovers`. So nothing is asked of it then but to begin again.
   */
  function stayOnLine(broker: Broker): void {
    const now = lineTo(broker)
    if (line !== undefined && now !== line)
      throw Object.assign(
        new FencedError(
          `the coordinator of ${transactionalId} was connected again: the position is read again`,
        ),
        { type: RECONNECTED },
      )
    line = now
  }

  /**
   * Ends what the last transaction has left open as that one was ended, by another that writes nothing. There should be
   * no such thing: but a coordinator of version 4 takes a partition that has no leader for one that was deleted, and
   * marks the end of a transaction in a part of its partitions only, or in none (KAFKA-20734). That happens when a lone
   * broker is killed and comes back. The records would come to light with the next commit under this id, though the
   * position had stayed behind, or the other way round.
   */
  async function endLeftovers(isCommitted: boolean): Promise<void> {
    await add(allOutputs)
    await end(isCommitted)
    await askCoordinator(async broker => {
      const state = await stateOf(broker, transactionalId)
      if (state === 'committing' || state === 'aborting')
        throw Object.assign(new Error('its end is being marked'), { type: 'CONCURRENT_TRANSACTIONS' })
      stayOnLine(broker)
    })
  }

  /** Of all that commits may write to. Rejects while one of them, or that of the group's position, has no leader. */
  async function outputPartitions(): Promise<TopicPartitions[]> {
    await connection.renew()
    await connection.coordinator('group', groupId)
    return Promise.all(
      settings.outputs.map(async name => {
        const partitions = await connection.partitions(name)
        for (const each of partitions) await connection.leaderId(name, each)
        return { topic: name, partitions }
      }),
    )
  }

  async function transact(rounds: readonly Parcel[][], next: bigint): Promise<void> {
    await add(partitionsByTopic(rounds))
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
    await end(true)
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
      if (isOver || sequences.isSpent()) throw new FencedError(`${transactionalId} has to begin again`)
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
        if (typeOf(error) === RECONNECTED) throw error
        if (isFencing(error))
          throw new FencedError(`another worker has partition ${partition} of ${topic}`, { cause: error })
        // Readers of what it wrote to need not wait until the brokers give it up. Nothing depends on it.
        await end(false).catch(() => {})
        throw new FencedError(
          `what became of a commit of partition ${partition} of ${topic} is not known (${typeOf(error) ?? (error as Error).message}): the position is read again`,
          { cause: error },
        )
      }
    },
  }
}

function partitionsByTopic(rounds: readonly Parcel[][]): TopicPartitions[] {
  const topics = new Map<string, Set<number>>()
  for (const { topic, partition } of rounds.flat()) {
    const partitions = topics.get(topic)
    if (partitions === undefined) topics.set(topic, new Set([partition]))
    else partitions.add(partition)
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions: [...partitions] }))
}
