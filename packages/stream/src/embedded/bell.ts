// Wakes those that wait for records: at once when this process appended them, by a poll when another one did.

export interface Bell {
  /** Something was appended to these streams by this process. */
  ring(streams: ReadonlySet<string>): void
  /** Resolves when something may have been appended to the stream, or `signal` aborts. */
  wait(stream: string, signal: AbortSignal): Promise<void>
  /** Calls `look` after each change of any process until the returned function is called. */
  watch(look: () => void): () => void
  /** Looks for changes now. */
  check(): void
  /** Wakes everybody and stops the poll. */
  close(): void
}

export interface BellParts {
  readonly pollMs: number
  /** How many changes all processes have made. */
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
    // Who has just begun to wait may be woken by a change that he has seen: better than missing one.
    for (const stream of [...waiting.keys()]) wake(stream)
  }

  function wake(stream: string): void {
    const wakes = waiting.get(stream)
    waiting.delete(stream)
    for (const resume of wakes ?? []) resume()
    settleTimer()
  }

  /** The poll runs, and keeps the process alive, only while somebody needs it. */
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
