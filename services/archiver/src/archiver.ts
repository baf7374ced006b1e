import type { StreamName } from '@sluicebox/event/records'
import type { Log } from '@sluicebox/stream/log'
import type { World } from '@sluicebox/stream/driver/world'
import type { Store } from '@sluicebox/store/store'
import type { Logger } from '@sluicebox/runtime/log'
import type { Registry } from 'prom-client'
import type { Place } from './manifests/chain.ts'
import type { ArchiverConfig } from './config.ts'
import { createArchiverMetrics, type PartitionStatus } from './metrics.ts'
import { archivePartition, type Wakeups } from './partition.ts'
import { folderSchemas, type StreamSchemas } from './schemas.ts'

// The archiver does not run on the driver. The driver commits output records to the log in one transaction with the
// position, after each batch. The archiver's output is an object in a store, which no transaction of a log includes; an
// object takes the records of many batches, and the position must stay at its start until the object is stored. So the
// archiver has a loop of its own (partition.ts), and the chain of objects, not a commit, makes it exactly once.

export const ARCHIVER_GROUP = 'archiver'

export interface ArchiverParts {
  readonly log: Log
  readonly store: Store
  readonly config: ArchiverConfig
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>
  readonly metrics: Registry
  readonly signal: AbortSignal
  /** Default: the schemas that ship with Sluicebox. */
  readonly schemas?: (stream: StreamName) => StreamSchemas
  /** Clock of the waits while a registry can't be reached. Default: the real one. */
  readonly world?: World
}

export interface Archiver {
  /** Resolves after `signal` has aborted. Rejects on a failure that a restart may fix. */
  readonly done: Promise<void>
  /**
   * Archives everything that the log holds now, closing open objects before they are due. Only for a process that
   * owns every partition. Rejects when the archiver ends first.
   */
  drain(): Promise<void>
}

/**
 * Archives streams until `signal` aborts. An open object is then discarded: only records decide where an object ends,
 * and the next owner reads them from the log again.
 */
export function startArchiver(parts: ArchiverParts): Archiver {
  const { log, config, signal } = parts
  const statuses = new Map<string, PartitionStatus>()
  const metrics = createArchiverMetrics(
    [parts.metrics],
    () => statuses.values(),
    async stream => (await log.bounds(stream)).map(bounds => bounds.end),
  )
  const wakeups = createWakeups(config.windowMs)

  async function archiveStream(stream: StreamName): Promise<void> {
    const schemas = (parts.schemas ?? folderSchemas)(stream)
    const options = {
      stream,
      group: ARCHIVER_GROUP,
      signal,
      recordsMax: config.batchRecordsMax,
      bytesMax: config.batchBytesMax,
    }
    await log.consume(options, owned => {
      const place = { stream, partition: owned.partition }
      const status = (value: PartitionStatus | undefined): void => {
        if (value === undefined) statuses.delete(placeName(place))
        else statuses.set(placeName(place), value)
      }
      return archivePartition({ ...parts, schemas, metrics, wakeups, status }, place, owned)
    })
  }

  const done = Promise.all(config.streams.map(archiveStream)).then(() => {})
  return {
    done,
    async drain() {
      const targets = new Map<string, bigint>()
      for (const stream of config.streams)
        for (const [partition, { end }] of (await log.bounds(stream)).entries())
          targets.set(placeName({ stream, partition }), end)
      const ended = done.then(() => {
        throw new Error('the archiver was stopped before everything was archived')
      })
      await Promise.race([wakeups.drain(targets), ended])
    },
  }
}

/** The clocks of the servers of a log differ by less than this. */
const CLOCK_SKEW_MS = 5_000

interface DrainableWakeups extends Wakeups {
  /** Resolves when each of the partitions is archived up to its target. */
  drain(targets: ReadonlyMap<string, bigint>): Promise<void>
}

function createWakeups(windowMs: number): DrainableWakeups {
  let logTime = 0
  let upcoming = Promise.withResolvers<void>()
  const wanted = new Map<string, bigint>()
  let drained = Promise.withResolvers<void>()

  function wake(): void {
    upcoming.resolve()
    upcoming = Promise.withResolvers()
  }

  return {
    get logTime() {
      return logTime
    },
    get next() {
      return upcoming.promise
    },
    seen(appendedAt) {
      const time = appendedAt - CLOCK_SKEW_MS
      if (time <= logTime) return
      const isNewWindow = Math.floor(time / windowMs) > Math.floor(logTime / windowMs)
      logTime = time
      if (isNewWindow) wake()
    },
    target: place => wanted.get(placeName(place)),
    archived(place) {
      wanted.delete(placeName(place))
      if (wanted.size === 0) drained.resolve()
    },
    async drain(targets) {
      if (targets.size === 0) return
      if (wanted.size === 0) drained = Promise.withResolvers()
      for (const [place, target] of targets) wanted.set(place, target)
      wake()
      await drained.promise
    },
  }
}

function placeName({ stream, partition }: Place): string {
  return `${stream}/${partition}`
}
