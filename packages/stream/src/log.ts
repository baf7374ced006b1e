// The port: what a log is to the rest of Sluicebox. contract.ts tests what is written here.

export interface OutputRecord {
  /** Decides the partition, unless `partition` does. Records of one key stay in order. */
  readonly key: string | null
  readonly value: Uint8Array
  /** Set for records that belong to a partition and not to a key: heartbeats. */
  readonly partition?: number
}

export interface InputRecord {
  readonly key: string | null
  readonly value: Uint8Array
  /** Grows within a partition, means nothing across partitions: a Kafka offset, a Kinesis sequence number. */
  readonly position: bigint
  /** When the log took the record, by its own clock. Epoch milliseconds. For lag and retention only. */
  readonly appendedAt: number
}

/** Records of one partition, in order. */
export interface Batch {
  readonly stream: string
  readonly partition: number
  readonly records: readonly InputRecord[]
  /** Commit this once the batch is done: everything below it is then done. Greater than every position in it. */
  readonly next: bigint
}

export interface ReadLimits {
  readonly recordsMax: number
  readonly bytesMax: number
}

/** One partition while this member of the group owns it. */
export interface OwnedPartition {
  readonly partition: number
  /** Everything below was committed by the group when this owner took over. Read after the former owner was fenced. */
  readonly committed: bigint
  /** Aborts when the partition is lost or the consumer stops. */
  readonly signal: AbortSignal
  /** The next batch, in order from `committed`; waits for records. Undefined once `signal` has aborted. */
  next(): Promise<Batch | undefined>
  /** Reads again from an earlier or later position than `next` would. */
  seek(position: bigint): void
  /**
   * Writes the outputs and declares everything below `next` as done: both or neither where the log can, else
   * outputs first. Others see it at once or soon after. Rejects with `FencedError` when another member owns the partition by now.
   */
  commit(outputs: Readonly<Record<string, readonly OutputRecord[]>>, next: bigint): Promise<void>
}

/** Another member of the group owns the partition: what this one knows of it is out of date. */
export class FencedError extends Error {}

/** Records of a stream that were deleted before a group had read them. */
export interface Skipped {
  readonly group: string
  readonly stream: string
  readonly partition: number
  /** The first position lost, and the first one kept. */
  readonly from: bigint
  readonly to: bigint
}

/** The positions that a partition holds: `start` is the first kept, `end` the one that the next record will get. */
export interface Bounds {
  readonly start: bigint
  readonly end: bigint
}

export interface ConsumeOptions extends ReadLimits {
  readonly stream: string
  /** The members of a group share the partitions of the stream; each group sees every record. */
  readonly group: string
  /** The streams that commits write to. Only to these. */
  readonly outputs?: readonly string[]
  readonly signal: AbortSignal
}

/** Whoever reads gets only records that are durable: what was read once stays at its position until it is deleted. */
export interface Log extends AsyncDisposable {
  /** Resolves when every record is durable; rejects when any is in doubt (it may or may not be there). */
  append(stream: string, records: readonly OutputRecord[]): Promise<void>
  partitionCount(stream: string): Promise<number>
  /**
   * Owns partitions until `signal` aborts: `own` is called for each one gained and must return soon after its
   * signal aborts. Rejects when `own` rejects. A group that is new starts at the first record kept.
   */
  consume(options: ConsumeOptions, own: (partition: OwnedPartition) => Promise<void>): Promise<void>
  /** Records from position `from` on, without a group: at most the limits, empty at the end. */
  read(stream: string, partition: number, from: bigint, limits: ReadLimits): Promise<Batch>
  /** By partition. */
  bounds(stream: string): Promise<Bounds[]>
  /** What a group has committed, by partition. */
  committed(group: string, stream: string): Promise<bigint[]>
  /** Resolves when the stream may hold more than it did when called, or `signal` aborts. */
  changed(stream: string, signal: AbortSignal): Promise<void>
}
