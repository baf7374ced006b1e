import {
  addOffsetsToTxnV3,
  addPartitionsToTxnV3,
  endTxnV3,
  heartbeatV4,
  initProducerIdV4,
  joinGroupV6,
  leaveGroupV5,
  offsetFetchV8,
  syncGroupV4,
  txnOffsetCommitV3,
  type Connection,
} from '@platformatic/kafka'
import { responseIn, typeOf } from './errors.ts'
import { createLink, sendEncoded, type Api, type Link, type LinkSettings } from './link.ts'

// The requests to a broker: @platformatic/kafka encodes and decodes them, and keeps the connection. Each has one version,
// which brokers from 3.9 on speak.
//
// Its producer and consumer are not used. A partition is owned, read and committed by the code in this folder, which is
// small because it never has more than one batch of a partition in flight.

/** The requests to a broker. Each rejects with an error that has a `type`, such as NOT_LEADER_OR_FOLLOWER. */
export interface Broker {
  readonly nodeId: string
  /** Serves all requests but fetches. */
  readonly link: Link
  /** Fetches wait at the broker for records, and nothing may wait behind them. */
  readonly fetchLink: Link
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

const FETCH_KEY = 1
const GROUP_PROTOCOL_TYPE = 'consumer'
/** A coordinator answers when all members have joined, which it waits for. */
const JOIN_SLACK_MS = 5_000
const NO_PRODUCER = { id: -1n, epoch: -1 }
const UNKNOWN_EPOCH = -1
/** Fencing is by the transactional id, so a commit names no member of the group: see commit/transactions.ts. */
const NO_MEMBER = { generation: -1, id: '' }

export function createBroker(nodeId: string, host: string, port: number, settings: LinkSettings): Broker {
  const link = createLink(host, port, settings)
  const ask = <T>(request: (connection: Connection) => Promise<T>): Promise<T> => link.request(request)
  return {
    nodeId,
    link,
    fetchLink: createLink(host, port, settings),
    async joinGroup({ groupId, sessionTimeout, rebalanceTimeout, memberId, groupProtocols }) {
      const join = (as: string) =>
        link.request(
          connection =>
            joinGroupV6.api.async(
              connection,
              groupId,
              sessionTimeout,
              rebalanceTimeout,
              as,
              null,
              GROUP_PROTOCOL_TYPE,
              [...groupProtocols],
            ),
          rebalanceTimeout + JOIN_SLACK_MS,
        )
      const joined = await join(memberId).catch((error: unknown) => {
        // The first request of a member is refused with the id under which it is to join.
        if (typeOf(error) !== 'MEMBER_ID_REQUIRED') throw error
        return join(responseIn<{ memberId: string }>(error as Error)!.memberId)
      })
      return {
        generationId: joined.generationId,
        leaderId: joined.leader,
        memberId: joined.memberId,
        members: joined.members.map(({ memberId: id, metadata }) => ({
          memberId: id,
          memberMetadata: metadata,
        })),
      }
    },
    async syncGroup({ groupId, generationId, memberId, groupAssignment }) {
      const assignments = groupAssignment.map(({ memberId: id, memberAssignment }) => ({
        memberId: id,
        assignment: memberAssignment,
      }))
      const { assignment } = await ask(connection =>
        syncGroupV4.api.async(connection, groupId, generationId, memberId, null, null, null, assignments),
      )
      return { memberAssignment: assignment }
    },
    heartbeat: ({ groupId, groupGenerationId, memberId }) =>
      ask(connection => heartbeatV4.api.async(connection, groupId, groupGenerationId, memberId, null)),
    leaveGroup: ({ groupId, memberId }) =>
      ask(connection =>
        leaveGroupV5.api.async(connection, groupId, [{ memberId, groupInstanceId: null, reason: null }]),
      ),
    async offsetFetch({ groupId, topics }) {
      const wanted = topics.map(({ topic, partitions }) => ({
        name: topic,
        partitionIndexes: partitions.map(({ partition }) => partition),
      }))
      const { groups } = await ask(connection =>
        offsetFetchV8.api.async(connection, [{ groupId, memberEpoch: UNKNOWN_EPOCH, topics: wanted }], false),
      )
      return {
        responses: (groups[0]?.topics ?? []).map(({ name, partitions }) => ({
          topic: name,
          partitions: partitions.map(({ partitionIndex, committedOffset }) => ({
            partition: partitionIndex,
            offset: String(committedOffset),
          })),
        })),
      }
    },
    async initProducerId({ transactionalId, transactionTimeout }) {
      const { producerId, producerEpoch } = await ask(connection =>
        initProducerIdV4.api.async(
          connection,
          transactionalId ?? null,
          transactionTimeout,
          NO_PRODUCER.id,
          NO_PRODUCER.epoch,
        ),
      )
      return { producerId: String(producerId), producerEpoch }
    },
    addPartitionsToTxn: ({ transactionalId, producerId, producerEpoch, topics }) =>
      ask(connection =>
        addPartitionsToTxnV3.api.async(connection, [
          {
            transactionalId,
            producerId: BigInt(producerId),
            producerEpoch,
            verifyOnly: false,
            topics: topics.map(({ topic, partitions }) => ({ name: topic, partitions: [...partitions] })),
          },
        ]),
      ),
    addOffsetsToTxn: ({ transactionalId, producerId, producerEpoch, groupId }) =>
      ask(connection =>
        addOffsetsToTxnV3.api.async(connection, transactionalId, BigInt(producerId), producerEpoch, groupId),
      ),
    txnOffsetCommit: ({ transactionalId, producerId, producerEpoch, groupId, topics }) =>
      ask(connection =>
        txnOffsetCommitV3.api.async(
          connection,
          transactionalId,
          groupId,
          BigInt(producerId),
          producerEpoch,
          NO_MEMBER.generation,
          NO_MEMBER.id,
          null,
          topics.map(({ topic, partitions }) => ({
            name: topic,
            partitions: partitions.map(({ partition, offset }) => ({
              partitionIndex: partition,
              committedOffset: BigInt(offset),
              committedLeaderEpoch: UNKNOWN_EPOCH,
              committedMetadata: null,
            })),
          })),
        ),
      ),
    endTxn: ({ transactionalId, producerId, producerEpoch, transactionResult }) =>
      ask(connection =>
        endTxnV3.api.async(connection, transactionalId, BigInt(producerId), producerEpoch, transactionResult),
      ),
  }
}

/** Closes the connections to a broker. */
export async function closeBroker({ link, fetchLink }: Broker): Promise<void> {
  await Promise.all([link.close(), fetchLink.close()])
}

/** Sends a request of which we encode the body and read the response. */
export function send<T>(
  { link, fetchLink }: Broker,
  api: Api,
  body: Buffer,
  decode: (response: Buffer) => T,
): Promise<T> {
  return sendEncoded(api.apiKey === FETCH_KEY ? fetchLink : link, api, body, decode)
}

/**
 * Returns the socket of the connection to a broker, to be compared with an earlier one: it is a different object after
 * each reconnect, which every restart of the broker causes, and each time while the broker is not connected.
 */
export function socketOf({ link }: Broker): object {
  return link.socket()
}
