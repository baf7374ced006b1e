import type { KafkaConfig } from '../config.ts'
import { createCluster, NO_LEADER, type Cluster } from './cluster.ts'
import { linkSettings } from './credentials.ts'
import type { Broker } from './wire.ts'

/** Connections to the brokers of a cluster: to each broker one for fetches, and one for all other requests. */
export interface Connection extends AsyncDisposable {
  readonly cluster: Cluster
  /** The partitions of a topic. Rejects when there is no such topic. */
  partitions(topic: string): Promise<readonly number[]>
  /** The id of the broker that leads a partition, whether it can be reached or not. */
  leaderId(topic: string, partition: number): Promise<string>
  /** A broker by its id, connected. */
  broker(nodeId: string): Promise<Broker>
  /** The broker that leads a partition, connected. */
  leader(topic: string, partition: number): Promise<Broker>
  /** The broker that coordinates a group or a transactional id. */
  coordinator(kind: 'group' | 'transaction', id: string): Promise<Broker>
  /** Asks the cluster again which brokers lead and coordinate. Call it after an error that says that this has changed. */
  renew(): Promise<void>
}

const METADATA_MAX_AGE_MS = 30_000

/** Connects to any of the brokers. Rejects when none can be reached, or when they refuse the credentials. */
export async function connect(config: KafkaConfig): Promise<Connection> {
  const cluster = createCluster(config.brokers, linkSettings(config))
  try {
    await cluster.refresh()
  } catch (error) {
    throw new Error(
      `none of the brokers ${config.brokers.join(', ')} can be reached: ${(error as Error).message}. See log.kafka.brokers, and log.kafka.tls and log.kafka.sasl where the brokers ask for them.`,
      { cause: error },
    )
  }
  const topics = new Set<string>()
  const coordinators = new Map<string, Promise<Broker>>()
  let renewal: Promise<void> | undefined
  let renewedAt = performance.now()
  let lastTurn: Promise<void> = Promise.resolve()

  async function metadata(topic: string) {
    if (!topics.has(topic)) await learn(topic)
    if (performance.now() > renewedAt + METADATA_MAX_AGE_MS) await renew()
    return cluster.partitionsOf(topic)
  }

  /** Runs questions about the cluster one after another, so that an older response never replaces a later one. */
  function inTurn(ask: () => Promise<void>): Promise<void> {
    lastTurn = lastTurn.catch(() => {}).then(ask)
    return lastTurn
  }

  const learn = (topic: string): Promise<void> =>
    inTurn(async () => {
      if (topics.has(topic)) return
      await cluster.add(topic)
      topics.add(topic)
    })

  async function refresh(): Promise<void> {
    coordinators.clear()
    await cluster.refresh()
    renewedAt = performance.now()
  }

  async function leaderId(topic: string, partition: number): Promise<string> {
    const found = (await metadata(topic)).find(each => each.partition === partition)
    if (found === undefined) throw new Error(`${topic} has no partition ${partition}`)
    if (found.leader === NO_LEADER)
      throw Object.assign(new Error(`partition ${partition} of ${topic} has no leader at the moment`), {
        type: 'LEADER_NOT_AVAILABLE',
      })
    return String(found.leader)
  }

  const renew = (): Promise<void> => (renewal ??= inTurn(refresh).finally(() => (renewal = undefined)))

  return {
    cluster,
    async partitions(topic) {
      const found = await metadata(topic)
      return found.map(({ partition }) => partition).sort((a, b) => a - b)
    },
    leaderId,
    broker: nodeId => cluster.broker(nodeId),
    leader: async (topic, partition) => cluster.broker(await leaderId(topic, partition)),
    async coordinator(kind, id) {
      const key = `${kind} ${id}`
      let found = coordinators.get(key)
      if (found === undefined) {
        found = cluster.coordinator(kind, id)
        coordinators.set(key, found)
        found.catch(() => coordinators.delete(key))
      }
      return found
    },
    renew,
    [Symbol.asyncDispose]: () => cluster.close(),
  }
}
