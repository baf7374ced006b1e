// What the benchmarks on Kafka share: topics, backlogs, and the processes that are measured.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import { logConfig, type LogConfig } from '@sluicebox/stream/config'
import { createTopics } from '@sluicebox/stream/kafka/topics'
import type { Log, OutputRecord } from '@sluicebox/stream/log'
import type { LocalKafka } from '@sluicebox/infra/local/kafka/kafka'
import { pageViewsRecord } from './enricher.ts'
import { peerCollected, peerGood } from './peers/backlog.ts'
import { goodRecord } from './scorer.ts'

const PARTITIONS = 4
export const SESSIONS = 10_000

/** How many records of a stream a group has done, and how many there are. */
export async function standOf(
  log: Log,
  group: string,
  input: string,
): Promise<{ done: number; end: number }> {
  const [committed, bounds] = await Promise.all([log.committed(group, input), log.bounds(input)])
  return {
    done: committed.reduce((sum, position) => sum + Number(position), 0),
    end: bounds.reduce((sum, each) => sum + Number(each.end), 0),
  }
}

/** What a backlog holds: the records of our streams, or the messages of the peers. */
export type Backlog = 'raw' | 'good' | 'collected' | 'peer good'

/** Appends records to a stream, of as many sessions as said. */
export async function fill(
  log: Log,
  {
    stream,
    holds,
    count,
    sessions = SESSIONS,
  }: { stream: string; holds: Backlog; count: number; sessions?: number },
): Promise<void> {
  const raw = folderCodec('raw')
  const good = folderCodec('good')
  const ids = Array.from(
    { length: sessions },
    (_, i) => `f81d4fae-7dec-41d0-a765-${String(i).padStart(12, '0')}`,
  )
  const make = (n: number): OutputRecord => {
    const id = ids[n % sessions]!
    switch (holds) {
      case 'raw': {
        const record = pageViewsRecord(n)
        return { key: record.visitor, value: raw.encode(record) }
      }
      case 'good':
        return { key: id, value: good.encode(goodRecord(n, id, id)) }
      case 'collected':
        return peerCollected(n)
      case 'peer good':
        return { key: id, value: peerGood(goodRecord(n, id, id)) }
    }
  }
  for (let start = 0; start < count; start += 1000)
    await log.append(
      stream,
      Array.from({ length: 1000 }, (_, i) => make(start + i)),
    )
}

export async function topicsFor(
  kafka: LocalKafka,
  prefix: string,
  partitions = PARTITIONS,
): Promise<LogConfig> {
  const config = logConfig.parse({
    kind: 'kafka',
    partitions,
    kafka: { brokers: kafka.addresses, prefix, replicas: 1 },
  })
  await createTopics(config, ['raw', 'collected', 'good', 'bad', 'scored'])
  return config
}

/** Starts a script of this folder for a stage; `rest` are its further arguments. */
export async function startProcess(
  script: 'kafka-process.ts' | 'peers/process.ts',
  kind: string,
  { kafka }: LogConfig,
  rest: readonly string[] = [],
): Promise<ChildProcess> {
  const args = [kind, kafka.brokers.join(), kafka.prefix, ...rest]
  const child = fork(join(import.meta.dirname, script), args)
  await once(child, 'message')
  return child
}

/** Returns the port of what was started, where there is one. */
export async function tell(child: ChildProcess, what: 'start'): Promise<number | undefined> {
  child.send(what)
  const [message] = (await once(child, 'message')) as [{ port?: number }]
  return message.port
}

export async function cpuSecondsOf(child: ChildProcess): Promise<number> {
  child.send('usage')
  const [message] = (await once(child, 'message')) as [{ cpuSeconds: number }]
  return message.cpuSeconds
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
