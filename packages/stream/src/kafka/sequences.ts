import type { Connection } from './connection.ts'
import { unsent } from './errors.ts'
import type { Parcel } from './outputs.ts'
import { encodeProduce } from './produce-request.ts'
import { sendProduce, type Broker } from './wire.ts'

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

/**
 * Sends parcels, at most one for each partition, and resolves when all in-sync replicas have them. Rejects when any
 * is in doubt; a repeat of all of them is harmless then.
 */
export async function produce(
  connection: Connection,
  producer: ProducerId,
  parcels: readonly NumberedParcel[],
  { compression, requestTimeoutMs }: { compression: 'none' | 'gzip'; requestTimeoutMs: number },
): Promise<void> {
  const byLeader = new Map<Broker, NumberedParcel[]>()
  try {
    for (const parcel of parcels) {
      const leader = await connection.leader(parcel.topic, parcel.partition)
      const own = byLeader.get(leader)
      if (own === undefined) byLeader.set(leader, [parcel])
      else own.push(parcel)
    }
  } catch (error) {
    throw unsent(error)
  }
  const bodies = [...byLeader].map(async ([leader, own]) => {
    const body = await encodeProduce({ producer, compression, timeoutMs: requestTimeoutMs, parcels: own })
    await sendProduce(leader, body)
  })
  for (const answer of await Promise.allSettled(bodies)) if (answer.status === 'rejected') throw answer.reason
}
