import { UnreadableError, type InputRecord, type ReadLimits } from '../../log.ts'
import type { Connection } from '../protocol/connection.ts'
import { isDefinite, typeOf } from '../protocol/errors.ts'
import type { FetchedPartition, FetchRequest } from '../protocol/fetch.ts'
import { readBatches } from '../protocol/read-batches.ts'
import { errorOf } from '../protocol/errors.ts'

/** The records of one partition that were fetched and not yet taken. */
export interface Feed {
  /**
   * Returns the next records within the limits, and the position to continue at; waits for records. Returns no records
   * and a later position where the log holds something that no reader sees, such as the end of a transaction. Undefined
   * when the feed is closed.
   */
  take(limits: ReadLimits): Promise<{ records: InputRecord[]; next: bigint } | undefined>
  seek(position: bigint): void
  close(): void
}

export interface Fetcher {
  open(partition: number, position: bigint): Feed
  /**
   * Milliseconds without a response and without an error for a partition that waits for records: of the partition where
   * they are most.
   */
  silentMs(): number
}

export interface FetcherParts {
  readonly connection: Pick<Connection, 'leaderId' | 'renew'>
  readonly fetch: (nodeId: string, request: FetchRequest) => Promise<readonly FetchedPartition[]>
  readonly topic: string
  /** Called when the records from `from` on were deleted. Returns the position to continue at. */
  readonly onOutOfRange: (partition: number, from: bigint) => Promise<bigint>
  /** Called with an error; the fetch is retried. */
  readonly onProblem: (error: Error) => void
}

/** How long a broker holds a fetch when it has no records for it. */
const WAIT_MS = 250
/** The same while some partition has more records than one fetch returns: it must not wait for the others. */
const WAIT_MS_IN_FULL_FLOW = 5
const PARTITION_BYTES_MAX = 1024 * 1024
/** More is fetched of a partition while fewer bytes than this are held of it. */
const HELD_BYTES_MAX = 1024 * 1024
const REQUEST_BYTES_MAX = 16 * 1024 * 1024
const RETRY_MS = 100
/** A batch that can't be read costs a fetch each time. */
const UNREADABLE_RETRY_MS = 5_000

interface FeedState {
  readonly partition: number
  /** The position at which the next fetch begins. */
  position: bigint
  /** The records that were fetched; those before index `taken` were taken. */
  records: InputRecord[]
  taken: number
  heldBytes: number
  /** The position behind all that was taken. */
  takenTo: bigint
  /** Whether the last fetch left records behind because it was full. */
  isFull: boolean
  isClosed: boolean
  /** Whether the partition waits after an error of its own. */
  isPaused: boolean
  /** Counts seeks: the records of a fetch from before the last seek are dropped. */
  epoch: number
  /** Monotonic milliseconds of the last response or error for this partition. */
  signAt: number
  wake: (() => void) | undefined
}

/**
 * Fetches ahead for the open feeds. Sends one request at a time to each broker, for all partitions that the broker leads
 * and that are hungry: fewer than 1 MiB are held of them.
 */
export function createFetcher({ connection, fetch, topic, onOutOfRange, onProblem }: FetcherParts): Fetcher {
  const feeds = new Set<FeedState>()
  /** Ids of the brokers that have a loop of fetches. */
  const loops = new Set<string>()
  let isFinding = false
  let isStale = false

  const isHungry = (feed: FeedState): boolean =>
    !feed.isClosed && !feed.isPaused && feed.heldBytes < HELD_BYTES_MAX

  /** Starts a loop for each broker that leads a hungry partition and has none. */
  async function feedHungry(): Promise<void> {
    isStale = true
    if (isFinding) return
    isFinding = true
    while (isStale && feeds.size > 0) {
      isStale = false
      for (const feed of feeds)
        if (isHungry(feed))
          try {
            start(await connection.leaderId(topic, feed.partition))
          } catch (error) {
            // The other partitions do not wait for the one without a leader.
            await handle(error as Error, [feed])
            isStale = true
          }
    }
    isFinding = false
  }

  function start(nodeId: string): void {
    if (loops.has(nodeId)) return
    loops.add(nodeId)
    void loop(nodeId)
  }

  async function loop(nodeId: string): Promise<void> {
    let wanting: readonly FeedState[] = []
    try {
      while ((wanting = await ledBy(nodeId)).length > 0) await fetchFor(nodeId, wanting)
      loops.delete(nodeId)
    } catch (error) {
      loops.delete(nodeId)
      await handle(error as Error, wanting)
    }
    // A partition may have become hungry, or have moved to this broker, since `ledBy` looked.
    void feedHungry()
  }

  /** Returns the hungry feeds whose partitions a broker leads. Starts a loop for a broker that has none and leads others. */
  async function ledBy(nodeId: string): Promise<readonly FeedState[]> {
    const led: FeedState[] = []
    for (const feed of feeds) {
      if (!isHungry(feed)) continue
      const leaderId = await connection.leaderId(topic, feed.partition).catch(() => undefined)
      if (leaderId === nodeId) led.push(feed)
      else if (leaderId === undefined || !loops.has(leaderId)) void feedHungry()
    }
    return led
  }

  async function fetchFor(nodeId: string, wanting: readonly FeedState[]): Promise<void> {
    const epochs = wanting.map(({ epoch }) => epoch)
    const inFullFlow = [...feeds].some(({ isFull }) => isFull)
    const fetched = await fetch(nodeId, {
      topic,
      partitions: wanting.map(({ partition, position }) => ({
        partition,
        offset: position,
        bytesMax: PARTITION_BYTES_MAX,
      })),
      waitMsMax: inFullFlow ? WAIT_MS_IN_FULL_FLOW : WAIT_MS,
      bytesMax: REQUEST_BYTES_MAX,
    })
    sawSign(wanting)
    for (const part of fetched) {
      const index = wanting.findIndex(({ partition }) => partition === part.partition)
      const feed = wanting[index]
      if (feed === undefined || feed.epoch !== epochs[index]) continue
      try {
        await fill(feed, part)
      } catch (error) {
        // Its neighbours do not wait for it.
        void pause(feed, error as Error)
      }
    }
  }

  async function fill(feed: FeedState, part: FetchedPartition): Promise<void> {
    if (part.errorCode !== 0) throw errorOf(part.errorCode)
    const { epoch } = feed
    const { records, next } = await readBatches(part, feed.position)
    // A seek may have come while the batches were decompressed.
    if (feed.epoch !== epoch) return
    feed.isFull = records.length > 0 && next < part.lastStableOffset
    if (next === feed.position) return
    for (const record of records) {
      feed.records.push(record)
      feed.heldBytes += heldBytesOf(record)
    }
    feed.position = next
    feed.wake?.()
  }

  /** Leaves a partition out of the fetches for a while, after an error that is its own. */
  async function pause(feed: FeedState, error: Error): Promise<void> {
    feed.isPaused = true
    if (error instanceof UnreadableError) {
      onProblem(error)
      await new Promise(resolve => setTimeout(resolve, UNREADABLE_RETRY_MS))
    } else await handle(error, [feed])
    feed.isPaused = false
    sawSign([feed])
    void feedHungry()
  }

  /** Continues behind the records that retention has deleted. */
  async function skipMissing(of: readonly FeedState[]): Promise<void> {
    for (const feed of of) {
      const { epoch } = feed
      const position = await onOutOfRange(feed.partition, feed.position)
      if (feed.epoch === epoch) feed.position = position
    }
  }

  function sawSign(of: readonly FeedState[]): void {
    const now = performance.now()
    for (const feed of of) feed.signAt = now
  }

  async function handle(error: Error, about: readonly FeedState[]): Promise<void> {
    sawSign(about)
    if (typeOf(error) === 'OFFSET_OUT_OF_RANGE') await skipMissing(about).catch(onProblem)
    else if (!isDefinite(error)) onProblem(error)
    await new Promise(resolve => setTimeout(resolve, RETRY_MS))
    await connection.renew().catch(() => {})
    sawSign(about)
  }

  return {
    silentMs() {
      const now = performance.now()
      return Math.max(0, ...[...feeds].filter(isHungry).map(({ signAt }) => now - signAt))
    },
    open(partition, position) {
      const feed: FeedState = {
        partition,
        position,
        records: [],
        taken: 0,
        heldBytes: 0,
        takenTo: position,
        isFull: false,
        isClosed: false,
        isPaused: false,
        epoch: 0,
        signAt: performance.now(),
        wake: undefined,
      }
      feeds.add(feed)
      void feedHungry()
      return {
        async take(limits) {
          while (!feed.isClosed && feed.position === feed.takenTo)
            await new Promise<void>(resolve => (feed.wake = resolve))
          feed.wake = undefined
          if (feed.isClosed) return undefined
          const wasHungry = isHungry(feed)
          const taken = takeSome(feed, limits)
          if (!wasHungry) {
            sawSign([feed])
            void feedHungry()
          }
          return taken
        },
        seek(to) {
          feed.epoch++
          feed.position = feed.takenTo = to
          feed.records = []
          feed.taken = feed.heldBytes = 0
          feed.isFull = false
          sawSign([feed])
          void feedHungry()
        },
        close() {
          feed.isClosed = true
          feeds.delete(feed)
          feed.wake?.()
        },
      }
    },
  }
}

function takeSome(feed: FeedState, { recordsMax, bytesMax }: ReadLimits) {
  const records: InputRecord[] = []
  let bytes = 0
  while (feed.taken < feed.records.length && records.length < recordsMax) {
    const fetched = feed.records[feed.taken]!
    bytes += bytesOf(fetched)
    if (records.length > 0 && bytes > bytesMax) break
    records.push(fetched)
    feed.heldBytes -= heldBytesOf(fetched)
    feed.taken++
  }
  if (feed.taken < feed.records.length) feed.takenTo = records.at(-1)!.position + 1n
  else {
    feed.records = []
    feed.taken = 0
    feed.takenTo = feed.position
  }
  return { records, next: feed.takenTo }
}

function bytesOf({ key, value }: InputRecord): number {
  return (key?.length ?? 0) + value.length
}

/** About what a record takes in memory besides its key and value. Records may have neither. */
const RECORD_BYTES = 200

function heldBytesOf(record: InputRecord): number {
  return RECORD_BYTES + bytesOf(record)
}
