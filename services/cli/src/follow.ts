import { isMissingSchema, type Codec } from '@sluicebox/event/codec'
import type { InputRecord, Log } from '@sluicebox/stream/log'

const READ_LIMITS = { recordsMax: 500, bytesMax: 4 << 20 }

export interface Followed<T> {
  readonly partition: number
  readonly position: bigint
  readonly appendedAt: number
  readonly record: T
}

/**
 * The records of a stream, partition by partition, from the first kept or from the end on. Without `signal` it stops at
 * what was there at the beginning; with one it goes on until the signal aborts. What can't be decoded is handed to
 * `onUnreadable` and left out.
 */
export async function* followStream<T extends object>(options: {
  readonly log: Log
  readonly stream: string
  readonly codec: Codec<T>
  readonly from: 'start' | 'end'
  readonly signal?: AbortSignal
  readonly onUnreadable?: (place: string, why: string) => void
}): AsyncGenerator<Followed<T>> {
  const { log, stream, codec, signal } = options
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
      for (const input of batch.records) {
        isIdle = false
        const record = decode(codec, input, why =>
          options.onUnreadable?.(`${stream} ${partition}/${input.position}`, why),
        )
        if (record !== undefined)
          yield { partition, position: input.position, appendedAt: input.appendedAt, record }
        if (signal?.aborted === true) return
      }
      // A reader that finds nothing below the end it knows of has met the end all the same.
      if (batch.records.length === 0 && signal === undefined) ends[partition] = batch.next
    }
    if (isIdle) {
      if (changed === undefined) return
      await changed
    }
    if (signal?.aborted === true) return
  }
}

function decode<T extends object>(
  codec: Codec<T>,
  input: InputRecord,
  onUnreadable: (why: string) => void,
): T | undefined {
  try {
    const record = codec.decode(input.value)
    if (!isMissingSchema(record)) return record
    onUnreadable(`was written with schema ${record.missing}, which is not known here`)
  } catch (error) {
    onUnreadable((error as Error).message)
  }
  return undefined
}
