import { ARCHIVER_GROUP } from '@sluicebox/archiver/archiver'
import { ENRICHER_GROUP } from '@sluicebox/enricher/start'
import { SCORER_GROUP } from '@sluicebox/scorer/start'
import { lagsOf, lastRecord, onlyUnreadable } from '@sluicebox/stream/lag'
import type { PartitionOwner } from '@sluicebox/stream/inspect'
import { UnreadableError, type Log } from '@sluicebox/stream/log'

/** How far a stage is in one partition of a stream that it reads. */
export interface PartitionStatus {
  readonly partition: number
  /** Null when no worker owns it, or the log does not know. */
  readonly owner: string | null
  readonly committed: string
  readonly end: string
  /** Positions from the first record that is not done to the end. */
  readonly lag: number
  /** How long ago the log stored the first record that is not done; 0 when there is none. */
  readonly behindSeconds: number
  /** Why the log can't read the first record that is not done. Null when it can. */
  readonly unreadable: string | null
}

export interface StageStatus {
  readonly stage: string
  readonly stream: string
  /** Workers that own partitions; null where the log does not know. */
  readonly workers: number | null
  readonly lag: number
  /** The delay of the partition that is furthest behind. */
  readonly behindSeconds: number
  readonly partitions: readonly PartitionStatus[]
}

export interface PipelineStatus {
  /**
   * How long ago the log stored the newest record of raw: collectors keep writing heartbeats. Null for an empty log.
   */
  readonly rawSilentSeconds: number | null
  readonly stages: readonly StageStatus[]
}

export interface StatusParts {
  readonly log: Log
  /** The streams that are archived. */
  readonly archived: readonly string[]
  readonly ownersOf: (group: string, stream: string) => Promise<readonly PartitionOwner[] | undefined>
  readonly now: () => number
}

/** Reads how far every stage has come, and how much is left. */
export async function readStatus({ log, archived, ownersOf, now }: StatusParts): Promise<PipelineStatus> {
  const readers = [
    { stage: ENRICHER_GROUP, stream: 'raw' },
    { stage: SCORER_GROUP, stream: 'good' },
    ...archived.map(stream => ({ stage: ARCHIVER_GROUP, stream })),
  ]
  const secondsSince = (at: number): number => Math.max(0, Math.round(now() - at) / 1000)

  async function readStage(stage: string, stream: string): Promise<StageStatus> {
    const [owners, lags] = await Promise.all([ownersOf(stage, stream), lagsOf(log, stage, stream)])
    const partitions = lags.map(({ committed, end, positions, waitingSince, unreadable }, partition) => ({
      partition,
      owner: owners?.find(each => each.partition === partition)?.owner ?? null,
      committed: String(committed),
      end: String(end),
      lag: positions,
      behindSeconds: waitingSince === undefined ? 0 : secondsSince(waitingSince),
      unreadable: unreadable ?? null,
    }))
    return {
      stage,
      stream,
      workers: owners === undefined ? null : new Set(owners.map(({ owner }) => owner)).size,
      lag: partitions.reduce((sum, { lag }) => sum + lag, 0),
      behindSeconds: Math.max(0, ...partitions.map(({ behindSeconds }) => behindSeconds)),
      partitions,
    }
  }

  const partitionCount = await log.partitionCount('raw')
  const newest = await Promise.all(
    Array.from({ length: partitionCount }, (_, partition) =>
      lastRecord(log, 'raw', partition).catch(onlyUnreadable),
    ),
  )
  const newestAt = Math.max(
    ...newest.map(record =>
      record === undefined || record instanceof UnreadableError ? -Infinity : record.appendedAt,
    ),
  )
  return {
    rawSilentSeconds: newestAt === -Infinity ? null : secondsSince(newestAt),
    stages: await Promise.all(readers.map(({ stage, stream }) => readStage(stage, stream))),
  }
}

/** Partitions that have records left and no owner. */
export function orphansOf({ stages }: PipelineStatus): string[] {
  return stages
    .filter(({ workers }) => workers !== null)
    .flatMap(({ stage, stream, partitions }) =>
      partitions
        .filter(({ owner, lag }) => owner === null && lag > 0)
        .map(({ partition }) => `${stage}: partition ${partition} of ${stream}`),
    )
}

/** Returns the places that the log can't read, each once, whichever stages wait there. */
export function unreadableOf({ stages }: PipelineStatus): string[] {
  const reasons = stages.flatMap(({ partitions }) => partitions.flatMap(({ unreadable }) => unreadable ?? []))
  return [...new Set(reasons)]
}
