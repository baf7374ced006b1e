import type { Log } from '@sluicebox/stream/log'
import type { RecordReader } from './record-reader.ts'

const READ_LIMITS = { recordsMax: 500, bytesMax: 4 << 20 }

export interface Followed<T> {
  readonly partition: number
  readonly position: bigint
  readonly appendedAt: number
  readonly record: T
}

/**
 * The records of a stream, partition by partition, from the first kept or from the end on. Without `signal` it stops at
 * what was there at the beginning; with one it goes on until the signal aborts. What can't be read is handed to
 * `onUnreadable` and left out.
 */
export async function* followStream<T extends object>(options: {
  readonly log: Log
  readonly stream: string
  readonly reader: RecordReader<T>
  readonly from: 'start' | 'end'
  readonly signal?: AbortSignal
  readonly onUnreadable?: (place: string, why: string) => void
}): AsyncGenerator<Followed<T>> {
  const { log, stream, reader, signal } = options
  const bounds = await log.bounds(stream)
  const positions = bounds.map(({ start, end }) => (options.from === 'start' ? start : end))
  const ends = bounds.map(({ end }) => end)
  for (;;) {
    // Asked for before reading: what is appended meanwhile ends the wait below at once.
    const changed = signal === undefined ? undefined : log.changed(stream, signal)
    let isIdle = true
    for (let partition = 0; partition < positions.length; partition++) {
      const from = positions[partition] as bigint
      if (signal === undefined && from >= (ends[partition] as bigint)) continue
      const batch = await log.read(stream, partition, from, READ_LIMITS)
      positions[partition] = batch.next
      // Also where no record stood, but the log's own marks: there may be more behind them.
      if (batch.next > from) isIdle = false
      for (const { position, appendedAt, value } of batch.records) {
        const read = await reader(value)
        if ('record' in read) yield { partition, position, appendedAt, record: read.record }
        else options.onUnreadable?.(`${stream} ${partition}/${position}`, read.problem)
        if (signal?.aborted === true) return
      }
      // A reader that finds nothing below the end it knows of has met the end all the same.
      if (batch.next === from && signal === undefined) ends[partition] = from
    }
    if (isIdle) {
      if (changed === undefined) return
      await changed
    }
    if (signal?.aborted === true) return
  }
}
