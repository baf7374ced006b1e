// The port: what a log is to the rest of Sluicebox. testing/contract/ tests what is written here.

export interface OutputRecord {
  /** Decides the partition, unless `partition` is set. Records of one key stay in order. */
  readonly key: string | null
  readonly value: Uint8Array
  /** Set for records that belong to a partition and not to a key, such as heartbeats. */
  readonly partition?: number
}

export interface InputRecord {
  readonly key: string | null
  readonly value: Uint8Array
  /** Grows within a partition and has no meaning across partitions: a Kafka offset, a Kinesis sequence number. */
  readonly position: bigint
  /** When the log took the record, by the log's clock, in epoch milliseconds. For lag and retention only. */
  readonly appendedAt: number
}

/** Records of one partition, in order. */
export interface Batch {
  readonly stream: string
  readonly partition: number
  readonly records: readonly InputRecord[]
  /** The position to commit when the batch is done. Greater than the position of each record in the batch. */
  readonly next: bigint
}

export interface ReadLimits {
  readonly recordsMax: number
  readonly bytesMax: number
}

/** One partition, while this member of the group owns it. */
export interface OwnedPartition {
  readonly partition: number
  /** The position that the group has committed. Read after the former owner was fenced: no former owner can change it. */
  readonly committed: bigint
  /** Aborts when the partition is lost or the consumer stops. */
  readonly signal: AbortSignal
  /** Returns the next batch, in order from `committed` on; waits for records. Undefined once `signal` has aborted. */
  next(): Promise<Batch | undefined>
  /** Makes `next` continue at this position, earlier or later than it would. */
  seek(position: bigint): void
  /**
   * Writes the outputs and commits the position `next`: all records below it are done. A log that can do both or
   * neither does so; another log writes the outputs first. Readers see the result at once or soon after. Rejects with
   * `FencedError` when another member has taken the partition. While the log can't be written, it waits and retries.
   */
  commit(outputs: Readonly<Record<string, readonly OutputRecord[]>>, next: bigint): Promise<void>
}

/** Another member of the group owns the partition: this member's view of it is out of date. */
export class FencedError extends Error {}

/**
 * The log can't read what it holds at a position: it is damaged, or in a format that is not known. The message names the
 * place and the reason. No reader passes it by.
 */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError'
}

/**
 * The log can't write at the moment, such as to a disk that is full. Nothing of what was to be written together was kept,
 * and a retry succeeds when there is room.
 */
export class UnwritableError extends Error {
  override readonly name = 'UnwritableError'
}

/** Records that were deleted before a group had read them. */
export interface Skipped {
  readonly group: string
  readonly stream: string
  readonly partition: number
  /** From the first position lost to the first position kept. */
  readonly from: bigint
  readonly to: bigint
}

/** The positions of a partition: `start` is the first one kept, `end` the one that the next record will get. */
export interface Bounds {
  readonly start: bigint
  readonly end: bigint
}

export interface ConsumeOptions extends ReadLimits {
  readonly stream: string
  /** The members of a group share the partitions of the stream. Each group sees every record. */
  readonly group: string
  /** The streams that commits may write to. */
  readonly outputs?: readonly string[]
  readonly signal: AbortSignal
}

/** Readers get durable records only: a record that was read once keeps its position until it is deleted. */
export interface Log extends AsyncDisposable {
  /** Resolves when every record is durable. Rejects when any record is in doubt: it may or may not be in the log. */
  append(stream: string, records: readonly OutputRecord[]): Promise<void>
  partitionCount(stream: string): Promise<number>
  /**
   * Makes this process a member of the group until `signal` aborts. Calls `own` for each partition that the member
   * gains; `own` must return soon after the partition's signal aborts. Rejects when `own` rejects, after the other
   * calls of `own` have returned. A new group starts at the first record kept.
   */
  consume(options: ConsumeOptions, own: (partition: OwnedPartition) => Promise<void>): Promise<void>
  /** Returns records from position `from` on, without a group: within the limits, and none at the end. */
  read(stream: string, partition: number, from: bigint, limits: ReadLimits): Promise<Batch>
  /** Returns the bounds of each partition, in the order of the partitions. */
  bounds(stream: string): Promise<Bounds[]>
  /** Returns the position that a group has committed of each partition. */
  committed(group: string, stream: string): Promise<bigint[]>
  /** Resolves when the stream may hold more records than at the call, or when `signal` aborts. */
  changed(stream: string, signal: AbortSignal): Promise<void>
}
