// What the tests of this folder share.
import { once } from 'node:events'
import { connect } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import '@sluicebox/stream/kafka/protocol/mend-kafkajs'
import { Kafka, logLevel, type KafkaConfig } from 'kafkajs'
import { onTestFinished } from 'vitest'

// Time for the downloads of the first run.
export const SERVER_START_MS = 300_000

/** A folder that is removed after the test. */
export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'sluicebox-infra-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** A client that does not retry by default. */
export function client(brokers: string[], options: Partial<KafkaConfig> = {}): Kafka {
  return new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 0 }, ...options })
}

/** Appends a record to partition 0; fulfilled when all copies in sync have it. */
export async function append(kafka: Kafka, topic: string, value: string): Promise<void> {
  const producer = kafka.producer()
  await producer.connect()
  try {
    await producer.send({ topic, acks: -1, messages: [{ partition: 0, value }] })
  } finally {
    await producer.disconnect()
  }
}

/** Runs `work` with a connected admin. */
export async function withAdmin<T>(
  kafka: Kafka,
  work: (admin: ReturnType<Kafka['admin']>) => Promise<T>,
): Promise<T> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

/** How many records partition 0 has had. */
export async function recordCount(kafka: Kafka, topic: string): Promise<number> {
  const offsets = await withAdmin(kafka, admin => admin.fetchTopicOffsets(topic))
  return Number(offsets.find(({ partition }) => partition === 0)?.high)
}

export async function canConnect(address: string): Promise<boolean> {
  const [host, port] = address.split(':')
  const socket = connect({ host: host as string, port: Number(port) })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
