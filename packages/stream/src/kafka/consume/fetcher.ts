import type { InputRecord, ReadLimits } from '../../log.ts'
import type { Connection } from '../protocol/connection.ts'
import { isDefinite, typeOf } from '../protocol/errors.ts'
import { readFetched, type FetchedMessage } from '../protocol/wire.ts'

/** What was fetched of a partition and not taken yet. */
export interface Feed {
  /**
   * The next records within the limits, and where to continue; waits for some. No records when others follow that no reader
   * gets to see, such as the end of a transaction. Undefined when the feed is closed.
   */
  take(limits: ReadLimits): Promise<{ records: InputRecord[]; next: bigint } | undefined>
  seek(position: bigint): void
  close(): void
}

export interface Fetcher {
  open(partition: number, position: bigint): Feed
  /**
   * For how long there was neither an answer nor an error for a partition of which something is to be fetched: of the
   * one where it was longest. Milliseconds.
   */
  silentMs(): number
}

export interface FetcherParts {
  readonly connection: Pick<Connection, 'leaderId' | 'broker' | 'renew'>
  readonly topic: string
  /** Records from `from` on are gone: returns where to continue. */
  readonly onOutOfRange: (partition: number, from: bigint) => Promise<bigint>
  /** Called with an error; the fetch is retried. */
  readonly onProblem: (error: Error) => void
}

/** How long a broker holds a fetch for which it has nothing. */
const WAIT_MS = 250
/** While a partition had more than one fetch brings, others are not waited for. */
const WAIT_MS_IN_FULL_FLOW = 5
const PARTITION_BYTES_MAX = 1024 * 1024
/** A partition is fetched on while less than this is held of it. */
const HELD_BYTES_MAX = 1024 * 1024
const REQUEST_BYTES_MAX = 16 * 1024 * 1024
const RETRY_MS = 100

interface FeedState {
  readonly partition: number
  /** Where the next fetch begins. */
  position: bigint
  /** Fetched and, before index `taken`, taken. */
  messages: FetchedMessage[]
  taken: number
  heldBytes: number
  /** Where the taker stands. */
  takenTo: bigint
  /** Whether there was more than a fetch could bring. */
  isFull: boolean
  isClosed: boolean
  /** Counts seeks: what a fetch brings for an earlier one is dropped. */
  epoch: number
  /** Monotonic milliseconds of the last answer or error that was about it. */
  signAt: number
  wake: (() => void) | undefined
}

/**
 * Fetches ahead for the open feeds: one request at a time to each broker, for all partitions that it leads and of
 * which little is held.
 */
export function createFetcher({ connection, topic, onOutOfRange, onProblem }: FetcherParts): Fetcher {
  const feeds = new Set<FeedState>()
  /** Ids of the brokers that are being fetched from. */
  const loops = new Set<string>()
  let isFinding = false
  let isStale = false

  const isHungry = (feed: FeedState): boolean => !feed.isClosed && feed.heldBytes < HELD_BYTES_MAX

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
            // The others need not wait for the one that has no leader.
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
    // One may have become hungry, or have moved here, since it was looked at.
    void feedHungry()
  }

  /** The hungry feeds of partitions that a broker leads. Others may have moved to one that has no loop yet. */
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
    const leader = await connection.broker(nodeId)
    const { responses } = await leader.fetch({
      isolationLevel: 1,
      maxWaitTime: inFullFlow ? WAIT_MS_IN_FULL_FLOW : WAIT_MS,
      minBytes: 1,
      maxBytes: REQUEST_BYTES_MAX,
      topics: [
        {
          topic,
          partitions: wanting.map(({ partition, position }) => ({
            partition,
            fetchOffset: String(position),
            maxBytes: PARTITION_BYTES_MAX,
          })),
        },
      ],
    })
    sawSign(wanting)
    for (const fetched of responses.flatMap(({ partitions }) => partitions)) {
      const index = wanting.findIndex(({ partition }) => partition === fetched.partition)
      const feed = wanting[index]
      if (feed === undefined || feed.epoch !== epochs[index]) continue
      const { messages, next } = readFetched(topic, feed.position, fetched)
      feed.isFull = messages.length > 0 && next < BigInt(fetched.lastStableOffset)
      if (next === feed.position) continue
      for (const message of messages) {
        feed.messages.push(message)
        feed.heldBytes += bytesOf(message)
      }
      feed.position = next
      feed.wake?.()
    }
  }

  /** Continues behind what retention has deleted. */
  async function skipMissing(): Promise<void> {
    for (const feed of feeds) {
      if (!isHungry(feed)) continue
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
    if (typeOf(error) === 'OFFSET_OUT_OF_RANGE') await skipMissing().catch(onProblem)
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
        messages: [],
        taken: 0,
        heldBytes: 0,
        takenTo: position,
        isFull: false,
        isClosed: false,
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
          feed.messages = []
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
  while (feed.taken < feed.messages.length && records.length < recordsMax) {
    const message = feed.messages[feed.taken]!
    bytes += bytesOf(message)
    if (records.length > 0 && bytes > bytesMax) break
    records.push(toRecord(message))
    feed.heldBytes -= bytesOf(message)
    feed.taken++
  }
  if (feed.taken < feed.messages.length) feed.takenTo = records.at(-1)!.position + 1n
  else {
    feed.messages = []
    feed.taken = 0
    feed.takenTo = feed.position
  }
  return { records, next: feed.takenTo }
}

function bytesOf({ key, value }: FetchedMessage): number {
  return (key?.length ?? 0) + (value?.length ?? 0)
}

const EMPTY = new Uint8Array(0)

export function toRecord({ offset, timestamp, key, value }: FetchedMessage): InputRecord {
  return {
    key: key === null ? null : key.toString(),
    value: value ?? EMPTY,
    position: BigInt(offset),
    appendedAt: Number(timestamp),
  }
}
