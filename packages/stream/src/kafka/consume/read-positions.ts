import type { Bounds } from '../../log.ts'
import type { Connection } from '../protocol/connection.ts'

// Reads positions, and changes none. A position is committed in ../commit/transactions.ts.

const NEVER_COMMITTED = -1n

/** Returns, by partition, the first offset kept and the offset up to which all transactions have ended. */
export async function boundsOf(connection: Connection, topic: string): Promise<Bounds[]> {
  const partitions = await connection.partitions(topic)
  const [starts, ends] = await Promise.all([
    connection.cluster.offsets(topic, 'first'),
    connection.cluster.offsets(topic, 'stable'),
  ])
  return partitions.map(partition => ({ start: starts.get(partition)!, end: ends.get(partition)! }))
}

/**
 * Returns the position that a group has committed, by partition; the first offset kept where it has committed none. A
 * new owner calls it after `beginTransactions`: only then can the former owner no longer move the position.
 */
export async function committedOf(connection: Connection, groupId: string, topic: string): Promise<bigint[]> {
  const partitions = (await connection.partitions(topic)).map(partition => ({ partition }))
  const coordinator = await connection.coordinator('group', groupId)
  const { responses } = await coordinator.offsetFetch({ groupId, topics: [{ topic, partitions }] })
  const found = new Map(responses[0]?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]))
  const committed = partitions.map(({ partition }) => found.get(partition) ?? NEVER_COMMITTED)
  if (!committed.includes(NEVER_COMMITTED)) return committed
  const bounds = await boundsOf(connection, topic)
  return committed.map((offset, partition) =>
    offset === NEVER_COMMITTED ? bounds[partition]!.start : offset,
  )
}
