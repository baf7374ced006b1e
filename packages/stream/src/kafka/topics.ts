import kafkajs, { type Admin } from 'kafkajs'
import type { LogConfig } from '../config.ts'
import type { KafkaConfig } from './config.ts'
import { clientSettings } from './protocol/credentials.ts'
import { createNames } from './names.ts'

// What an operator does with a cluster: make the topics, check their settings, and see which member owns which partition.

/** Something that should be fixed before (`error`) or soon after (`warning`) the stages run. */
export interface Finding {
  readonly level: 'error' | 'warning'
  readonly message: string
}

export interface MadeTopic {
  readonly topic: string
  readonly outcome: 'created' | 'was there'
}

export interface PartitionOwner {
  readonly partition: number
  /** The member that owns it: the client's name and address. */
  readonly owner: string
}

// Node.js does not see all names that this package exports.
const { AssignerProtocol, ConfigResourceTypes, Kafka, logLevel } = kafkajs

const PARTITIONS = 12
/** Room for the head of a batch. */
const BATCH_OVERHEAD_BYTES = 10_000
/** How much of the random part of a member's id is shown. */
const ID_CHARACTERS = 9

/** Makes the missing topics of the streams, with the settings of the configuration. Leaves existing topics as they are. */
export async function createTopics(config: LogConfig, streams: readonly string[]): Promise<MadeTopic[]> {
  const { kafka, retention, partitions = PARTITIONS } = config
  const names = createNames(kafka.prefix)
  return withAdmin(kafka, async admin => {
    const existing = new Set(await admin.listTopics())
    const missing = streams.map(names.topic).filter(topic => !existing.has(topic))
    const { brokers } = await admin.describeCluster()
    if (missing.length > 0 && brokers.length < kafka.replicas)
      throw new Error(
        `log.kafka.replicas is ${kafka.replicas}, and the cluster has ${brokers.length} broker${brokers.length === 1 ? '' : 's'}: start more, or set it to ${brokers.length}, where a lost disk loses what was accepted`,
      )
    if (missing.length > 0)
      await admin.createTopics({
        topics: missing.map(topic => ({
          topic,
          numPartitions: partitions,
          replicationFactor: kafka.replicas,
          configEntries: Object.entries({
            'cleanup.policy': 'delete',
            'retention.ms': String(retention.ageMs),
            'retention.bytes': String(Math.ceil(retention.bytesMax / partitions)),
            'min.insync.replicas': String(Math.min(kafka.inSyncReplicasMin, kafka.replicas)),
            'unclean.leader.election.enable': 'false',
            'max.message.bytes': String(kafka.recordBytesMax + BATCH_OVERHEAD_BYTES),
            'message.timestamp.type': 'LogAppendTime',
          }).map(([name, value]) => ({ name, value })),
        })),
      })
    return streams
      .map(names.topic)
      .map(topic => ({ topic, outcome: existing.has(topic) ? 'was there' : 'created' }))
  })
}

/** Stages, the archiver among them, may be down for a weekend. */
const RETENTION_MS_MIN = 3_600_000

/** Returns what is wrong with the cluster for a process that reads and writes these streams. */
export async function checkCluster(config: LogConfig, streams: readonly string[]): Promise<Finding[]> {
  const { kafka } = config
  const names = createNames(kafka.prefix)
  const topics = streams.map(names.topic)
  return withAdmin(kafka, async admin => {
    const existing = new Set(await admin.listTopics())
    const findings: Finding[] = topics
      .filter(topic => !existing.has(topic))
      .map(topic => ({
        level: 'error',
        message: `there is no topic ${topic}: make it with \`sluicebox topics create\``,
      }))
    const present = topics.filter(topic => existing.has(topic))
    if (present.length === 0) return findings
    const [{ topics: metadata }, { resources }] = await Promise.all([
      admin.fetchTopicMetadata({ topics: present }),
      admin.describeConfigs({
        includeSynonyms: false,
        resources: present.map(name => ({ type: ConfigResourceTypes.TOPIC, name })),
      }),
    ])
    for (const { name, partitions } of metadata) {
      const entries = resources.find(({ resourceName }) => resourceName === name)?.configEntries ?? []
      const settings = new Map(entries.map(({ configName, configValue }) => [configName, configValue]))
      findings.push(...checkTopic(kafka, name, partitions, settings))
    }
    const counts = metadata.map(({ name, partitions }) => ({ name, count: partitions.length }))
    return [...findings, ...checkCounts(counts, topics)]
  })
}

/**
 * A stage writes the heartbeats of a partition to the same partition of its outputs: one that is not there stops it, and
 * one beyond those of its input never gets any, so that its sessions stay open. `order` has the input first.
 */
function checkCounts(
  counts: readonly { readonly name: string; readonly count: number }[],
  order: readonly string[],
): Finding[] {
  const input = [...counts].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))[0]
  const most = Math.max(...counts.map(({ count }) => count))
  return counts
    .filter(({ count }) => count !== input?.count)
    .map(({ name, count }) =>
      count < input!.count
        ? {
            level: 'error',
            message: `${name} has ${count} partitions, and ${input!.name} has ${input!.count}: a stage can't write the heartbeats of the others. Drain the stages, give every topic ${most} partitions (kafka-topics.sh --alter --topic ${name} --partitions ${most}), and start them again`,
          }
        : {
            level: 'warning',
            message: `${name} has ${count} partitions, and ${input!.name} has ${input!.count}: the others get no heartbeats, and sessions there stay open. Drain the stages, give every topic ${most} partitions, and start them again`,
          },
    )
}

function checkTopic(
  kafka: KafkaConfig,
  topic: string,
  partitions: readonly { replicas: readonly number[]; isr: readonly number[] }[],
  settings: ReadonlyMap<string, string>,
): Finding[] {
  const findings: Finding[] = []
  const say = (level: Finding['level'], message: string): void => void findings.push({ level, message })
  const number = (name: string): number => Number(settings.get(name) ?? Number.NaN)
  const copies = Math.min(...partitions.map(({ replicas }) => replicas.length))
  const inSyncMin = number('min.insync.replicas')

  if (settings.get('cleanup.policy')?.includes('compact') === true)
    say(
      'error',
      `${topic} has cleanup.policy ${settings.get('cleanup.policy')}, which deletes events: set it to delete`,
    )
  if (number('max.message.bytes') < kafka.recordBytesMax)
    say(
      'error',
      `${topic} takes batches of ${number('max.message.bytes')} bytes, and log.kafka.recordBytesMax is ${kafka.recordBytesMax}: raise the topic's max.message.bytes or lower the setting`,
    )
  if (inSyncMin > copies)
    say(
      'error',
      `${topic} has ${copies} copies and min.insync.replicas ${inSyncMin}: nothing can be written to it. Lower the one or raise the other`,
    )
  if (copies === 1)
    say('warning', `${topic} has one copy: what was accepted is lost with its broker. Make it three`)
  else if (inSyncMin < 2)
    say('warning', `${topic} counts a record as written when one broker has it: set min.insync.replicas to 2`)
  if (copies > 1 && inSyncMin === copies)
    say(
      'warning',
      `${topic} can't be written while any one broker is away: set min.insync.replicas to ${copies - 1}`,
    )
  if (settings.get('unclean.leader.election.enable') === 'true')
    say('warning', `${topic} may lose records with unclean.leader.election.enable: set it to false`)
  if (settings.get('message.timestamp.type') !== 'LogAppendTime')
    say(
      'warning',
      `${topic} keeps the times of its writers, so lag in seconds follows their clocks. Set message.timestamp.type to LogAppendTime`,
    )
  const retentionMs = number('retention.ms')
  if (retentionMs >= 0 && retentionMs < RETENTION_MS_MIN)
    say(
      'warning',
      `${topic} deletes records after ${Math.round(retentionMs / 60_000)} minutes: a stage that is down for longer loses what it has not read. Set retention.ms to days`,
    )
  const codec = settings.get('compression.type')
  if (codec !== undefined && codec !== 'producer' && codec !== kafka.compression)
    say(
      'warning',
      `${topic} has compression.type ${codec}, so that the brokers compress each batch again. Set it to producer, or log.kafka.compression to ${codec}`,
    )
  const short = partitions.filter(({ isr, replicas }) => isr.length < replicas.length).length
  if (short > 0) say('warning', `${short} partitions of ${topic} have copies that are behind or away`)
  return findings
}

/** Returns which member of a group owns which partition of a stream. Partitions without an owner are left out. */
export async function groupMembers(
  config: LogConfig,
  group: string,
  stream: string,
): Promise<PartitionOwner[]> {
  const names = createNames(config.kafka.prefix)
  return withAdmin(config.kafka, async admin => {
    const { groups } = await admin.describeGroups([names.group(group, stream)])
    return (groups[0]?.members ?? []).flatMap(({ clientId, clientHost, memberId, memberAssignment }) => {
      if (memberAssignment.length === 0) return []
      const assignment: Readonly<Record<string, readonly number[]>> =
        AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {}
      // The rest of the id has no meaning for a person.
      const owner = `${memberId.slice(0, clientId.length + ID_CHARACTERS)}@${clientHost.replace('/', '')}`
      return (assignment[names.topic(stream)] ?? []).map(partition => ({ partition, owner }))
    })
  })
}

async function withAdmin<T>(config: KafkaConfig, use: (admin: Admin) => Promise<T>): Promise<T> {
  const kafka = new Kafka({ ...clientSettings(config), logLevel: logLevel.NOTHING })
  const admin = kafka.admin({ retry: { retries: 5, initialRetryTime: 100 } })
  try {
    await admin.connect()
    return await use(admin)
  } catch (error) {
    throw new Error(
      `the brokers ${config.brokers.join(', ')} could not be asked: ${(error as Error).message}`,
      { cause: error },
    )
  } finally {
    await admin.disconnect().catch(() => {})
  }
}
