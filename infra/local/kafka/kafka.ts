// Apache Kafka on this machine, in KRaft mode: one broker, or three that replace each other.
import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { classData } from './class-data.ts'
import { download, type Artifact, type DownloadOptions } from '../fetch/download.ts'
import { guardedFolder } from '../guard.ts'
import { needJava } from '../fetch/java.ts'
import { formatNode, kafkaNode, type KafkaNode, type NodeMachine } from './kafka-node.ts'
import { nodeProperties, type NodePlan } from './kafka-properties.ts'
import { planSecurity, type ClientSettings, type KafkaSecurity } from './kafka-security.ts'
import { freePorts, needFreePorts } from '../ports.ts'

export const KAFKA_VERSIONS = ['4.3.1', '3.9.2'] as const

export type KafkaVersion = (typeof KAFKA_VERSIONS)[number]

interface ClusterOptions {
  /** One by default; with three, each is a controller too and topics can have three copies. */
  readonly brokers?: 1 | 3
  /** Settings of the brokers on top of ours, such as `{ 'message.max.bytes': 2_000_000 }`. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>
  /** Port of the first broker; the others get the following ones. Free ones by default. */
  readonly port?: number
  /** Returns the address that a broker advertises to clients, for a proxy in front of it. Ids start at 1. */
  readonly advertised?: (id: number) => string
  /** Which clients may connect to `addresses`. Default: all. */
  readonly security?: KafkaSecurity
}

export interface KafkaOptions extends ClusterOptions, DownloadOptions {
  readonly version?: KafkaVersion
  /** `quick` by default: fit for a test. `full` for measurements: starts slower, serves more. */
  readonly compile?: 'quick' | 'full'
}

export interface LocalKafka {
  /** Addresses on which the brokers listen for clients, host:port. */
  readonly addresses: string[]
  /**
   * Addresses of a second listener, without encryption and authentication, that bypasses a proxy in front of the
   * advertised addresses.
   */
  readonly directAddresses: string[]
  /** What clients of `addresses` are configured with, for the section `log.kafka`; empty without `security`. */
  readonly client: ClientSettings
  readonly nodes: KafkaNode[]
  /** Ends all nodes and removes their data. */
  readonly stop: () => Promise<void>
}

/** The files of a version of Kafka. */
export function kafkaArtifact(version: KafkaVersion): Artifact {
  // Logging goes through slf4j-simple to standard error; 3.9 brings another backend along.
  const exclusion =
    '<exclusions><exclusion><groupId>org.slf4j</groupId><artifactId>slf4j-reload4j</artifactId></exclusion></exclusions>'
  const dependency = (group: string, name: string, number: string) =>
    `<groupId>${group}</groupId><artifactId>${name}</artifactId><version>${number}</version>${exclusion}`
  return {
    name: `kafka-${version}`,
    dependencies: [
      dependency('org.apache.kafka', 'kafka_2.13', version),
      dependency('org.apache.kafka', 'kafka-tools', version),
      dependency('org.slf4j', 'slf4j-simple', '1.7.36'),
    ],
    goal: ['copy-dependencies', '-DincludeScope=runtime'],
  }
}

/** Fetches Kafka and runs it once, so that `startKafka` finds everything. */
export async function prepareKafka(options: KafkaOptions = {}): Promise<NodeMachine> {
  const { version = '4.3.1', compile = 'quick', onProgress } = options
  const java = await needJava()
  const artifact = kafkaArtifact(version)
  const files = await download(artifact, options)
  const firstRun = async (args: string[]) => {
    const cluster = await startCluster({}, { files, compile, args })
    await Promise.all(cluster.nodes.map(node => node.stop()))
    await cluster.stop()
  }
  const args = await classData({ name: artifact.name, files, java, firstRun, onProgress })
  return { files, compile, args }
}

/** Starts Kafka on loopback; fulfilled when every broker serves and topics can be made. */
export async function startKafka(options: KafkaOptions = {}): Promise<LocalKafka> {
  return startCluster(options, await prepareKafka(options))
}

async function startCluster(options: ClusterOptions, machine: NodeMachine): Promise<LocalKafka> {
  const folder = await guardedFolder('kafka')
  const plans = await planNodes(options, folder)
  const security = await planSecurity(options.security ?? {}, folder)
  const nodes = plans.map(plan => kafkaNode(plan, plans.length, machine))
  const stop = async () => {
    // The data is removed too, so no orderly end is needed.
    await Promise.all(nodes.filter(node => node.running).map(node => node.kill('SIGKILL')))
    await security.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const clusterId = kafkaUuid()
    const settings = { ...security.properties, ...options.settings }
    await Promise.all(
      plans.map(async plan => {
        const properties = nodeProperties(plan, plans, { advertised: options.advertised, settings })
        await writeFile(plan.propertiesFile, properties)
        await formatNode(plan, plans, clusterId, machine.files, security.formatArgs)
      }),
    )
    await Promise.all(nodes.map(node => node.start()))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    addresses: plans.map(plan => plan.address),
    directAddresses: plans.map(plan => plan.directAddress),
    client: security.client,
    nodes,
    stop,
  }
}

async function planNodes(options: ClusterOptions, folder: string): Promise<NodePlan[]> {
  const { brokers = 1, port } = options
  const free = await freePorts(3 * brokers)
  const clientPorts =
    port === undefined ? free.slice(0, brokers) : Array.from({ length: brokers }, (_, index) => port + index)
  if (port !== undefined) await needFreePorts(clientPorts)
  return clientPorts.map((clientPort, index) => ({
    id: index + 1,
    folder,
    address: `127.0.0.1:${clientPort}`,
    directAddress: `127.0.0.1:${free[brokers + index]}`,
    controllerAddress: `127.0.0.1:${free[2 * brokers + index]}`,
    directoryId: kafkaUuid(),
    propertiesFile: join(folder, `node-${index + 1}.properties`),
  }))
}

/** An id as Kafka writes them; one that starts with a dash would be taken for an option. */
function kafkaUuid(): string {
  const id = randomBytes(16).toString('base64url')
  return id.startsWith('-') ? kafkaUuid() : id
}
