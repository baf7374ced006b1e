import type { Log, OutputRecord } from '@sluicebox/stream/log'

/** The part of the log that the collector needs. */
export type RawLog = Pick<Log, 'append' | 'partitionCount'>

export interface RawSinkParts {
  readonly log: Pick<Log, 'append'>
  /** How long an append may take before its requests are answered without it. */
  readonly appendMs: number
  readonly appended: (seconds: number) => void
  /** Monotonic milliseconds. */
  readonly now?: () => number
}

export interface Append {
  /** Resolves to true when the records are durable. False means unknown: the log may still write them. */
  readonly isDurable: Promise<boolean>
  /** Resolves when the log is done with the records, with or without success: only then is their memory free. */
  readonly settled: Promise<void>
}

export interface RawSink {
  append(records: readonly OutputRecord[]): Append
  /** Why `raw` can't be written, in words; undefined while it can. */
  trouble(): string | undefined
  /** Whether anything was written since the start. */
  readonly hasWritten: boolean
}

/**
 * Writes to `raw`, and knows whether that works. Records of one turn of the event loop are appended together: it
 * delays no request, and the log handles one call instead of hundreds.
 */
export function createRawSink({
  log,
  appendMs,
  appended,
  now = () => performance.now(),
}: RawSinkParts): RawSink {
  /** Appends that are under way, the oldest first. */
  const pending = new Set<{ readonly startedAt: number }>()
  let failure: string | undefined
  let hasWritten = false
  let open: { readonly records: OutputRecord[]; readonly append: Append } | undefined

  function openBatch(): { records: OutputRecord[]; append: Append } {
    const records: OutputRecord[] = []
    const isDurable = Promise.withResolvers<boolean>()
    const settled = Promise.withResolvers<void>()
    setImmediate(() => {
      open = undefined
      void write(records, isDurable.resolve).then(settled.resolve)
    })
    return { records, append: { isDurable: isDurable.promise, settled: settled.promise } }
  }

  /** Calls `say` with whether the records are durable: when the log has said so, or when it has taken too long. */
  async function write(records: readonly OutputRecord[], say: (isDurable: boolean) => void): Promise<void> {
    const entry = { startedAt: now() }
    pending.add(entry)
    const late = setTimeout(say, appendMs, false)
    try {
      await log.append('raw', records)
      failure = undefined
      hasWritten = true
      appended((now() - entry.startedAt) / 1_000)
      say(true)
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error)
      say(false)
    }
    clearTimeout(late)
    pending.delete(entry)
  }

  return {
    append(records) {
      open ??= openBatch()
      for (const record of records) open.records.push(record)
      return open.append
    },
    get hasWritten() {
      return hasWritten
    },
    trouble() {
      const [oldest] = pending
      const waitedMs = oldest === undefined ? 0 : now() - oldest.startedAt
      if (waitedMs > appendMs) return `the log has not answered for ${Math.round(waitedMs / 1_000)} seconds`
      return failure === undefined ? undefined : `the log refused the last records: ${failure}`
    },
  }
}
