import { setTimeout as sleep } from 'node:timers/promises'
import { blankRaw } from '@sluicebox/event/blank'
import type { Codec } from '@sluicebox/event/codec'
import { asCollectedTime, type CollectedTime } from '@sluicebox/event/instants'
import type { RawRecord } from '@sluicebox/event/records'
import { COLLECTOR } from '../collect/collect.ts'
import type { RawLog } from './raw-sink.ts'

export interface HeartbeatParts {
  readonly log: RawLog
  readonly codec: Codec<RawRecord>
  readonly everyMs?: number
  /** Epoch milliseconds. */
  readonly now?: () => number
  /** Ends the heartbeat. */
  readonly signal: AbortSignal
  /** Called after each round: with undefined when it is written, else with the error. */
  readonly onRound?: (error: unknown) => void
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>
}

/**
 * Writes a heartbeat to every partition of `raw` every `everyMs` until `signal` aborts, and resolves when it has stopped.
 * Heartbeats move the stages' time while the site is quiet, so that idle sessions are closed. A round that fails is not
 * repeated: the next one carries a newer time. Rounds never overlap, so they do not pile up while the log stalls.
 */
export async function startHeartbeat({
  log,
  codec,
  everyMs = 2_000,
  now = Date.now,
  signal,
  onRound = () => {},
  wait = waitUnlessAborted,
}: HeartbeatParts): Promise<void> {
  while (!signal.aborted) {
    try {
      const value = codec.encode(heartbeatRecord(asCollectedTime(now())))
      const partitions = await log.partitionCount('raw')
      await log.append(
        'raw',
        Array.from({ length: partitions }, (_, partition) => ({ key: null, value, partition })),
      )
      onRound(undefined)
    } catch (error) {
      onRound(error)
    }
    await wait(everyMs, signal)
  }
}

/** A record that carries nothing but the collector's time. */
export function heartbeatRecord(collectedAt: CollectedTime): RawRecord {
  return blankRaw({ kind: 'heartbeat', collected_at: collectedAt, collector: COLLECTOR })
}

async function waitUnlessAborted(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => {})
}
