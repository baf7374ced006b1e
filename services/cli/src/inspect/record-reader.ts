import { isMissingSchema, UndecodableError, type Codec } from '@sluicebox/event/codec'

/** The record that bytes hold, or what is wrong with them. */
export type ReadRecord<T> = { readonly record: T } | { readonly problem: string }

/** Reads records of a stream. Rejects while the registry that has the schema of a record can't be reached. */
export type RecordReader<T> = (value: Uint8Array) => Promise<ReadRecord<T>>

/** Creates a reader that fetches the schemas that records were written with, each once. */
export function createRecordReader<T extends object>(
  codec: Codec<T>,
  fetchSchema?: (id: number) => Promise<string | undefined>,
): RecordReader<T> {
  const absent = new Set<number>()
  return async function read(value) {
    try {
      for (;;) {
        const record = codec.decode(value)
        if (!isMissingSchema(record)) return { record }
        const id = record.missing
        const schema = absent.has(id) ? undefined : await fetchSchema?.(id)
        if (schema === undefined || !canLearn(codec, id, schema)) {
          absent.add(id)
          return { problem: `was written with schema ${id}, which is not known here` }
        }
      }
    } catch (error) {
      if (error instanceof UndecodableError) return { problem: error.message }
      throw error
    }
  }
}

/**
 * Creates a decoder that does not wait: it fetches missing schemas in the background. It serves a page, which decodes the
 * same records again a moment later.
 */
export function createLearningDecoder<T extends object>(
  codec: Codec<T>,
  fetchSchema?: (id: number) => Promise<string | undefined>,
): Pick<Codec<T>, 'decode'> {
  if (fetchSchema === undefined) return codec
  const asked = new Set<number>()

  async function learn(id: number): Promise<void> {
    try {
      const schema = await fetchSchema?.(id)
      if (schema !== undefined) canLearn(codec, id, schema)
    } catch {
      // The registry can't be reached: the next decoding retries.
      asked.delete(id)
    }
  }

  return {
    decode(value) {
      const record = codec.decode(value)
      if (isMissingSchema(record) && !asked.has(record.missing)) {
        asked.add(record.missing)
        void learn(record.missing)
      }
      return record
    },
  }
}

/** Learns a schema. Returns false for one that can't be read as a schema of this stream: its records belong to another. */
function canLearn(codec: Codec<object>, id: number, schema: string): boolean {
  try {
    codec.learn(id, schema)
    return true
  } catch {
    return false
  }
}
