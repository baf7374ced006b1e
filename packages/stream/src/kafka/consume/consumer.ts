import { setTimeout as sleep } from 'node:timers/promises'
import { aborted } from '../../aborted.ts'
import { backoffMs } from '../../backoff.ts'
import { FencedError, type ConsumeOptions, type OwnedPartition, type Skipped } from '../../log.ts'
import type { ProduceSettings } from '../produce/appender.ts'
import type { KafkaConfig } from '../config.ts'
import type { Connection } from '../protocol/connection.ts'
import { isFencing, isHopeless } from '../protocol/errors.ts'
import { fetchBatches } from '../protocol/fetch.ts'
import { createFetcher } from './fetcher.ts'
import { joinGroup } from './membership.ts'
import type { Names } from '../names.ts'
import { boundsOf, committedOf } from './read-positions.ts'
import { beginTransactions } from '../commit/transactions.ts'

/** A partition has given neither records nor an error for too long. The process should end, and its supervisor restart it. */
export class StalledError extends Error {
  override readonly name = 'StalledError'
}

export interface ConsumerParts {
  readonly config: KafkaConfig
  readonly names: Names
  /** For membership and fetches: a broker may hold both for a long time. */
  readonly own: Connection
  /** For transactions and positions. */
  readonly shared: Connection
  readonly produce: ProduceSettings
  readonly onSkipped: (skipped: Skipped) => void
  readonly onProblem: (error: Error) => void
}

const BACKOFF = { firstMs: 50, maxMs: 5000 }
/** Every wait is the longest that its attempt allows: nothing in this folder is drawn by chance. */
const FULL_WAIT = 1

/**
 * Owns the partitions that the group gives to this member, until `signal` aborts. Rejects when a restart may help
 * (`StalledError`), when a setting or a right is missing, or with the error of `own`.
 */
export async function consume(
  parts: ConsumerParts,
  { stream, group, outputs = [], signal, ...limits }: ConsumeOptions,
  own: (partition: OwnedPartition) => Promise<void>,
): Promise<void> {
  if (signal.aborted) return
  const { config, names, shared, onProblem } = parts
  const topic = names.topic(stream)
  const groupId = names.group(group, stream)
  /** The partitions that this member has, each with what ends its owner. */
  const owned = new Map<number, AbortController>()
  const owners = new Set<Promise<void>>()
  const failure = Promise.withResolvers<never>()
  failure.promise.catch(() => {})
  const leaving = new AbortController()

  const fetcher = createFetcher({
    connection: parts.own,
    fetch: async (nodeId, request) => fetchBatches(await parts.own.broker(nodeId), request),
    topic,
    onProblem,
    async onOutOfRange(partition, from) {
      const { start, end } = (await boundsOf(shared, topic))[partition]!
      if (from >= start && from <= end) return from
      // A position behind the end belongs to a topic that was deleted and created again.
      parts.onSkipped({ group, stream, partition, from, to: start })
      return start
    },
  })
  const membership = joinGroup({
    connection: parts.own,
    groupId,
    topic,
    sessionTimeoutMs: config.sessionTimeoutMs,
    signal: leaving.signal,
    owned: () => [...owned.keys()],
    onAssigned(partitions) {
      for (const [partition, ending] of owned)
        if (!partitions.includes(partition)) {
          owned.delete(partition)
          ending.abort()
        }
      if (signal.aborted) return
      for (const partition of partitions) if (!owned.has(partition)) begin(partition)
    },
    onProblem,
    onHopeless: failure.reject,
  })

  function begin(partition: number): void {
    const ending = new AbortController()
    owned.set(partition, ending)
    const owner = keepOwning(partition, ending.signal)
      .catch(failure.reject)
      .finally(() => owners.delete(owner))
    owners.add(owner)
  }

  /** Takes a partition over and hands it to `own`; repeats both while the group leaves the partition to this member. */
  async function keepOwning(partition: number, ended: AbortSignal): Promise<void> {
    for (let attempt = 0; !ended.aborted; attempt++) {
      let begun: Awaited<ReturnType<typeof takeOver>> | undefined
      try {
        begun = await takeOver(partition)
      } catch (error) {
        if (isHopeless(error)) throw error
        onProblem(error as Error)
        // The broker that was asked may be gone, and another one coordinates now.
        await shared.renew().catch(() => {})
      }
      if (begun !== undefined) {
        const outcome = await use(begun, partition, ended)
        if (outcome === 'returned') return
        if (outcome === 'worked') attempt = 0
      }
      if (ended.aborted) return
      await sleep(backoffMs(attempt, BACKOFF, FULL_WAIT), undefined, { signal: ended }).catch(() => {})
      // Without this, two members that both believe that they own it would fence each other forever.
      await membership.confirm(ended)
    }
  }

  /** Fences the former owner, and then reads the position that the group has committed. */
  async function takeOver(partition: number) {
    const transactions = await beginTransactions(shared, {
      ...parts.produce,
      transactionalId: names.transaction(group, stream, partition),
      transactionTimeoutMs: config.transactionTimeoutMs,
      groupId,
      topic,
      partition,
      outputs: outputs.map(names.topic),
    })
    // Only now is it final: until here the former owner could still have moved it.
    const committed = await committedOf(shared, groupId, topic)
    return { transactions, committed: committed[partition]! }
  }

  /** Hands the partition to `own` until it returns. */
  async function use(
    { transactions, committed }: Awaited<ReturnType<typeof takeOver>>,
    partition: number,
    ended: AbortSignal,
  ): Promise<'returned' | 'worked' | 'refused'> {
    const lost = new AbortController()
    const feed = fetcher.open(partition, committed)
    const close = (): void => feed.close()
    const over = AbortSignal.any([ended, lost.signal])
    over.addEventListener('abort', close)
    let commits = 0
    if (over.aborted) close()
    try {
      await own({
        partition,
        committed,
        signal: over,
        async next() {
          const taken = await feed.take(limits)
          return taken === undefined || over.aborted ? undefined : { stream, partition, ...taken }
        },
        seek: position => feed.seek(position),
        async commit(outputs, next) {
          try {
            await transactions.commit(names.byTopic(outputs), next)
            commits++
          } catch (error) {
            if (!(error instanceof FencedError)) throw error
            if (!isFencing(error)) onProblem(error)
            lost.abort()
            throw error
          }
        },
      })
    } catch (error) {
      if (!lost.signal.aborted || !(error instanceof FencedError)) throw error
    } finally {
      over.removeEventListener('abort', close)
      feed.close()
    }
    if (!lost.signal.aborted) return 'returned'
    return commits > 0 ? 'worked' : 'refused'
  }

  const watchdog = setInterval(() => {
    const silentMs = fetcher.silentMs()
    if (silentMs > config.stallMs)
      failure.reject(
        new StalledError(
          `a partition of ${topic} has given neither records nor an error for ${Math.round(silentMs / 1000)} s`,
        ),
      )
  }, config.stallMs / 4)
  try {
    await Promise.race([aborted(signal), failure.promise])
    await settle()
  } catch (error) {
    await settle()
    throw error
  } finally {
    clearInterval(watchdog)
    leaving.abort()
    await Promise.race([membership.ended, sleep(config.requestTimeoutMs)])
  }
  // An owner may have rejected while the others finished.
  await Promise.race([failure.promise, Promise.resolve()])

  async function settle(): Promise<void> {
    for (const ending of owned.values()) ending.abort()
    while (owners.size > 0) await Promise.all(owners)
  }
}
