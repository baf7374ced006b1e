import { setTimeout as sleep } from 'node:timers/promises'
import { committedRecords, readBatches, type AbortedTransaction, type StoredRecord } from './batches.ts'
import { array, int32, int64, int8, text, type ByteReader } from './bytes.ts'
import { connectToBroker, type BrokerConnection } from './connection.ts'

// A reader of topics that shares no line with the client library of the product: what that one gets wrong, this one
// does not get wrong in the same way.

/** What is in a partition for a reader of committed records. */
export interface ReadPartition {
  readonly partition: number
  readonly records: readonly StoredRecord[]
  /** The offset that the next record gets, and the one from which on transactions are open: the same when none is. */
  readonly end: bigint
  readonly stableEnd: bigint
  /** Records of transactions that were undone: nobody sees them. */
  readonly aborted: number
}

export interface TopicReader {
  readTopic(topic: string): Promise<ReadPartition[]>
  /** The offsets that a group has committed; 0 where it has committed none. */
  committed(group: string, topic: string): Promise<bigint[]>
  close(): void
}

const METADATA = 3
const FETCH = 1
const OFFSET_FETCH = 9
const FIND_COORDINATOR = 10
const READ_COMMITTED = 1
const FETCH_BYTES_MAX = 4 * 1024 * 1024
const RETRIES = 40
const RETRY_MS = 250

/** An error that a broker answered with. */
class BrokerError extends Error {}

/** Reads through the brokers at these addresses; they say where the leaders are. */
export function createTopicReader(addresses: readonly string[]): TopicReader {
  const connections = new Map<string, Promise<BrokerConnection>>()

  function ask(address: string, apiKey: number, version: number, body: Buffer): Promise<ByteReader> {
    const connection = connections.get(address) ?? connectToBroker(address)
    connections.set(address, connection)
    return connection.then(broker => broker.request(apiKey, version, body))
  }

  function forget(): void {
    for (const connection of connections.values())
      void connection.then(
        each => each.close(),
        () => {},
      )
    connections.clear()
  }

  /** Leaders move and brokers start again: what fails is tried again, for some seconds. */
  async function patiently<T>(work: (address: string) => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await work(addresses[attempt % addresses.length]!)
      } catch (error) {
        forget()
        if (attempt >= RETRIES) throw error
        await sleep(RETRY_MS)
      }
    }
  }

  /** The address of the leader of each partition. */
  async function leaders(address: string, topic: string): Promise<string[]> {
    const answer = await ask(address, METADATA, 1, array([topic], text))
    const brokers = new Map(
      answer.array(() => {
        const id = answer.int32()
        const host = answer.text()
        const port = answer.int32()
        answer.textOrNull() // the rack
        return [id, `${host}:${port}`] as const
      }),
    )
    answer.int32() // the controller
    const found: string[] = []
    answer.array(() => {
      expectNoError(answer.int16(), `topic ${answer.text()}`)
      answer.int8()
      answer.array(() => {
        const code = answer.int16()
        const partition = answer.int32()
        const leader = answer.int32()
        answer.array(() => answer.int32())
        answer.array(() => answer.int32())
        expectNoError(code, `the leader of ${topic}/${partition}`)
        found[partition] = brokers.get(leader)!
      })
    })
    return found
  }

  async function readPartition(address: string, topic: string, partition: number): Promise<ReadPartition> {
    const records: StoredRecord[] = []
    let aborted = 0
    let from = 0n
    for (;;) {
      const fetched = await fetchFrom(address, topic, partition, from)
      const batches = [...readBatches(fetched.bytes)]
      const visible = committedRecords(batches, fetched.transactions)
      // The first batch may begin before the offset that was asked for.
      records.push(...visible.records.filter(({ offset }) => offset >= from))
      aborted += visible.aborted
      const last = batches.at(-1)
      if (last !== undefined) from = last.lastOffset + 1n
      const { end, stableEnd } = fetched
      if (from >= stableEnd) return { partition, records, end, stableEnd, aborted }
      if (last === undefined) throw new BrokerError(`nothing to read at ${topic}/${partition}/${from}`)
    }
  }

  async function fetchFrom(address: string, topic: string, partition: number, from: bigint) {
    const where = Buffer.concat([int32(partition), int64(from), int32(FETCH_BYTES_MAX)])
    const limits = [int32(-1), int32(0), int32(1), int32(FETCH_BYTES_MAX), int8(READ_COMMITTED)]
    const answer = await ask(
      address,
      FETCH,
      4,
      Buffer.concat([
        ...limits,
        array([topic], name => Buffer.concat([text(name), array([where], each => each)])),
      ]),
    )
    answer.int32() // throttled for so long
    answer.int32() // one topic
    answer.text()
    answer.int32() // one partition
    answer.int32()
    expectNoError(answer.int16(), `reading ${topic}/${partition} at ${from}`)
    const end = answer.int64()
    const stableEnd = answer.int64()
    const transactions = answer.array((): AbortedTransaction => {
      return { producerId: answer.int64(), firstOffset: answer.int64() }
    })
    const bytes = answer.take(Math.max(0, answer.int32()))
    return { end, stableEnd, transactions, bytes }
  }

  return {
    readTopic: topic =>
      patiently(async address => {
        const found: ReadPartition[] = []
        for (const [partition, leader] of (await leaders(address, topic)).entries())
          found.push(await readPartition(leader, topic, partition))
        return found
      }),
    committed: (group, topic) =>
      patiently(async address => {
        const count = (await leaders(address, topic)).length
        const coordinator = await ask(address, FIND_COORDINATOR, 0, text(group))
        expectNoError(coordinator.int16(), `the coordinator of ${group}`)
        coordinator.int32()
        const at = `${coordinator.text()}:${coordinator.int32()}`
        const partitions = Array.from({ length: count }, (_, partition) => partition)
        const body = [
          text(group),
          array([topic], name => Buffer.concat([text(name), array(partitions, int32)])),
        ]
        const answer = await ask(at, OFFSET_FETCH, 1, Buffer.concat(body))
        const offsets: bigint[] = Array.from({ length: count }, () => 0n)
        answer.array(() => {
          answer.text()
          answer.array(() => {
            const partition = answer.int32()
            const offset = answer.int64()
            answer.textOrNull()
            expectNoError(answer.int16(), `what ${group} has committed of ${topic}/${partition}`)
            if (offset > 0n) offsets[partition] = offset
          })
        })
        return offsets
      }),
    close: forget,
  }
}

function expectNoError(code: number, what: string): void {
  if (code !== 0) throw new BrokerError(`${what}: the broker answered with error ${code}`)
}
