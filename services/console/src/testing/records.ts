import type {
  BadRecord,
  GoodRecord,
  RawRecord,
  ScoredRecord,
  StreamName,
  StreamRecords,
} from '@sluicebox/event/records'
import { folderCodec } from '@sluicebox/registry/streams/folder'

/** The codecs of the four streams. */
export const codecs = {
  raw: folderCodec('raw'),
  good: folderCodec('good'),
  bad: folderCodec('bad'),
  scored: folderCodec('scored'),
}

/** A record with every field at the default of its schema, except those given. */
export function record<Name extends StreamName>(
  stream: Name,
  given: Partial<StreamRecords[Name]>,
): StreamRecords[Name] {
  const codec = codecs[stream] as unknown as {
    encode(record: unknown): Uint8Array
    decode(bytes: Uint8Array): unknown
  }
  return { ...(codec.decode(codec.encode(given)) as StreamRecords[Name]) }
}

export const rawRecord = (given: Partial<RawRecord>): Uint8Array => codecs.raw.encode(record('raw', given))
export const goodRecord = (given: Partial<GoodRecord>): Uint8Array =>
  codecs.good.encode(record('good', given))
export const badRecord = (given: Partial<BadRecord>): Uint8Array => codecs.bad.encode(record('bad', given))
export const scoredRecord = (given: Partial<ScoredRecord>): Uint8Array =>
  codecs.scored.encode(record('scored', given))
