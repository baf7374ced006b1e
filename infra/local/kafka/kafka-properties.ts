// The settings of a Kafka node.
import { join } from 'node:path'

export interface NodePlan {
  readonly id: number
  readonly folder: string
  /** Where clients reach it. */
  readonly address: string
  /** Where other brokers and our own checks reach it, independent of the address that clients get. */
  readonly directAddress: string
  readonly controllerAddress: string
  readonly directoryId: string
  readonly propertiesFile: string
}

export interface NodeSettings {
  readonly advertised?: ((id: number) => string) | undefined
  /** Settings that override ours. */
  readonly settings: Readonly<Record<string, string | number | boolean>>
}

/** The properties file of one node of a cluster. */
export function nodeProperties(plan: NodePlan, plans: readonly NodePlan[], options: NodeSettings): string {
  const copies = plans.length
  const advertised = options.advertised?.(plan.id) ?? plan.address
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': plan.id,
    'controller.quorum.bootstrap.servers': plans.map(other => other.controllerAddress).join(','),
    listeners: `CLIENT://${plan.address},DIRECT://${plan.directAddress},CONTROLLER://${plan.controllerAddress}`,
    'advertised.listeners': `CLIENT://${advertised},DIRECT://${plan.directAddress}`,
    'listener.security.protocol.map': 'CLIENT:PLAINTEXT,DIRECT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'DIRECT',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(plan.folder, `node-${plan.id}`),
    'auto.create.topics.enable': false,
    'group.initial.rebalance.delay.ms': 0,
    'offsets.topic.replication.factor': copies,
    'offsets.topic.num.partitions': 6,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': Math.min(2, copies),
    'transaction.state.log.num.partitions': 6,
    // A dead broker is noticed, and may come back, sooner than after the usual 9 s.
    'broker.session.timeout.ms': 3000,
    'broker.heartbeat.interval.ms': 500,
    // The cleaner's buffer is 128 MB by default, a quarter of the heap.
    'log.cleaner.dedupe.buffer.size': 4_194_304,
    ...options.settings,
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${String(value)}\n`)
    .join('')
}
