// Apache Kafka on this machine, in KRaft mode: one broker, or three that stand in for each other.
import { randomBytes } from 'node:crypto'
import { execFile } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { download, type Artifact, type DownloadOptions } from './download.ts'
import { guardedFolder } from './guard.ts'
import { javaArgs, needJava } from './java.ts'
import { answers } from './kafka-ready.ts'
import { nodeProperties, type NodePlan } from './kafka-properties.ts'
import { freePorts } from './ports.ts'
import { startProcess, untilReady, type ServerCommand, type ServerProcess } from './process.ts'

export const KAFKA_VERSIONS = ['4.3.1', '3.9.2'] as const

export type KafkaVersion = (typeof KAFKA_VERSIONS)[number]

export interface KafkaOptions extends DownloadOptions {
  /** One by default; with three, each is a controller too and topics can have three copies. */
  readonly brokers?: 1 | 3
  readonly version?: KafkaVersion
  /** Settings of the brokers on top of ours, such as `{ 'message.max.bytes': 2_000_000 }`. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>
  /** Port of the first broker; the others get the following ones. Free ones by default. */
  readonly port?: number
  /** What a broker tells clients of its address, for a proxy that stands before it. Ids start at 1. */
  readonly advertised?: (id: number) => string
}

export interface KafkaNode {
  readonly id: number
  /** Where it really listens for clients, host:port. */
  readonly address: string
  readonly pid: number
  /** Sends a signal, such as SIGSTOP and SIGCONT; with SIGKILL also waits until the process is gone. */
  readonly kill: (signal: NodeJS.Signals) => Promise<void>
  /** Starts it again after `kill` or `stop`: same addresses, same data. Fulfilled when it serves; it needs a majority of the nodes. */
  readonly start: () => Promise<void>
  /** Ends it in good order: its partitions are handed over first. The data stays. */
  readonly stop: () => Promise<void>
}

export interface LocalKafka {
  readonly version: KafkaVersion
  /** Where the brokers really listen for clients, host:port. */
  readonly addresses: string[]
  /** A second way in, without encryption and names, and past whatever stands before the advertised addresses. */
  readonly directAddresses: string[]
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

/** Starts Kafka on loopback; fulfilled when every broker serves and topics can be made. */
export async function startKafka(options: KafkaOptions = {}): Promise<LocalKafka> {
  const { brokers = 1, version = '4.3.1' } = options
  await needJava()
  const files = await download(kafkaArtifact(version), options)
  const folder = await guardedFolder('kafka')
  const plans = await planNodes(brokers, folder, options.port)
  const nodes = plans.map(plan => openNode(plan, plans, files))
  const stop = async () => {
    await Promise.all(nodes.map(node => node.end()))
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const clusterId = kafkaUuid()
    await Promise.all(
      plans.map(async plan => {
        await writeFile(plan.propertiesFile, nodeProperties(plan, plans, options))
        await format(plan, plans, clusterId, files)
      }),
    )
    await Promise.all(nodes.map(node => node.start()))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    version,
    addresses: plans.map(plan => plan.address),
    directAddresses: plans.map(plan => plan.directAddress),
    nodes,
    stop,
  }
}

async function planNodes(brokers: number, folder: string, firstPort?: number): Promise<NodePlan[]> {
  const ports = await freePorts(3 * brokers)
  return Array.from({ length: brokers }, (_, index) => {
    const port = firstPort === undefined ? ports[3 * index] : firstPort + index
    const id = index + 1
    return {
      id,
      folder,
      address: `127.0.0.1:${port}`,
      directAddress: `127.0.0.1:${ports[3 * index + 1]}`,
      controllerAddress: `127.0.0.1:${ports[3 * index + 2]}`,
      directoryId: kafkaUuid(),
      propertiesFile: join(folder, `node-${id}.properties`),
    }
  })
}

function openNode(
  plan: NodePlan,
  plans: readonly NodePlan[],
  files: string,
): KafkaNode & { end: () => Promise<void> } {
  const command: ServerCommand = {
    name: `Kafka node ${plan.id} at ${plan.address}`,
    command: 'java',
    args: [...javaArgs(512, plan.folder), '-cp', join(files, '*'), 'kafka.Kafka', plan.propertiesFile],
    cwd: plan.folder,
    logFile: join(plan.folder, `node-${plan.id}.log`),
  }
  let current: ServerProcess | undefined
  const running = () => {
    if (current === undefined) throw new Error(`${command.name} was not started.`)
    return current
  }
  return {
    id: plan.id,
    address: plan.address,
    get pid() {
      return running().pid
    },
    kill: signal => running().kill(signal),
    start: async () => {
      if (current?.running() === true) throw new Error(`${command.name} runs already.`)
      current = await startProcess(command)
      await untilReady(command, current, () => answers(plan, plans.length))
    },
    stop: () => running().stop(30_000),
    // The data goes too: there is nothing to hand over.
    end: async () => current?.kill('SIGKILL'),
  }
}

async function format(
  plan: NodePlan,
  plans: readonly NodePlan[],
  clusterId: string,
  files: string,
): Promise<void> {
  const controllers = plans.map(other => `${other.id}@${other.controllerAddress}:${other.directoryId}`)
  const args = ['format', '-c', plan.propertiesFile, '-t', clusterId]
  args.push('--initial-controllers', controllers.join(','))
  try {
    await promisify(execFile)('java', [
      ...javaArgs(128, plan.folder),
      '-XX:TieredStopAtLevel=1',
      '-cp',
      join(files, '*'),
      'kafka.tools.StorageTool',
      ...args,
    ])
  } catch (cause) {
    const { stdout, stderr } = cause as { stdout?: string; stderr?: string }
    throw new Error(
      `The folder of Kafka node ${plan.id} can't be formatted:\n${stdout ?? ''}${stderr ?? String(cause)}`,
      { cause },
    )
  }
}

/** An id as Kafka writes them; one that starts with a dash would be taken for an option. */
function kafkaUuid(): string {
  const id = randomBytes(16).toString('base64url')
  return id.startsWith('-') ? kafkaUuid() : id
}
