import { createRequire } from 'node:module'
import type { RetryOptions } from 'kafkajs'
import './mend-kafkajs.ts'

// The file that reaches into kafkajs beyond its public interface: for the classes that speak Kafka's protocol with
// the brokers. The version is pinned, and is the last one.
//
// The producer and the consumer of kafkajs are not used. They lose and double records, and no caller can prevent it:
// they read offsets before they fence the former owner, may drop a batch in a retry, stop every partition in a
// rebalance, and can't continue after a failed commit. The code in this folder that replaces them is small, because it
// never has more than one batch of a partition in flight.

/** The requests to a broker. Each rejects with an error that has a `type`, such as NOT_LEADER_FOR_PARTITION. */
export interface Broker {
  readonly nodeId: string
  readonly connectionPool: {
    send(request: { request: object; response: object }): Promise<unknown>
    /** The first serves all requests but fetches. It has another socket after each reconnect. */
    readonly pool: readonly { isConnected(): boolean; readonly socket: object }[]
  }
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

/** A record as it is sent. */
export interface WireRecord {
  readonly key: string | null
  readonly value: Buffer
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
  /** As a read-committed reader sees them: the latest offset is the one up to which all transactions have ended. */
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

const require = createRequire(import.meta.url)
const ClusterClass = require('kafkajs/src/cluster/index.js') as new (settings: object) => Cluster
const createSocketFactory = require('kafkajs/src/network/socketFactory.js') as () => unknown
const { createLogger, LEVELS } = require('kafkajs/src/loggers/index.js') as {
  createLogger: (options: object) => unknown
  LEVELS: { NOTHING: number }
}
const EncoderClass = require('kafkajs/src/protocol/encoder.js') as new (size: number) => {
  buf: Buffer
  offset: number
}
const produceResponse = require('kafkajs/src/protocol/requests/produce/v7/response.js') as object
const { createErrorFromCode } = require('kafkajs/src/protocol/error.js') as {
  createErrorFromCode: (code: number) => Error
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

export interface Api {
  readonly apiKey: number
  readonly apiVersion: number
  readonly apiName: string
}

/** Sends a request that kafkajs lacks, or has only in an older version. Returns what `decode` reads in the response. */
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
 * Sends a produce request of version 7, whose encoded body is `body`. Rejects with the error of the first partition
 * that has one.
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

/** Returns the error that a code of the protocol means, with its `type`. */
export function errorOf(code: number): Error {
  return createErrorFromCode(code)
}

/**
 * Returns the socket of the connection to a broker, to be compared with an earlier one: it is a different object after
 * each reconnect, which every restart of the broker causes, and each time while the broker is not connected.
 */
export function socketOf(broker: Broker): object {
  const connection = broker.connectionPool.pool[0]!
  return connection.isConnected() ? connection.socket : {}
}
