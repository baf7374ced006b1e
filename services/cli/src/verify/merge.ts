/** A derived record, with the coordinates of the record that it was made from. */
export interface Sourced {
  readonly source_position: string
  readonly source_index: number
}

/** A record of the archive, with the fields that were archived. */
export interface ArchivedRecord<T> {
  readonly record: T
  readonly fieldNames: readonly string[]
  /** Where it is, for messages. */
  readonly place: string
}

/** Archived records of one partition, in the order of the log. */
export type Archived<T> = AsyncIterator<ArchivedRecord<T>>

const POSITION_MAX = 2n ** 64n

export interface Head<T> extends ArchivedRecord<T> {
  readonly position: bigint
}

export interface Merged<T> {
  /** The next record; undefined when there is none. */
  peek(): Promise<Head<T> | undefined>
  /** Removes and returns the record that `peek` returned. */
  take(): Head<T>
  /** Whether every partition has been read to its end. */
  isDone(): boolean
  /** The position up to which no partition ends: a record from a later one may belong to a partition that has ended. */
  end(): bigint
}

/** The records of several partitions as one sequence, by the position that they are made from, and by their index. */
export function mergeByPosition<T extends Sourced>(partitions: readonly Archived<T>[]): Merged<T> {
  const sources = partitions.map(records => ({
    records,
    head: undefined as Head<T> | undefined,
    isDone: false,
    last: -1n,
  }))
  let first: (typeof sources)[number] | undefined

  async function fill(source: (typeof sources)[number]): Promise<void> {
    const next = await source.records.next()
    if (next.done === true) source.isDone = true
    else {
      const position = BigInt(next.value.record.source_position)
      source.head = { ...next.value, position }
      if (position > source.last) source.last = position
    }
  }

  return {
    async peek() {
      if (first?.head !== undefined) return first.head
      first = undefined
      for (const source of sources) {
        if (source.head === undefined && !source.isDone) await fill(source)
        if (source.head !== undefined && (first?.head === undefined || isBefore(source.head, first.head)))
          first = source
      }
      return first?.head
    },
    take() {
      const head = first?.head as Head<T>
      if (first !== undefined) first.head = undefined
      return head
    },
    isDone: () => sources.every(source => source.isDone && source.head === undefined),
    end() {
      let end: bigint | undefined
      for (const { isDone, last } of sources) if (isDone && (end === undefined || last < end)) end = last
      return end ?? (sources.length === 0 ? -1n : POSITION_MAX)
    },
  }
}

function isBefore<T extends Sourced>(a: Head<T>, b: Head<T>): boolean {
  if (a.position !== b.position) return a.position < b.position
  return a.record.source_index < b.record.source_index
}
