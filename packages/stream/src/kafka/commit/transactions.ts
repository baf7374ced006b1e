import { FencedError, type OutputRecord } from '../../log.ts'
import type { ProduceSettings } from '../produce/appender.ts'
import type { Connection } from '../protocol/connection.ts'
import { isDefinite, isFencing, patiently, typeOf, unsent, type Patience } from '../protocol/errors.ts'
import { intoRequests, place, type RecordBatch } from '../produce/outputs.ts'
import { createSequences, type ProducerId } from '../produce/sequences.ts'
import { produce } from '../produce/produce.ts'
import { stateOf } from './transaction-state.ts'
import { socketOf, type Broker } from '../protocol/wire.ts'

// The one place where a position is committed: in `commit` below, with the outputs, in one transaction of Kafka.

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
   * Writes the outputs, by topic, and commits `next` as the group's position: both or neither. Rejects with a
   * `FencedError`, after which this object is unusable: only the next call of `beginTransactions` settles whether the
   * transaction took effect. An output that no batch can hold rejects with a `RangeError` before anything is sent.
   */
  commit(outputs: Readonly<Record<string, readonly OutputRecord[]>>, next: bigint): Promise<void>
}

interface TopicPartitions {
  readonly topic: string
  readonly partitions: readonly number[]
}

/** The type of the error after a reconnect to the coordinator, or a change of the coordinator, since the last request. */
const RECONNECTED = 'RECONNECTED'
/** How long a request is retried while brokers report that it had no effect, in request timeouts. */
const PATIENCE = 2

/**
 * Takes over a transactional id, which belongs to one partition of one group. Fences every earlier producer of the id,
 * and undoes what it had not committed. When it resolves, the group's position of the partition is final, so the caller
 * reads it then, and not earlier.
 */
export async function beginTransactions(
  connection: Connection,
  settings: TransactionSettings,
): Promise<Transactions> {
  const { transactionalId, transactionTimeoutMs, groupId, topic, partition } = settings
  const { requestTimeoutMs, recordBytesMax } = settings
  const patience = (): Patience => ({ until: performance.now() + PATIENCE * requestTimeoutMs })
  /** The socket over which the coordinator received the last transaction. */
  let socket: object | undefined

  const allOutputs = await patiently(outputPartitions, connection.renew, isDefinite, patience())
  // The coordinator forgets this state once the new producer begins, so nothing comes between the two requests.
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

  /** Begins a transaction: names the group and the partitions that it will write to. */
  async function add(topics: readonly TopicPartitions[]): Promise<void> {
    await askCoordinator(broker => {
      refuseAfterReconnect(broker)
      return broker.addOffsetsToTxn({ ...id, groupId })
    })
    if (topics.length > 0) await askCoordinator(broker => broker.addPartitionsToTxn({ ...id, topics }))
  }

  async function end(transactionResult: boolean): Promise<void> {
    await askCoordinator(broker => {
      refuseAfterReconnect(broker)
      return broker.endTxn({ ...id, transactionResult })
    })
  }

  /**
   * Throws after a reconnect to the coordinator. A coordinator refuses the next transaction until it has marked the end
   * of the last one in every partition, but not after a restart: see `endLeftovers`. The caller then has to take over the
   * id again.
   */
  function refuseAfterReconnect(broker: Broker): void {
    const now = socketOf(broker)
    if (socket !== undefined && now !== socket)
      throw Object.assign(
        new FencedError(
          `the connection to the coordinator of ${transactionalId} was renewed: the position is read again`,
        ),
        { type: RECONNECTED },
      )
    socket = now
  }

  /**
   * Ends what the last transaction has left open, in the way in which that transaction ended: by a transaction that
   * writes nothing. On a correct broker nothing is left open. But a coordinator of version 4 takes a partition without a
   * leader for a deleted one, and marks the end of a transaction in some of its partitions only, or in none
   * (KAFKA-20734). That happens when a single broker is killed and comes back. The next commit under this id would then
   * publish the records although the position had stayed behind, or the reverse.
   */
  async function endLeftovers(isCommitted: boolean): Promise<void> {
    await add(allOutputs)
    await end(isCommitted)
    await askCoordinator(async broker => {
      const state = await stateOf(broker, transactionalId)
      if (state === 'committing' || state === 'aborting')
        throw Object.assign(new Error('the end of the last transaction is being marked'), {
          type: 'CONCURRENT_TRANSACTIONS',
        })
      refuseAfterReconnect(broker)
    })
  }

  /** Returns all partitions that commits may write to. Rejects while one of them, or that of the group's position, has no leader. */
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

  /** Writes the requests and commits the position in one transaction. */
  async function transact(requests: readonly RecordBatch[][], next: bigint): Promise<void> {
    await add(partitionsByTopic(requests))
    await Promise.all([
      writeAll(requests),
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

  async function writeAll(requests: readonly RecordBatch[][]): Promise<void> {
    for (const batches of requests) {
      const numbered = batches.map(batch => ({ ...batch, firstSequence: sequences.draw(batch) }))
      await patiently(
        () => produce(connection, id, numbered, settings),
        connection.renew,
        isDefinite,
        patience(),
      )
    }
  }

  return {
    async commit(outputs, next) {
      if (isOver || sequences.isSpent())
        throw new FencedError(`${transactionalId} has to be taken over again: the position is read again`)
      const counts = await Promise.all(
        Object.keys(outputs).map(async name => (await connection.partitions(name)).length),
      )
      const placed = Object.entries(outputs).flatMap(([name, records], index) =>
        place(name, records, counts[index]!, recordBytesMax),
      )
      try {
        await transact(intoRequests(placed, recordBytesMax), next)
      } catch (error) {
        isOver = true
        if (typeOf(error) === RECONNECTED) throw error
        if (isFencing(error))
          throw new FencedError(`another member owns partition ${partition} of ${topic}`, { cause: error })
        // Spares readers of the outputs the wait until the brokers abort the transaction. Correctness does not need it.
        await end(false).catch(() => {})
        throw new FencedError(
          `it is not known whether a commit of partition ${partition} of ${topic} took effect (${typeOf(error) ?? (error as Error).message}): the position is read again`,
          { cause: error },
        )
      }
    },
  }
}

function partitionsByTopic(requests: readonly RecordBatch[][]): TopicPartitions[] {
  const topics = new Map<string, Set<number>>()
  for (const { topic, partition } of requests.flat()) {
    const partitions = topics.get(topic)
    if (partitions === undefined) topics.set(topic, new Set([partition]))
    else partitions.add(partition)
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions: [...partitions] }))
}
