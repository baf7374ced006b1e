import { setTimeout as sleep } from 'node:timers/promises'
import type { Batch, InputRecord, Log, ReadLimits, Skipped } from '../log.ts'
import { createAppender, type ProduceSettings } from './produce/appender.ts'
import type { KafkaConfig } from './config.ts'
import { connect, type Connection } from './protocol/connection.ts'
import { consume } from './consume/consumer.ts'
import { isDefinite, isLost, patiently } from './protocol/errors.ts'
import { createNames } from './names.ts'
import { boundsOf, committedOf } from './consume/read-positions.ts'
import { fetchBatches } from './protocol/fetch.ts'
import { readBatches } from './protocol/read-batches.ts'
import { errorOf } from './protocol/errors.ts'

export interface KafkaLogOptions {
  readonly config: KafkaConfig
  /** Called when records were deleted before a group had read them. */
  readonly onSkipped?: (skipped: Skipped) => void
  /** Called with an error after which the log retries. */
  readonly onProblem?: (error: Error) => void
}

const POLL_MS = 200
/** A wait ends after this many polls in any case, because a record between two polls may have been missed. */
const POLLS_MAX = 5

/**
 * Opens the log on Apache Kafka, 3.9 and later. Each stream is a topic, and each commit is a transaction that holds the
 * outputs and the position. Connects at once: rejects when no broker can be reached, or a setting does not fit.
 */
export async function openKafkaLog({
  config,
  onSkipped = () => {},
  onProblem = () => {},
}: KafkaLogOptions): Promise<Log> {
  const names = createNames(config.prefix)
  const produce: ProduceSettings = {
    compression: config.compression,
    recordBytesMax: config.recordBytesMax,
    requestTimeoutMs: config.requestTimeoutMs,
  }
  // Appends and commits do not wait for each other, and reads wait for neither.
  const [appending, committing, reading] = await Promise.all([
    connect(config),
    connect(config),
    connect(config),
  ])
  const appender = createAppender(appending, produce)
  const closing = new AbortController()
  const consumers = new Set<Promise<void>>()

  /** Repeats a question to the brokers until it is answered: questions change nothing. */
  const ask = <T>(question: () => Promise<T>): Promise<T> =>
    patiently(question, reading.renew, error => isDefinite(error) || isLost(error), {
      until: performance.now() + config.requestTimeoutMs,
      signal: closing.signal,
    })

  return {
    append: (stream, records) => appender.append(names.topic(stream), records),
    partitionCount: stream => ask(async () => (await reading.partitions(names.topic(stream))).length),
    async consume(options, own) {
      const consumer = (async () => {
        const waiting = await connect(config)
        await using _own = waiting
        await consume(
          { config, names, own: waiting, shared: committing, produce, onSkipped, onProblem },
          { ...options, signal: AbortSignal.any([options.signal, closing.signal]) },
          own,
        )
      })()
      const settled = consumer.catch(() => {})
      consumers.add(settled)
      await consumer.finally(() => consumers.delete(settled))
    },
    read: (stream, partition, from, limits) =>
      ask(() => read(reading, { topic: names.topic(stream), stream, partition, from, limits })),
    bounds: stream => ask(() => boundsOf(reading, names.topic(stream))),
    committed: (group, stream) =>
      ask(() => committedOf(reading, names.group(group, stream), names.topic(stream))),
    async changed(stream, signal) {
      const ends = async (): Promise<string> =>
        (await ask(() => boundsOf(reading, names.topic(stream)))).map(({ end }) => end).join()
      const stopped = AbortSignal.any([signal, closing.signal])
      const before = stopped.aborted ? '' : await ends()
      for (let polls = 0; polls < POLLS_MAX && !stopped.aborted; polls++) {
        await sleep(POLL_MS, undefined, { signal: stopped }).catch(() => {})
        if (stopped.aborted || (await ends()) !== before) return
      }
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      await Promise.all(consumers)
      await appender.idle()
      await Promise.all([appending, committing, reading].map(each => each[Symbol.asyncDispose]()))
    },
  }
}

interface ReadRequest {
  readonly topic: string
  readonly stream: string
  readonly partition: number
  readonly from: bigint
  readonly limits: ReadLimits
}

/** Returns the records from `from` on, or from the first one kept; no records at the end of the partition. */
async function read(
  connection: Connection,
  { topic, stream, partition, from, limits: { recordsMax, bytesMax } }: ReadRequest,
): Promise<Batch> {
  const { start, end } = (await boundsOf(connection, topic))[partition]!
  const records: InputRecord[] = []
  let bytes = 0
  let next = from < start ? start : from
  while (next < end && records.length === 0) {
    const leader = await connection.leader(topic, partition)
    const [part] = await fetchBatches(leader, {
      topic,
      partitions: [{ partition, offset: next, bytesMax }],
      waitMsMax: 0,
      bytesMax,
    })
    if (part === undefined)
      throw Object.assign(new Error('the broker throttles this client and sent nothing'), {
        type: 'THROTTLED',
      })
    if (part.errorCode !== 0) throw errorOf(part.errorCode)
    const fetched = await readBatches(part, next)
    if (fetched.next === next) break
    next = fetched.next
    for (const record of fetched.records) {
      bytes += record.value.length
      if (records.length > 0 && (records.length === recordsMax || bytes > bytesMax)) {
        next = record.position
        break
      }
      records.push(record)
    }
  }
  return { stream, partition, records, next }
}
