import type { Compression } from '../protocol/record-batch.ts'
import type { Connection } from '../protocol/connection.ts'
import { errorOf, unsent } from '../protocol/errors.ts'
import { send, type Broker } from '../protocol/wire.ts'
import { decodeProduced, encodeProduce, PRODUCE } from './produce-request.ts'
import type { NumberedBatch, ProducerId } from './sequences.ts'

/**
 * Sends batches, at most one for each partition, to the brokers that lead their partitions. Resolves when all in-sync
 * replicas have every batch. Rejects when it is not known of each batch that it was written; the caller may then repeat
 * all of them, because brokers recognise a repeat by its numbers.
 */
export async function produce(
  connection: Connection,
  producer: ProducerId,
  batches: readonly NumberedBatch[],
  { compression, requestTimeoutMs }: { compression: Compression; requestTimeoutMs: number },
): Promise<void> {
  const byLeader = new Map<Broker, NumberedBatch[]>()
  try {
    for (const batch of batches) {
      const leader = await connection.leader(batch.topic, batch.partition)
      const own = byLeader.get(leader)
      if (own === undefined) byLeader.set(leader, [batch])
      else own.push(batch)
    }
  } catch (error) {
    throw unsent(error)
  }
  const bodies = [...byLeader].map(async ([leader, own]) => {
    const body = await encodeProduce({ producer, compression, timeoutMs: requestTimeoutMs, batches: own })
    const errorCode = await send(leader, PRODUCE, body, decodeProduced)
    if (errorCode !== 0) throw errorOf(errorCode)
  })
  for (const answer of await Promise.allSettled(bodies)) if (answer.status === 'rejected') throw answer.reason
}
