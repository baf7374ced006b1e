import { isMissingSchema, type Codec } from '@sluicebox/event/codec'
import type { BadRecord, GoodRecord, RawRecord } from '@sluicebox/event/records'
import { schemaRef } from '@sluicebox/registry/streams/learn'
import type { Batch, InputRecord, OutputRecord } from '@sluicebox/stream/log'
import { Unresolved, type Stage } from '@sluicebox/stream/driver/stage'
import packageJson from '../package.json' with { type: 'json' }
import type { PageKind } from '@sluicebox/protocol/page-kinds'
import { badRecord, undecodable } from './bad.ts'
import type { EnricherConfig } from './config.ts'
import type { Coordinates } from './coordinates.ts'
import { enrich, faultsOf, readPlaces } from './enrich.ts'
import { amountsSeen } from './enrichments/currency/amounts-seen.ts'
import type { EnricherFiles } from './files/files.ts'
import { heartbeat } from './heartbeat.ts'
import { readPayload } from '@sluicebox/protocol/payload'
import { refuse, type EventsPayload, type Payload } from '@sluicebox/protocol/request'
import { readSelfDescribing, type EventSchemas } from '@sluicebox/protocol/self-describing'
import type { Fault, Note, SentEvent } from '@sluicebox/protocol/sent-event'
import type { BadReason } from '@sluicebox/protocol/reasons'
import { addTally, blankTally, countOne, type Tally } from './tally.ts'
import { createTools } from './tools.ts'

export interface EnricherParts {
  readonly config: EnricherConfig
  readonly schemas: EventSchemas
  readonly rawCodec: Codec<RawRecord>
  readonly goodCodec: Codec<GoodRecord>
  readonly badCodec: Codec<BadRecord>
  /** The secret of the pseudonyms; needed when the configuration names a file for it. */
  readonly pseudonymKey?: Uint8Array
  /** The content of the files that the configuration names; needed when it names any. */
  readonly files?: EnricherFiles
  /** Ids of writers' schemas that the registry does not hold: records with them are bad. */
  readonly absentSchemas?: ReadonlySet<number>
  /** Version to write on records, instead of the package's own. */
  readonly version?: string
}

/** The state of a partition's enricher: figures for the metrics. No record depends on it. */
export interface EnricherState {
  readonly partition: number
  /** Counts since the metrics last took them over. */
  tally: Tally
}

const NO_NOTES: readonly Note[] = []

interface Outputs {
  readonly good: OutputRecord[]
  readonly bad: OutputRecord[]
  readonly tally: Tally
}

/** A good event, ready to be written. */
interface Written {
  readonly eventTime: number
  readonly value: Uint8Array
}

/**
 * The stage from raw to good and bad. Every event of every record comes out exactly once. The content of a record can
 * make it bad, but never makes this throw. It throws only `Unresolved`: for the schema that a record was written with
 * (`avro:<id>`), and for what a validator needs.
 */
export function createEnricher(parts: EnricherParts): Stage<EnricherState, 'good' | 'bad'> {
  const { config, schemas, rawCodec, goodCodec, badCodec, absentSchemas } = parts
  const tools = createTools(config, { ...parts, version: parts.version ?? packageJson.version })
  const processor = tools.enricher

  return {
    start: partition => ({ partition, tally: blankTally() }),
    process(state, batch) {
      const out: Outputs = { good: [], bad: [], tally: blankTally() }
      for (const record of batch.records) enrichRecord(record, batch, out)
      addTally(state.tally, out.tally)
      return { good: out.good, bad: out.bad }
    },
  }

  function enrichRecord(record: InputRecord, { partition }: Batch, out: Outputs): void {
    const coordinates: Coordinates = { partition, position: record.position.toString(), index: 0 }
    const raw = decodeRaw(record.value)
    out.tally.records++
    if (typeof raw === 'string') {
      writeBad(record, undecodable(record.value, record.key, coordinates, raw, processor), out)
      return
    }
    out.tally.lastCollectedAt = raw.collected_at
    if (raw.kind === 'heartbeat') {
      out.tally.heartbeats++
      out.good.push({ key: null, value: goodCodec.encode(heartbeat(raw, coordinates, processor)), partition })
      return
    }
    const payload = readRequest(raw)
    if ('refused' in payload) {
      const { refused, original, format } = payload
      const faults = [refused]
      writeBad(
        record,
        badRecord({ raw, coordinates, faults, original, format, eventId: null, processor }),
        out,
      )
    } else enrichEvents(record, raw, payload, coordinates, out)
  }

  /** The events leave in the order in which they happened; `source_index` says where each was sent. */
  function enrichEvents(
    record: InputRecord,
    raw: RawRecord,
    payload: EventsPayload,
    first: Coordinates,
    out: Outputs,
  ): void {
    const written: Written[] = []
    let isInOrder = true
    for (let index = 0; index < payload.events.length; index++) {
      const event = payload.events[index] as SentEvent
      const coordinates = { ...first, index }
      const outcome = enrichEvent(event, raw, coordinates, out.tally)
      if ('value' in outcome) {
        isInOrder &&= written.length === 0 || (written.at(-1) as Written).eventTime <= outcome.eventTime
        written.push(outcome)
      } else {
        const { format } = payload
        const original = payload.original(index)
        const { eventId } = event
        const parts = { raw, coordinates, faults: outcome, original, format, eventId, processor }
        writeBad(record, badRecord(parts), out)
      }
    }
    if (!isInOrder) written.sort((a, b) => a.eventTime - b.eventTime)
    for (const { value } of written) out.good.push({ key: record.key, value })
    out.tally.good += written.length
  }

  function enrichEvent(
    event: SentEvent,
    raw: RawRecord,
    coordinates: Coordinates,
    tally: Tally,
  ): Written | readonly Fault[] {
    try {
      readSelfDescribing(event, schemas, config)
      const places = readPlaces(event, raw, tools)
      const faults = faultsOf(event, places, config.minorFields)
      if (faults !== undefined) return faults
      const good = enrich(event, raw, places, coordinates, tools)
      const value = goodCodec.encode(good)
      if (value.length > config.goodBytesMax) return [tooLarge(value.length, config.goodBytesMax)]
      for (const { kind } of event.notes ?? NO_NOTES) countOne(tally.notes, kind)
      tally.ignoredIds += event.ignoredIds
      countOne(tally.countries, good.geo_country_source)
      const amounts = amountsSeen(good)
      if (amounts !== undefined) countOne(tally.amounts, amounts)
      if (event.type === 'page_view' || event.type === 'action')
        countOne(tally.views, good.page_kind as PageKind)
      return { eventTime: good.event_time, value }
    } catch (error) {
      // A missing schema stops the batch; a fault in our code costs only this event.
      if (error instanceof Unresolved) throw error
      return [{ reason: 'enrichment_failed', place: '', text: (error as Error).message }]
    }
  }

  function readRequest(raw: RawRecord): Payload {
    try {
      return readPayload(raw, config)
    } catch (error) {
      return refuse(raw, 'enrichment_failed', (error as Error).message)
    }
  }

  /** Returns the record, or why it can't be read. */
  function decodeRaw(value: Uint8Array): RawRecord | string {
    try {
      const decoded = rawCodec.decode(value)
      if (!isMissingSchema(decoded)) return decoded
      if (absentSchemas?.has(decoded.missing) === true)
        return `it names the schema ${decoded.missing}, which the registry does not hold`
      throw new Unresolved([schemaRef(decoded.missing)])
    } catch (error) {
      if (error instanceof Unresolved) throw error
      return (error as Error).message
    }
  }

  function writeBad(record: InputRecord, bad: BadRecord, out: Outputs): void {
    out.bad.push({ key: record.key, value: badCodec.encode(bad) })
    countOne(out.tally.bad, bad.reason as BadReason)
  }
}

function tooLarge(bytes: number, bytesMax: number): Fault {
  return { reason: 'too_large', place: '', text: `it takes ${bytes} bytes; ${bytesMax} are allowed` }
}
