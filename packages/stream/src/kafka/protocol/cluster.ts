import { findCoordinatorV4, listOffsetsV7, metadataV12, type Connection } from '@platformatic/kafka'
import { errorOf, ofProtocol, responseIn, typeOf } from './errors.ts'
import type { LinkSettings } from './link.ts'
import { closeBroker, createBroker, type Broker } from './wire.ts'

/** What the brokers report about each other and about topics, as of the last `refresh`. */
export interface Cluster {
  /** Asks any broker. Rejects when none can be reached, or when one of the topics does not exist. */
  refresh(): Promise<void>
  /** Asks about one more topic from now on. */
  add(topic: string): Promise<void>
  partitionsOf(topic: string): readonly { readonly partition: number; readonly leader: number }[]
  /** A broker by its id, connected. */
  broker(nodeId: string): Promise<Broker>
  controller(): Promise<Broker>
  coordinator(kind: 'group' | 'transaction', id: string): Promise<Broker>
  /** The offset, by partition, of the first record kept, or the one up to which all transactions have ended. */
  offsets(topic: string, which: 'first' | 'stable'): Promise<Map<number, bigint>>
  close(): Promise<void>
}

export const NO_LEADER = -1
const OFFSETS = { first: -2n, stable: -1n } as const
const KINDS = { group: 0, transaction: 1 } as const
const READ_COMMITTED = 1
const CONSUMER = -1
const UNKNOWN_EPOCH = -1
const LEADER_NOT_AVAILABLE = 5

/** Connects to nothing yet. `addresses` are those that the first questions go to, and all others while nobody else answers. */
export function createCluster(addresses: readonly string[], settings: LinkSettings): Cluster {
  const seeds = addresses.map(address => {
    const colon = address.lastIndexOf(':')
    // IPv6 addresses are in brackets.
    const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
    return createBroker('', host, Number(address.slice(colon + 1)), settings)
  })
  const brokers = new Map<string, { readonly address: string; readonly broker: Broker }>()
  const topics = new Set<string>()
  const partitions = new Map<string, { partition: number; leader: number }[]>()
  let controllerId = ''
  /** The broker that responded last. */
  let asked: Broker | undefined

  /** Asks one broker after the other until one responds; first the one that did so last. */
  async function askAny<T>(ask: (connection: Connection) => Promise<T>): Promise<T> {
    let failure: unknown
    const known = [...brokers.values()]
      .map(each => each.broker)
      .sort((a, b) => Number(b === asked) - Number(a === asked))
    for (const each of [...known, ...seeds])
      try {
        const response = await each.link.request(ask)
        asked = each
        return response
      } catch (error) {
        if (typeOf(error) !== undefined) throw error
        failure = error
      }
    throw failure
  }

  async function refresh(): Promise<void> {
    const wanted = [...topics]
    const found = await askAny(async connection => {
      try {
        return await metadataV12.api.async(connection, wanted, false, false)
      } catch (error) {
        // A partition without a leader does not make the answer useless.
        const response = responseIn<Awaited<ReturnType<typeof metadataV12.api.async>>>(ofProtocol(error))
        if (response === undefined) throw error
        return response
      }
    })
    for (const { errorCode, name, partitions: own } of found.topics) {
      if (errorCode !== 0) throw Object.assign(errorOf(errorCode), { topic: name })
      partitions.set(
        name!,
        own.map(({ partitionIndex, leaderId }) => ({ partition: partitionIndex, leader: leaderId })),
      )
    }
    controllerId = String(found.controllerId)
    const isFirst = brokers.size === 0
    keepBrokers(found.brokers)
    // They are opened again when no other broker responds.
    if (isFirst) await Promise.all(seeds.map(closeBroker))
  }

  function keepBrokers(found: readonly { nodeId: number; host: string; port: number }[]): void {
    const addressOf = new Map(found.map(({ nodeId, host, port }) => [String(nodeId), `${host}:${port}`]))
    for (const [id, { address, broker }] of brokers)
      if (addressOf.get(id) !== address) {
        brokers.delete(id)
        void closeBroker(broker)
      }
    for (const { nodeId, host, port } of found) {
      const id = String(nodeId)
      if (brokers.has(id)) continue
      brokers.set(id, { address: addressOf.get(id)!, broker: createBroker(id, host, port, settings) })
    }
  }

  async function broker(nodeId: string): Promise<Broker> {
    const found = brokers.get(nodeId)
    if (found === undefined)
      throw Object.assign(new Error(`the brokers do not know broker ${nodeId} at the moment`), {
        type: 'BROKER_NOT_AVAILABLE',
      })
    await found.broker.link.open()
    return found.broker
  }

  return {
    refresh,
    async add(topic) {
      topics.add(topic)
      try {
        await refresh()
      } catch (error) {
        if (!partitions.has(topic)) topics.delete(topic)
        throw error
      }
    },
    partitionsOf: topic => partitions.get(topic) ?? [],
    broker,
    controller: () => broker(controllerId),
    async coordinator(kind, id) {
      const { coordinators } = await askAny(connection =>
        findCoordinatorV4.api.async(connection, KINDS[kind], [id]),
      )
      const nodeId = String(coordinators[0]!.nodeId)
      if (!brokers.has(nodeId)) await refresh()
      return broker(nodeId)
    },
    async offsets(topic, which) {
      const byLeader = Map.groupBy(partitions.get(topic) ?? [], ({ leader }) => leader)
      const found = await Promise.all(
        [...byLeader].map(async ([leader, led]) => {
          if (leader === NO_LEADER) throw errorOf(LEADER_NOT_AVAILABLE)
          const { link } = await broker(String(leader))
          const wanted = led.map(({ partition }) => ({
            partitionIndex: partition,
            currentLeaderEpoch: UNKNOWN_EPOCH,
            timestamp: OFFSETS[which],
          }))
          const response = await link.request(connection =>
            listOffsetsV7.api.async(connection, CONSUMER, READ_COMMITTED, [
              { name: topic, partitions: wanted },
            ]),
          )
          return response.topics.flatMap(each => each.partitions)
        }),
      )
      return new Map(found.flat().map(({ partitionIndex, offset }) => [partitionIndex, offset]))
    },
    async close() {
      await Promise.all([...seeds, ...[...brokers.values()].map(each => each.broker)].map(closeBroker))
    },
  }
}
