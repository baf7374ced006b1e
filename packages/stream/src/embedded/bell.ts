// Wakes readers that wait for records: at once when this process appended them, by a poll when another process did.

export interface Bell {
  /** Wakes the waits on streams that this process has appended to. */
  ring(streams: ReadonlySet<string>): void
  /** Resolves when the stream may have more records, or when `signal` aborts. */
  wait(stream: string, signal: AbortSignal): Promise<void>
  /** Calls `look` after each change by any process, until the returned function is called. */
  watch(look: () => void): () => void
  /** Checks for changes now, without waiting for the poll. */
  check(): void
  /** Ends all waits and stops the poll. */
  close(): void
}

export interface BellParts {
  readonly pollMs: number
  /** Counts the changes of all processes. */
  readonly changeCount: () => number
}

export function createBell({ pollMs, changeCount }: BellParts): Bell {
  const waiting = new Map<string, Set<() => void>>()
  const watching = new Set<() => void>()
  let seen = -1
  let timer: NodeJS.Timeout | undefined
  let closed = false

  function check(): void {
    const count = changeCount()
    if (count === seen) return
    seen = count
    for (const look of [...watching]) look()
    // A wait that has just begun may end for a change that its reader has seen: better than to miss one.
    for (const stream of [...waiting.keys()]) wake(stream)
  }

  function wake(stream: string): void {
    const wakes = waiting.get(stream)
    waiting.delete(stream)
    for (const resume of wakes ?? []) resume()
    settleTimer()
  }

  /** The poll runs, and keeps the process alive, only while a wait or a watch needs it. */
  function settleTimer(): void {
    const needed = !closed && (waiting.size > 0 || watching.size > 0)
    if (needed) timer ??= setInterval(check, pollMs)
    else {
      clearInterval(timer)
      timer = undefined
    }
  }

  return {
    check,
    ring(streams) {
      for (const stream of streams) wake(stream)
    },
    wait(stream, signal) {
      if (closed || signal.aborted) return Promise.resolve()
      return new Promise(resolve => {
        const wakes = waiting.get(stream) ?? new Set()
        waiting.set(stream, wakes.add(resume))
        signal.addEventListener('abort', resume, { once: true })
        settleTimer()

        function resume(): void {
          signal.removeEventListener('abort', resume)
          wakes.delete(resume)
          if (wakes.size === 0 && waiting.get(stream) === wakes) waiting.delete(stream)
          settleTimer()
          resolve()
        }
      })
    },
    watch(look) {
      watching.add(look)
      settleTimer()
      return () => {
        watching.delete(look)
        settleTimer()
      }
    },
    close() {
      closed = true
      for (const stream of [...waiting.keys()]) wake(stream)
      settleTimer()
    },
  }
}
