import { createRequire } from 'node:module'
import type { RetryOptions } from 'kafkajs'

// What is used of kafkajs beyond its public interface: the classes that speak Kafka's protocol with the brokers. The
// version is pinned, and is the last one.
//
// Its producer and consumer are not used, because they lose and double records in ways that can't be helped from
// outside: offsets are read before the former owner is fenced, a batch may be dropped in a retry, a rebalance stops
// every partition, a failed commit leaves an object that can't continue. What stands here instead is small, because one
// batch of one partition is all that is ever under way.

/** What brokers are asked for. All reject with an error that has a `type`, such as NOT_LEADER_FOR_PARTITION. */
export interface Broker {
  readonly nodeId: string
  readonly connectionPool: {
    send(request: { request: object; response: object }): Promise<unknown>
    /** The first is for all but fetches. It has another socket each time that it is connected. */
    readonly pool: readonly { isConnected(): boolean; readonly socket: object }[]
  }
  fetch(request: {
    isolationLevel: 1
    maxWaitTime: number
    minBytes: number
    maxBytes: number
    topics: readonly {
      topic: string
      partitions: readonly { partition: number; fetchOffset: string; maxBytes: number }[]
    }[]
  }): Promise<{
    responses: readonly { topicName: string; partitions: readonly FetchedPartition[] }[]
  }>
  joinGroup(request: {
    groupId: string
    sessionTimeout: number
    rebalanceTimeout: number
    memberId: string
    groupProtocols: readonly { name: string; metadata: Buffer }[]
  }): Promise<{
    generationId: number
    leaderId: string
    memberId: string
    members: readonly { memberId: string; memberMetadata: Buffer }[]
  }>
  syncGroup(request: {
    groupId: string
    generationId: number
    memberId: string
    groupAssignment: readonly { memberId: string; memberAssignment: Buffer }[]
  }): Promise<{ memberAssignment: Buffer }>
  heartbeat(request: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>
  offsetFetch(request: {
    groupId: string
    topics: readonly { topic: string; partitions: readonly { partition: number }[] }[]
  }): Promise<{
    responses: readonly { topic: string; partitions: readonly { partition: number; offset: string }[] }[]
  }>
  initProducerId(request: {
    transactionalId?: string
    transactionTimeout: number
  }): Promise<{ producerId: string; producerEpoch: number }>
  addPartitionsToTxn(
    request: InTransaction & { topics: readonly { topic: string; partitions: readonly number[] }[] },
  ): Promise<unknown>
  addOffsetsToTxn(request: InTransaction & { groupId: string }): Promise<unknown>
  txnOffsetCommit(
    request: InTransaction & {
      groupId: string
      topics: readonly { topic: string; partitions: readonly { partition: number; offset: string }[] }[]
    },
  ): Promise<unknown>
  endTxn(request: InTransaction & { transactionResult: boolean }): Promise<unknown>
}

interface InTransaction {
  readonly transactionalId: string
  readonly producerId: string
  readonly producerEpoch: number
}

export interface Message {
  readonly key: string | null
  readonly value: Buffer
}

/** What a fetch brings for a partition, as `Batch` of kafkajs wants it. */
export interface FetchedPartition {
  readonly partition: number
  readonly lastStableOffset: string
  readonly messages: readonly unknown[]
}

export interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  isConnected(): boolean
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>
  refreshMetadata(): Promise<void>
  refreshMetadataIfNecessary(): Promise<void>
  findTopicPartitionMetadata(topic: string): readonly { partitionId: number; leader: number }[]
  findBroker(node: { nodeId: string }): Promise<Broker>
  findControllerBroker(): Promise<Broker>
  findGroupCoordinator(group: { groupId: string; coordinatorType: 0 | 1 }): Promise<Broker>
  /** Of read-committed readers: the latest offset is the one up to which all transactions are over. */
  fetchTopicsOffset(
    topics: readonly {
      topic: string
      partitions: readonly { partition: number }[]
      fromBeginning: boolean
    }[],
  ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>
}

export interface ClusterSettings {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly ssl?: object
  readonly sasl?: object
  readonly connectionTimeout: number
  readonly authenticationTimeout: number
  readonly reauthenticationThreshold: number
  readonly requestTimeout: number
  readonly enforceRequestTimeout: boolean
  readonly metadataMaxAge: number
  readonly retry: RetryOptions
}

/** A record that a fetch brought: no control record, and of no aborted transaction. */
export interface FetchedMessage {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
}

const require = createRequire(import.meta.url)
const ClusterClass = require('kafkajs/src/cluster/index.js') as new (settings: object) => Cluster
const createSocketFactory = require('kafkajs/src/network/socketFactory.js') as () => unknown
const { createLogger, LEVELS } = require('kafkajs/src/loggers/index.js') as {
  createLogger: (options: object) => unknown
  LEVELS: { NOTHING: number }
}
const BatchClass = require('kafkajs/src/consumer/batch.js') as new (
  topic: string,
  offset: string,
  partition: FetchedPartition,
) => {
  readonly messages: readonly FetchedMessage[]
  readonly messagesWithinOffset: readonly FetchedMessage[]
}
const EncoderClass = require('kafkajs/src/protocol/encoder.js') as new (size: number) => {
  buf: Buffer
  offset: number
}
const produceResponse = require('kafkajs/src/protocol/requests/produce/v7/response.js') as object
const { createErrorFromCode } = require('kafkajs/src/protocol/error.js') as {
  createErrorFromCode: (code: number) => Error
}
const RequestQueue = require('kafkajs/src/network/requestQueue/index.js') as {
  prototype: { scheduleCheckPendingRequests(this: { pending: unknown[]; throttledUntil: number }): void }
}

// Unpatched, it sets a timer of minus fifty years after each answer, which fires at once and sets the next: a
// thousand times a second for each connection, forever.
const scheduleCheck = RequestQueue.prototype.scheduleCheckPendingRequests
RequestQueue.prototype.scheduleCheckPendingRequests = function () {
  if (this.pending.length > 0 || this.throttledUntil > Date.now()) scheduleCheck.call(this)
}

export function createCluster(settings: ClusterSettings): Cluster {
  return new ClusterClass({
    ...settings,
    logger: createLogger({ level: LEVELS.NOTHING, logCreator: () => () => {} }),
    socketFactory: createSocketFactory(),
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
    isolationLevel: 1,
  })
}

/** The visible records of a fetch from `offset` on, and where to continue: behind all that it brought. */
export function readFetched(
  topic: string,
  offset: bigint,
  fetched: FetchedPartition,
): { messages: readonly FetchedMessage[]; next: bigint } {
  if (fetched.messages.length === 0) return { messages: [], next: offset }
  const { messages, messagesWithinOffset } = new BatchClass(topic, String(offset), fetched)
  const last = messagesWithinOffset.at(-1)
  return { messages, next: last === undefined ? offset : BigInt(last.offset) + 1n }
}

export interface Api {
  readonly apiKey: number
  readonly apiVersion: number
  readonly apiName: string
}

/** Sends a request that kafkajs does not know, or knows in an older version only. Returns what `decode` reads in the response. */
export async function send<T extends object>(
  broker: Broker,
  api: Api,
  body: Buffer,
  decode: (response: Buffer) => T,
): Promise<T> {
  const response = { decode: (bytes: Buffer) => Promise.resolve(decode(bytes)), parse: (read: T) => read }
  return sendEncoded(broker, api, body, response) as Promise<T>
}

const PRODUCE: Api = { apiKey: 0, apiVersion: 7, apiName: 'Produce' }

/**
 * Sends a produce request whose body is `body`, as version 7 of it is laid out. Rejects with the error of the first
 * partition that has one.
 */
export async function sendProduce(broker: Broker, body: Buffer): Promise<void> {
  await sendEncoded(broker, PRODUCE, body, produceResponse)
}

function sendEncoded(broker: Broker, api: Api, body: Buffer, response: object): Promise<unknown> {
  const encoded = new EncoderClass(0)
  encoded.buf = body
  encoded.offset = body.length
  return broker.connectionPool.send({
    request: { ...api, expectResponse: () => true, encode: () => Promise.resolve(encoded) },
    response,
  })
}

/** The error that a code of the protocol stands for, with its `type`. */
export function errorOf(code: number): Error {
  return createErrorFromCode(code)
}

/**
 * Stands for the line to a broker. It is another one once the broker was connected again, as it must be after a restart,
 * and each time while it is not connected.
 */
export function lineTo(broker: Broker): object {
  const connection = broker.connectionPool.pool[0]!
  return connection.isConnected() ? connection.socket : {}
}
