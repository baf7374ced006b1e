import type { LogConfig } from './config.ts'
import { checkCluster, groupMembers, type Finding, type PartitionOwner } from './kafka/topics.ts'

// What can be asked of a log without opening it: whether it fits, and which members read it.

export type { Finding, PartitionOwner }

/** Returns the faults of a log for a process that reads and writes these streams. Rejects when it can't be reached. */
export async function checkLog(config: LogConfig, streams: readonly string[]): Promise<readonly Finding[]> {
  return config.kind === 'kafka' ? checkCluster(config, streams) : []
}

/** Which member of a group has which partition of a stream; undefined where the log does not know its readers. */
export async function ownersOf(
  config: LogConfig,
  group: string,
  stream: string,
): Promise<readonly PartitionOwner[] | undefined> {
  return config.kind === 'kafka' ? groupMembers(config, group, stream) : undefined
}
