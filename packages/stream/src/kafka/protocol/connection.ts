import type { KafkaConfig } from '../config.ts'
import { clientSettings } from './credentials.ts'
import { createCluster, type Broker, type Cluster } from './wire.ts'

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
const NEVER_MS = 2 ** 31
const NO_LEADER = -1

/** Connects to any of the brokers. Rejects when none can be reached, or when they refuse the credentials. */
export async function connect(config: KafkaConfig): Promise<Connection> {
  const cluster = createCluster({
    ...clientSettings(config),
    // `metadata` below decides when the cluster is asked again.
    metadataMaxAge: NEVER_MS,
    reauthenticationThreshold: 10_000,
  })
  try {
    await cluster.connect()
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
    return cluster.findTopicPartitionMetadata(topic)
  }

  /** Runs questions about the cluster one after another: in parallel, kafkajs opens several connections to each broker and leaks some. */
  function inTurn(ask: () => Promise<void>): Promise<void> {
    lastTurn = lastTurn.catch(() => {}).then(ask)
    return lastTurn
  }

  const learn = (topic: string): Promise<void> =>
    inTurn(async () => {
      if (topics.has(topic)) return
      await cluster.addMultipleTargetTopics([topic])
      topics.add(topic)
    })

  async function refresh(): Promise<void> {
    coordinators.clear()
    if (!cluster.isConnected()) await cluster.connect()
    await cluster.refreshMetadata()
    renewedAt = performance.now()
  }

  async function leaderId(topic: string, partition: number): Promise<string> {
    const found = (await metadata(topic)).find(({ partitionId }) => partitionId === partition)
    if (found === undefined) throw new Error(`${topic} has no partition ${partition}`)
    if (found.leader === NO_LEADER)
      throw Object.assign(new Error(`partition ${partition} of ${topic} has no leader at the moment`), {
        type: 'LEADER_NOT_AVAILABLE',
      })
    return String(found.leader)
  }

  const broker = (nodeId: string): Promise<Broker> => cluster.findBroker({ nodeId })

  const renew = (): Promise<void> => (renewal ??= inTurn(refresh).finally(() => (renewal = undefined)))

  return {
    cluster,
    async partitions(topic) {
      const found = await metadata(topic)
      return found.map(({ partitionId }) => partitionId).sort((a, b) => a - b)
    },
    leaderId,
    broker,
    leader: async (topic, partition) => broker(await leaderId(topic, partition)),
    async coordinator(kind, id) {
      const key = `${kind} ${id}`
      let found = coordinators.get(key)
      if (found === undefined) {
        found = cluster.findGroupCoordinator({ groupId: id, coordinatorType: kind === 'group' ? 0 : 1 })
        coordinators.set(key, found)
        found.catch(() => coordinators.delete(key))
      }
      return found
    },
    renew,
    [Symbol.asyncDispose]: () => cluster.disconnect(),
  }
}
