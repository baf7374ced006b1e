/** A record of a stream, with its place in the log. */
export interface Kept {
  readonly partition: number
  readonly position: bigint
  readonly appendedAt: number
  readonly value: Uint8Array
}

/** The last records of a stream, within bounds of number and bytes. */
export interface Recent {
  add(kept: Kept): void
  /** The newest first. */
  newest(): Kept[]
  clear(): void
}

/** Keeps the last `recordsMax` records, fewer when they hold more than `bytesMax` bytes; the newest is always kept. */
export function createRecent({ recordsMax, bytesMax }: { recordsMax: number; bytesMax: number }): Recent {
  let records: Kept[] = []
  let bytes = 0
  return {
    add(kept) {
      records.push(kept)
      bytes += kept.value.length
      while (records.length > recordsMax || (bytes > bytesMax && records.length > 1))
        bytes -= records.shift()?.value.length ?? 0
    },
    newest: () => records.toReversed(),
    clear() {
      records = []
      bytes = 0
    },
  }
}
