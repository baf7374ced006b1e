import type { Compression } from '../protocol/record-batch.ts'
import type { OutputRecord } from '../../log.ts'
import type { Connection } from '../protocol/connection.ts'
import { isDefinite, isLost, patiently, typeOf } from '../protocol/errors.ts'
import { intoRequests, place, type RecordBatch, type Placed } from './outputs.ts'
import { createSequences, type ProducerId, type Sequences } from './sequences.ts'
import { produce } from './produce.ts'

export interface ProduceSettings {
  readonly compression: Compression
  readonly recordBytesMax: number
  readonly requestTimeoutMs: number
}

interface Append {
  readonly topic: string
  readonly records: readonly OutputRecord[]
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** An append is rejected while more bytes than this wait. */
const WAITING_BYTES_MAX = 64 * 1024 * 1024
/** How long an append is retried, in request timeouts. */
const PATIENCE = 3
/** About how many bytes of records go into one request. */
const REQUEST_BYTES_MAX = 8 * 1024 * 1024
/** The longest pause between two requests. */
const PAUSE_MS_MAX = 4
/** Timers are not more precise. */
const PAUSE_MS_MIN = 0.5
/** The records may have been written. A repeat is harmless: brokers recognise it by its numbers. */
const REPEATABLE = new Set(['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'REQUEST_TIMED_OUT', 'NETWORK_EXCEPTION'])

/**
 * Appends records outside of transactions, for the collector and for imports. One request is in flight at a time, so
 * that a repeat never follows later records; appends that arrive meanwhile go into the next request together.
 *
 * After a request the next one waits as long as the last one took, at most 4 ms: a request costs the broker and this
 * process the same whether it holds one record or fifty. With half the requests the processors are less busy, and the
 * slowest answers come in half the time. An append that finds the appender at rest does not wait.
 */
export function createAppender(connection: Connection, settings: ProduceSettings) {
  const { recordBytesMax, requestTimeoutMs } = settings
  const waiting: Append[] = []
  let waitingBytes = 0
  /** When the pause after the last request ends, in monotonic milliseconds. */
  let restsUntil = 0
  let running: Promise<void> | undefined
  let producer: { id: ProducerId; sequences: Sequences } | undefined

  async function append(topic: string, records: readonly OutputRecord[]): Promise<void> {
    if (records.length === 0) return
    const bytes = records.reduce((sum, { value }) => sum + value.length, 0)
    if (waitingBytes > 0 && waitingBytes + bytes > WAITING_BYTES_MAX)
      throw new Error(
        `${waitingBytes} bytes wait to be written to Kafka already: the brokers take less than arrives, or can't be reached`,
      )
    await new Promise<void>((resolve, reject) => {
      waitingBytes += bytes
      waiting.push({ topic, records, bytes, resolve, reject })
      running ??= run().finally(() => (running = undefined))
    })
  }

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const pauseMs = restsUntil - performance.now()
      if (pauseMs >= PAUSE_MS_MIN) await new Promise(resolve => setTimeout(resolve, pauseMs))
      const begunAt = performance.now()
      const appends: Append[] = []
      const placed: Placed[] = []
      for (let bytes = 0; waiting.length > 0 && bytes < REQUEST_BYTES_MAX;) {
        const next = waiting.shift()!
        waitingBytes -= next.bytes
        try {
          for (const each of place(next.topic, next.records, await countOf(next.topic), recordBytesMax)) {
            placed.push(each)
            bytes += each.bytes
          }
          appends.push(next)
        } catch (error) {
          next.reject(error)
        }
      }
      try {
        for (const batches of intoRequests(placed, recordBytesMax)) await send(batches)
        for (const { resolve } of appends) resolve()
      } catch (error) {
        // It is not known whether these records were written, so the numbers that follow are not known either.
        producer = undefined
        for (const { reject } of appends) reject(error)
      }
      const now = performance.now()
      restsUntil = now + Math.min(now - begunAt, PAUSE_MS_MAX)
    }
  }

  async function countOf(topic: string): Promise<number> {
    const patience = { until: performance.now() + requestTimeoutMs }
    const partitions = await patiently(
      () => connection.partitions(topic),
      connection.renew,
      mayRepeat,
      patience,
    )
    return partitions.length
  }

  async function send(batches: readonly RecordBatch[]): Promise<void> {
    const patience = { until: performance.now() + PATIENCE * requestTimeoutMs }
    if (producer === undefined || producer.sequences.isSpent()) {
      const id = await patiently(newProducerId, connection.renew, mayRepeat, patience)
      producer = { id, sequences: createSequences() }
    }
    const { id, sequences } = producer
    const numbered = batches.map(batch => ({ ...batch, firstSequence: sequences.draw(batch) }))
    await patiently(() => produce(connection, id, numbered, settings), connection.renew, mayRepeat, patience)
  }

  async function newProducerId(): Promise<ProducerId> {
    const broker = await connection.cluster.controller()
    return broker.initProducerId({ transactionTimeout: requestTimeoutMs })
  }

  return {
    append,
    /** Resolves when no append waits or is in flight. */
    async idle(): Promise<void> {
      await running
    },
  }
}

function mayRepeat(error: unknown): boolean {
  return isDefinite(error) || isLost(error) || REPEATABLE.has(typeOf(error) ?? '')
}
