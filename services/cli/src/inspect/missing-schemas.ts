import type { Streams } from '../data.ts'
import { readStream } from './read-stream.ts'

const UNKNOWN = /\biglu:\S+(?= is not among the schemas)/g

/** The schemas that events of the log refer to and that were unknown when they were enriched: those of `bad`, and those that notes in `good` name. */
export async function missingSchemas(streams: Streams): Promise<string[]> {
  const refs = new Set<string>()
  const { log } = streams
  const bad = await streams.reader('bad', { project: ['reason', 'errors', 'schema'] })
  for await (const { record } of readStream({ log, stream: 'bad', reader: bad, from: 'start' })) {
    if (record.reason === 'schema_unknown' && record.schema !== null) refs.add(record.schema)
    for (const text of record.errors) for (const [ref] of text.matchAll(UNKNOWN)) refs.add(ref)
  }
  const good = await streams.reader('good', { project: ['notes'] })
  for await (const { record } of readStream({ log, stream: 'good', reader: good, from: 'start' }))
    for (const text of record.notes) for (const [ref] of text.matchAll(UNKNOWN)) refs.add(ref)
  return [...refs].sort()
}
