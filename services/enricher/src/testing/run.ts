import { blankRaw } from '@sluicebox/event/blank'
import { isMissingSchema, type Codec } from '@sluicebox/event/codec'
import { asCollectedTime } from '@sluicebox/event/instants'
import type { BadRecord, GoodRecord, RawRecord } from '@sluicebox/event/records'
import { loadEventSchemas } from '@sluicebox/registry/events/events'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import type { Batch, OutputRecord } from '@sluicebox/stream/log'
import { enricherConfig, type EnricherConfig } from '../config.ts'
import { createEnricher, type EnricherParts } from '../enricher.ts'

// Running the enricher on records, without a log.

export const rawCodec = folderCodec('raw')
export const goodCodec = folderCodec('good')
export const badCodec = folderCodec('bad')
export const schemas = loadEventSchemas([])

export const COLLECTED_AT = Date.UTC(2026, 10, 20, 12)
export const TP2 = '/com.snowplowanalytics.snowplow/tp2'
export const PAYLOAD = 'iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4'

/** A raw record as the collector writes it for a POST of a tracker, with the changes given. */
export function rawRecord(changes: Partial<RawRecord> = {}): RawRecord {
  return blankRaw({
    collected_at: asCollectedTime(COLLECTED_AT),
    collector: 'sluicebox-test',
    request_id: 'request-1',
    visitor: 'visitor-1',
    path: TP2,
    content_type: 'application/json; charset=utf-8',
    ip: '203.0.113.0',
    hostname: 'collector.example.com',
    ...changes,
  })
}

/** The body of a tracker's POST. */
export function tp2Body(...events: unknown[]): Uint8Array {
  return Buffer.from(JSON.stringify({ schema: PAYLOAD, data: events }))
}

/** A page view as the browser tracker sends it, with the changes given; undefined takes a field away. */
export function pageView(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { e: 'pv', tv: 'js-4.10.1', p: 'web', url: 'https://shop.example.com/', ...changes }
}

/** The text of a context parameter. */
export function contexts(...entities: unknown[]): string {
  return JSON.stringify({
    schema: 'iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0',
    data: entities,
  })
}

/** The text of a self-describing event's parameter. */
export function unstruct(schema: string, data: unknown): string {
  return JSON.stringify({
    schema: 'iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0',
    data: { schema, data },
  })
}

export type ConfigChanges = Partial<EnricherConfig>

export function testConfig(changes: ConfigChanges = {}): EnricherConfig {
  return { ...enricherConfig.parse({}), ...changes }
}

export function testEnricher(
  config: ConfigChanges = {},
  parts: Partial<EnricherParts> = {},
): ReturnType<typeof createEnricher> {
  return createEnricher({
    config: testConfig(config),
    schemas,
    rawCodec,
    goodCodec,
    badCodec,
    version: 'test',
    ...parts,
  })
}

/** A batch of partition 3 that begins at `position`. */
export function batchOf(values: readonly Uint8Array[], position = 7n): Batch {
  return {
    stream: 'raw',
    partition: 3,
    records: values.map((value, index) => ({
      key: `key-${index}`,
      value,
      position: position + BigInt(index),
      appendedAt: 0,
    })),
    next: position + BigInt(values.length),
  }
}

export interface Outcome {
  readonly good: readonly GoodRecord[]
  readonly bad: readonly BadRecord[]
}

/** What an enricher makes of raw records, read back from its bytes. */
export function run(records: readonly RawRecord[], enricher = testEnricher(), position = 7n): Outcome {
  const batch = batchOf(
    records.map(record => rawCodec.encode(record)),
    position,
  )
  const { good, bad } = enricher.process(enricher.start(batch.partition), batch)
  return { good: decodeAll(goodCodec, good), bad: decodeAll(badCodec, bad) }
}

export function decodeAll<T extends object>(codec: Codec<T>, outputs: readonly OutputRecord[]): T[] {
  return outputs.map(({ value }) => {
    const record = codec.decode(value)
    if (isMissingSchema(record)) throw new Error('written with another schema')
    return record
  })
}

/** The only good event of a tracker's POST of one event. */
export function goodOf(
  event: Record<string, unknown>,
  changes: Partial<RawRecord> = {},
  config: ConfigChanges = {},
): GoodRecord {
  const { good, bad } = run([rawRecord({ body: tp2Body(event), ...changes })], testEnricher(config))
  if (bad[0] !== undefined) throw new Error(`it is bad: ${bad[0].message}`)
  return good[0] as GoodRecord
}

/** The only bad record of a tracker's POST of one event. */
export function badOf(
  event: unknown,
  changes: Partial<RawRecord> = {},
  config: ConfigChanges = {},
): BadRecord {
  const { good, bad } = run([rawRecord({ body: tp2Body(event), ...changes })], testEnricher(config))
  if (good.length > 0 || bad.length !== 1)
    throw new Error(`there are ${good.length} good and ${bad.length} bad, not one bad`)
  return bad[0] as BadRecord
}
