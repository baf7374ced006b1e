import { followStream } from '@sluicebox/stream/follow'
import type { Log } from '@sluicebox/stream/log'
import type { RecordReader } from './record-reader.ts'

export interface PlacedRecord<T> {
  readonly partition: number
  readonly position: bigint
  readonly appendedAt: number
  readonly record: T
}

/**
 * Yields the decoded records of a stream, partition by partition, from the first kept record or from the end. Without
 * `signal` it stops at the end that the stream had at the beginning; with one it continues until the signal aborts.
 * `onUnreadable` is called for each record that can't be decoded.
 */
export async function* readStream<T extends object>(options: {
  readonly log: Log
  readonly stream: string
  readonly reader: RecordReader<T>
  readonly from: 'start' | 'end'
  readonly signal?: AbortSignal
  readonly onUnreadable?: (place: string, why: string) => void
}): AsyncGenerator<PlacedRecord<T>> {
  const { reader, onUnreadable, ...following } = options
  for await (const { partition, records } of followStream(following))
    for (const { position, appendedAt, value } of records) {
      const read = await reader(value)
      if ('record' in read) yield { partition, position, appendedAt, record: read.record }
      else onUnreadable?.(`${options.stream} ${partition}/${position}`, read.problem)
      if (options.signal?.aborted === true) return
    }
}
