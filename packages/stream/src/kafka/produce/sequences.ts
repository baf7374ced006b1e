import type { Parcel } from './outputs.ts'

/** What the brokers know a producer by. */
export interface ProducerId {
  readonly producerId: string
  readonly producerEpoch: number
  readonly transactionalId?: string
}

export interface Sequences {
  /** The number of the first record of a parcel; those after it count on. */
  draw(parcel: Parcel): number
  /** Whether the producer should give way to a new one. */
  isSpent(): boolean
}

/** Past it the numbers would have to begin again, where clients and brokers disagree about how. */
const SEQUENCE_MAX = 2 ** 30

/**
 * Numbers what a producer sends to each partition, so that brokers recognise a repeat. The numbers of parcels are
 * drawn once: a repeat has the same ones.
 */
export function createSequences(): Sequences {
  const nextOf = new Map<string, number>()
  return {
    draw({ topic, partition, messages }) {
      const key = `${partition} ${topic}`
      const first = nextOf.get(key) ?? 0
      nextOf.set(key, first + messages.length)
      return first
    },
    isSpent: () => Math.max(0, ...nextOf.values()) > SEQUENCE_MAX,
  }
}

export interface NumberedParcel extends Parcel {
  readonly firstSequence: number
}
