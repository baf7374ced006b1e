// One Kafka node: its data folder, and the process that comes and goes.
import { join } from 'node:path'
import { javaArgs } from '../fetch/java.ts'
import type { NodePlan } from './kafka-properties.ts'
import { answers } from './kafka-ready.ts'
import {
  runProgram,
  startProcess,
  untilReady,
  type Failure,
  type ServerCommand,
  type ServerProcess,
} from '../process.ts'

export interface KafkaNode {
  readonly id: number
  /** Where it really listens for clients, host:port. */
  readonly address: string
  readonly logFile: string
  readonly pid: number
  readonly running: boolean
  /** Fulfilled when the process that was started last is gone. */
  readonly exited: Promise<void>
  /** Sends a signal, such as SIGSTOP and SIGCONT; with SIGKILL also waits until the process is gone. */
  readonly kill: (signal: NodeJS.Signals) => Promise<void>
  /**
   * Starts it again after `kill` or `stop`: same addresses, same data. Fulfilled when it serves, which takes a majority of the
   * nodes: when most are down, start them together.
   */
  readonly start: () => Promise<void>
  /** Ends it in good order: its partitions are handed over first. The data stays. */
  readonly stop: () => Promise<void>
}

export interface NodeMachine {
  /** The folder with Kafka's jars. */
  readonly files: string
  readonly compile: 'quick' | 'full'
  /** Further arguments for Java. */
  readonly args: readonly string[]
}

/** A node that is formatted and doesn't run yet. */
export function kafkaNode(plan: NodePlan, copies: number, machine: NodeMachine): KafkaNode {
  const { files, compile, args } = machine
  const { id, address, folder } = plan
  const command: ServerCommand = {
    name: `Kafka node ${id} at ${address}`,
    command: 'java',
    args: [...javaArgs({ heapMb: 512, dir: folder, compile }), ...args].concat([
      ...['-cp', join(files, '*'), 'kafka.Kafka', plan.propertiesFile],
    ]),
    cwd: folder,
    logFile: join(folder, `node-${id}.log`),
  }
  let latest: ServerProcess | undefined
  const started = () => {
    if (latest === undefined) throw new Error(`${command.name} was not started.`)
    return latest
  }
  return {
    id,
    address,
    logFile: command.logFile,
    get pid() {
      return started().pid
    },
    get running() {
      return latest?.running() === true
    },
    get exited() {
      return started().exited
    },
    kill: async signal => started().kill(signal),
    start: async () => {
      if (latest?.running() === true) throw new Error(`${command.name} runs already.`)
      latest = await startProcess(command)
      await untilReady(command, latest, () => answers(plan, copies))
    },
    stop: async () => started().stop(30_000),
  }
}

/** Prepares the node's data folder. */
export async function formatNode(
  plan: NodePlan,
  plans: readonly NodePlan[],
  clusterId: string,
  files: string,
  args: readonly string[],
): Promise<void> {
  const controllers = plans.map(other => `${other.id}@${other.controllerAddress}:${other.directoryId}`)
  try {
    await runProgram('java', [
      ...javaArgs({ heapMb: 128, dir: plan.folder, compile: 'quick' }),
      ...['-cp', join(files, '*'), 'kafka.tools.StorageTool', 'format'],
      ...['-c', plan.propertiesFile, '-t', clusterId, '--initial-controllers', controllers.join(',')],
      ...args,
    ])
  } catch (cause) {
    const { stdout, stderr } = cause as Failure
    const output = `${stdout}${stderr}`.trim()
    throw new Error(`The data folder of Kafka node ${plan.id} can't be prepared:\n${output}`, { cause })
  }
}
