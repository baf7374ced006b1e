import type { InputRecord, Log } from '@sluicebox/stream/log'

/** A log in memory, as far as the console reads it; for tests, which write to it as they like. */
export interface MemoryLog extends Pick<Log, 'bounds' | 'read' | 'changed'> {
  write(stream: string, partition: number, key: string | null, value: Uint8Array): bigint
  /** Deletes the records below a position, as retention does. */
  forget(stream: string, partition: number, below: bigint): void
  /** Every read fails with this error while it is set. */
  broken: Error | undefined
}

export function createMemoryLog({ partitions, now }: { partitions: number; now: () => number }): MemoryLog {
  const streams = new Map<string, InputRecord[][]>()
  const starts = new Map<string, bigint>()
  const waiting = new Set<{ stream: string; wake: () => void }>()

  function recordsOf(stream: string): InputRecord[][] {
    const known = streams.get(stream)
    if (known !== undefined) return known
    const made = Array.from({ length: partitions }, (): InputRecord[] => [])
    streams.set(stream, made)
    return made
  }
  const startOf = (stream: string, partition: number): bigint => starts.get(`${stream}/${partition}`) ?? 0n

  return {
    broken: undefined,
    write(stream, partition, key, value) {
      const records = recordsOf(stream)[partition] as InputRecord[]
      const position = BigInt(records.length)
      records.push({ key, value, position, appendedAt: now() })
      for (const each of waiting) if (each.stream === stream) each.wake()
      return position
    },
    forget(stream, partition, below) {
      starts.set(`${stream}/${partition}`, below)
    },
    async bounds(stream) {
      if (this.broken) throw this.broken
      return recordsOf(stream).map((records, i) => ({
        start: startOf(stream, i),
        end: BigInt(records.length),
      }))
    },
    async read(stream, partition, from, { recordsMax }) {
      if (this.broken) throw this.broken
      const start = startOf(stream, partition)
      const first = Number(from > start ? from : start)
      const records = (recordsOf(stream)[partition] as InputRecord[]).slice(first, first + recordsMax)
      return { stream, partition, records, next: (records.at(-1)?.position ?? from - 1n) + 1n }
    },
    async changed(stream, signal) {
      if (signal.aborted) return
      await new Promise<void>(resolve => {
        const waiter = { stream, wake: done }
        function done(): void {
          waiting.delete(waiter)
          signal.removeEventListener('abort', done)
          resolve()
        }
        waiting.add(waiter)
        signal.addEventListener('abort', done)
      })
    },
  }
}
