import type { Log, OutputRecord } from '@sluicebox/stream/log'

/** The part of the log that the collector needs. */
export type RawLog = Pick<Log, 'append' | 'partitionCount'>

export interface RawSinkParts {
  readonly log: Pick<Log, 'append'>
  /** How long an append may take before its request is answered without it. */
  readonly appendMs: number
  readonly appended: (seconds: number) => void
  /** Monotonic milliseconds. */
  readonly now?: () => number
}

export interface Append {
  /** Whether the records are durable, as far as is known in time. False leaves it open: they may be, or come to be. */
  readonly isDurable: Promise<boolean>
  /** When the log is done with the records, whichever way: only then is their memory free. */
  readonly settled: Promise<void>
}

export interface RawSink {
  append(records: readonly OutputRecord[]): Append
  /** Why `raw` can't be written, in words; undefined while it can. */
  trouble(): string | undefined
}

/** Writes to `raw`, and knows whether that works. */
export function createRawSink({
  log,
  appendMs,
  appended,
  now = () => performance.now(),
}: RawSinkParts): RawSink {
  /** When appends that are under way began, in order. */
  const pending = new Set<{ readonly startedAt: number }>()
  let failure: string | undefined

  return {
    append(records) {
      const entry = { startedAt: now() }
      pending.add(entry)
      let timer: NodeJS.Timeout | undefined
      const done = log.append('raw', records).then(
        () => {
          failure = undefined
          appended((now() - entry.startedAt) / 1_000)
          return true
        },
        (error: unknown) => {
          failure = error instanceof Error ? error.message : String(error)
          return false
        },
      )
      const settled = done.then(() => {
        clearTimeout(timer)
        pending.delete(entry)
      })
      const late = new Promise<boolean>(resolve => {
        timer = setTimeout(() => resolve(false), appendMs)
      })
      return { isDurable: Promise.race([done, late]), settled }
    },
    trouble() {
      const [oldest] = pending
      const waitedMs = oldest === undefined ? 0 : now() - oldest.startedAt
      if (waitedMs > appendMs) return `the log has not answered for ${Math.round(waitedMs / 1_000)} seconds`
      return failure === undefined ? undefined : `the log refused the last records: ${failure}`
    },
  }
}
