// Whether a Kafka node serves.
import { once } from 'node:events'
import { connect } from 'node:net'
import '@sluicebox/stream/kafka/protocol/mend-kafkajs'
import { Kafka, logLevel } from 'kafkajs'
import type { NodePlan } from './kafka-properties.ts'

/** Fulfils when the node is a member of its cluster, listens for clients, and topics can be made through it. */
export async function answers(node: NodePlan, copies: number): Promise<void> {
  const admin = new Kafka({
    brokers: [node.directAddress],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    requestTimeout: 5000,
    retry: { retries: 0 },
  }).admin()
  try {
    await admin.connect()
    const { brokers } = await admin.describeCluster()
    if (!brokers.some(broker => broker.nodeId === node.id))
      throw new Error('the cluster does not list it yet')
    // Only validates the request: no topic is made, but everything that making one needs is checked.
    await admin.createTopics({
      topics: [
        { topic: 'sluicebox-ready', numPartitions: 1, replicationFactor: Math.min(copies, brokers.length) },
      ],
      validateOnly: true,
      waitForLeaders: false,
    })
  } finally {
    await admin.disconnect()
  }
  const [host, port] = node.address.split(':')
  const socket = connect({ host: host as string, port: Number(port) })
  try {
    await once(socket, 'connect')
  } finally {
    socket.destroy()
  }
}
