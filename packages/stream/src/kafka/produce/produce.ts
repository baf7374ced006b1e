import type { Connection } from '../protocol/connection.ts'
import { unsent } from '../protocol/errors.ts'
import { sendProduce, type Broker } from '../protocol/wire.ts'
import { encodeProduce } from './produce-request.ts'
import type { NumberedParcel, ProducerId } from './sequences.ts'

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
