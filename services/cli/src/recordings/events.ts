import type { RecordingMap } from './map.ts'
import { eventReader } from './row-event.ts'
import { createRowIds } from './row-ids.ts'
import { readRows, type RowOptions } from './rows.ts'
import { sortByTime, type Entry } from './sort-by-time.ts'

/** An event of a recording in the vocabulary of POST /v1/events, and when it happened. */
export interface RecordedEvent {
  readonly timeMs: number
  readonly visitor: string
  readonly json: string
}

/** The events of recordings. Disposing of it removes what was kept to sort them. */
export interface Recording extends AsyncDisposable {
  readonly count: number
  /** Rows that the map says to skip. */
  readonly skipped: number
  /** When the first and the last event happened, in epoch milliseconds; undefined without events. */
  readonly fromMs: number | undefined
  readonly toMs: number | undefined
  /** In order of time, whatever the order of the rows. May be read several times. */
  events(): AsyncGenerator<RecordedEvent>
}

export interface ReadOptions extends RowOptions {
  /** The largest record that an event may make, in bytes. Default: any. */
  readonly recordBytesMax?: number
  /** Ends the reading. */
  readonly signal?: AbortSignal
}

/**
 * Reads recordings and checks every row of them. Throws, naming file and row, when one does not fit the map. Memory
 * does not grow with the number of rows: rows that do not fit are sorted in a temporary folder.
 */
export async function readRecordings(
  files: readonly string[],
  map: RecordingMap,
  options: ReadOptions = {},
): Promise<Recording> {
  let skipped = 0
  let [fromMs, toMs] = [Infinity, -Infinity]

  async function* entries(): AsyncGenerator<Entry> {
    for (const [file, path] of files.entries()) {
      const toEvent = eventReader(map, path, options.recordBytesMax)
      const onProgress = (share: number): void => options.onProgress?.((file + share) / files.length)
      for await (const row of readRows(path, map, { onProgress })) {
        if (options.signal?.aborted === true) throw new Error('interrupted while reading: nothing is written')
        const event = toEvent(row)
        if (event === undefined) skipped++
        else {
          fromMs = Math.min(fromMs, event.timeMs)
          toMs = Math.max(toMs, event.timeMs)
          yield { ...event, file }
        }
      }
    }
  }

  const sorted = await sortByTime(entries())
  return {
    count: sorted.count,
    skipped,
    ...(sorted.count === 0 ? { fromMs: undefined, toMs: undefined } : { fromMs, toMs }),
    async *events() {
      const idOf = createRowIds()
      for await (const entry of sorted.read()) {
        const { timeMs, visitor, digest, json } = entry
        yield {
          timeMs,
          visitor,
          json: digest === '' ? json : `{"event_id":"${idOf(entry)}",${json.slice(1)}`,
        }
      }
    },
    [Symbol.asyncDispose]: () => sorted[Symbol.asyncDispose](),
  }
}
