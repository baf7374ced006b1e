import type { RecordBatch } from './outputs.ts'

/** How the brokers identify a producer. */
export interface ProducerId {
  readonly producerId: string
  readonly producerEpoch: number
  readonly transactionalId?: string
}

export interface Sequences {
  /** Returns the number of the first record of a batch; the records after it have the numbers that follow. */
  draw(batch: RecordBatch): number
  /** Whether a new producer should replace this one, because its numbers run out. */
  isSpent(): boolean
}

/** Beyond it the numbers would have to start over, and clients and brokers disagree about how. */
const SEQUENCE_MAX = 2 ** 30

/**
 * Numbers the records that a producer sends to each partition, so that brokers recognise a repeat. A batch draws its
 * numbers once, before it is sent first: a repeat carries the same ones.
 */
export function createSequences(): Sequences {
  const nextOf = new Map<string, number>()
  return {
    draw({ topic, partition, records }) {
      const key = `${partition} ${topic}`
      const first = nextOf.get(key) ?? 0
      nextOf.set(key, first + records.length)
      return first
    },
    isSpent: () => Math.max(0, ...nextOf.values()) > SEQUENCE_MAX,
  }
}

/** A batch that has drawn its numbers. */
export interface NumberedBatch extends RecordBatch {
  readonly firstSequence: number
}
