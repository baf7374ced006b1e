import type { RawRecord } from '@sluicebox/event/records'
import { isMissingSchema } from '@sluicebox/event/codec'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import { Registry } from '@sluicebox/runtime/metrics'
import type { OutputRecord } from '@sluicebox/stream/log'
import { createMemoryLog, type MemoryLog } from '@sluicebox/stream/testing/memory-log'
import type { z } from 'zod'
import { collectorConfig, type CollectorConfig } from '../config.ts'
import type { HandlerParts } from '../http/handler.ts'

export const codec = folderCodec('raw')

/** The default configuration, on a free port and without heartbeats, with some keys set. */
export function configOf(settings: z.input<typeof collectorConfig> = {}): CollectorConfig {
  return collectorConfig.parse({ port: 0, heartbeatMs: 0, ...settings })
}

/** A log in memory of three partitions that also keeps what was appended, in order. */
export interface RecordingLog extends MemoryLog {
  readonly records: RawRecord[]
  readonly outputs: OutputRecord[]
}

/** `before` runs before an append is written: it may wait, or refuse. */
export function recordingLog(before?: () => Promise<void>): RecordingLog {
  const log = createMemoryLog({ partitions: 3 })
  log.beforeAppend = before
  const records: RawRecord[] = []
  const outputs: OutputRecord[] = []
  const { append } = log
  return Object.assign(log, {
    records,
    outputs,
    async append(stream: string, appended: readonly OutputRecord[]) {
      await append(stream, appended)
      outputs.push(...appended)
      for (const { value } of appended) records.push(decode(value))
    },
  })
}

export function decode(value: Uint8Array): RawRecord {
  const record = codec.decode(value)
  if (isMissingSchema(record)) throw new Error('the schema of the record is missing')
  return record
}

/** What the collector logged: level and message. */
export function recordingLogger() {
  const lines: [level: 'info' | 'warn' | 'error', message: string][] = []
  const line =
    (level: 'info' | 'warn' | 'error') =>
    (...given: unknown[]): void => {
      lines.push([level, String(given.at(-1))])
    }
  return { lines, info: line('info'), warn: line('warn'), error: line('error') }
}

/** Everything that a collector needs, with what the test wants to be different. */
export function partsOf(
  log: RecordingLog,
  settings: z.input<typeof collectorConfig> = {},
  others: Partial<HandlerParts> = {},
): HandlerParts {
  return {
    config: configOf(settings),
    log,
    codec,
    logger: recordingLogger(),
    metrics: new Registry(),
    ...others,
  }
}

/** Ids that count: id-1, id-2 … */
export function countingIds(): () => string {
  let count = 0
  return () => `id-${++count}`
}

/** A request as bytes. */
export function httpRequest(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
  body: string | Uint8Array = '',
): Buffer {
  const bytes = Buffer.from(body)
  const lines = Object.entries({
    host: 'collector.test',
    ...(bytes.length > 0 ? { 'content-length': String(bytes.length) } : {}),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([
    Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'),
    bytes,
  ])
}

/** A tracker's body. */
export function payloadData(...events: readonly unknown[]): string {
  return JSON.stringify({
    schema: 'iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4',
    data: events,
  })
}

export const TP2 = '/com.snowplowanalytics.snowplow/tp2'
