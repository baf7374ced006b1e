import { createTopicReader } from './kafka/client.ts'
import {
  decodeAll,
  folderSchemas,
  registrySchemas,
  STREAMS,
  type Fields,
  type StreamName,
} from './schemas.ts'

/** A record as it is in a stream. */
export interface Stored {
  readonly partition: number
  readonly position: bigint
  /** When the broker's log got it, in epoch milliseconds. */
  readonly at: number
  readonly key: string | null
  readonly value: Buffer
  /** Undefined where it can't be read as a record of the stream. */
  readonly fields: Fields | undefined
}

export interface StreamContent {
  readonly partitions: number
  /** Partition by partition, each in its order. */
  readonly records: readonly Stored[]
  /** Partitions with a transaction that neither ended well nor was undone: nobody gets what comes behind it. */
  readonly openPartitions: readonly number[]
  /** Records of transactions that were undone. */
  readonly aborted: number
}

export type Streams = Readonly<Record<StreamName, StreamContent>>

export interface StreamsSource {
  readonly brokers: readonly string[]
  readonly prefix: string
  /** Without one, ids are those of the schemas that ship. */
  readonly registryUrl?: string
}

/** Everything that a reader of committed records finds now. */
export async function readStreams({ brokers, prefix, registryUrl }: StreamsSource): Promise<Streams> {
  const reader = createTopicReader(brokers)
  try {
    const found = {} as Record<StreamName, StreamContent>
    for (const stream of STREAMS) {
      const partitions = await reader.readTopic(`${prefix}${stream}`)
      const records = partitions.flatMap(({ partition, records: own }) =>
        own.map(record => ({ ...record, partition })),
      )
      const fields = await decodeAll(
        records.map(({ value }) => value),
        registryUrl === undefined ? folderSchemas(stream) : registrySchemas(registryUrl),
      )
      found[stream] = {
        partitions: partitions.length,
        records: records.map(({ partition, offset, timestamp, key, value }, index) => ({
          partition,
          position: offset,
          at: timestamp,
          key: key?.toString() ?? null,
          value: value ?? Buffer.alloc(0),
          fields: fields[index],
        })),
        openPartitions: partitions
          .filter(({ end, stableEnd }) => stableEnd < end)
          .map(({ partition }) => partition),
        aborted: partitions.reduce((sum, { aborted }) => sum + aborted, 0),
      }
    }
    return found
  } finally {
    reader.close()
  }
}
