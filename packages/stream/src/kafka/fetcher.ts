import type { InputRecord, ReadLimits } from '../log.ts'
import type { Connection } from './connection.ts'
import { isDefinite, typeOf } from './errors.ts'
import { readFetched, type Broker, type FetchedMessage } from './wire.ts'

/** What was fetched of a partition and not taken yet. */
export interface Feed {
  /**
   * The next records within the limits, and where to go on; waits for some. No records when others follow that nobody
   * gets to see, such as the end of a transaction. Undefined when the feed is closed.
   */
  take(limits: ReadLimits): Promise<{ records: InputRecord[]; next: bigint } | undefined>
  seek(position: bigint): void
  close(): void
}

export interface Fetcher {
  open(partition: number, position: bigint): Feed
  /** For how long there was neither an answer nor an error, though something is to be fetched. Milliseconds. */
  silentMs(): number
}

export interface FetcherParts {
  readonly connection: Connection
  readonly topic: string
  /** Records from `from` on are gone: answers where to go on. */
  readonly onOutOfRange: (partition: number, from: bigint) => Promise<bigint>
  /** Told of an error; the fetch is tried again. */
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
  wake: (() => void) | undefined
}

/**
 * Fetches ahead for the open feeds: one request at a time to each broker, for all partitions that it leads and of
 * which little is held.
 */
export function createFetcher({ connection, topic, onOutOfRange, onProblem }: FetcherParts): Fetcher {
  const feeds = new Set<FeedState>()
  const loops = new Set<Broker>()
  let lastSignAt = performance.now()
  let isFinding = false
  let isStale = false

  const isHungry = (feed: FeedState): boolean => !feed.isClosed && feed.heldBytes < HELD_BYTES_MAX

  /** Starts a loop for each broker that leads a hungry partition. */
  async function feedHungry(): Promise<void> {
    isStale = true
    if (isFinding) return
    isFinding = true
    while (isStale) {
      isStale = false
      try {
        for (const leader of await leaders())
          if (!loops.has(leader)) {
            loops.add(leader)
            void loop(leader)
          }
      } catch (error) {
        await handle(error as Error)
        isStale = true
      }
      if (feeds.size === 0) break
    }
    isFinding = false
  }

  async function leaders(): Promise<Set<Broker>> {
    const found = new Set<Broker>()
    for (const feed of feeds) if (isHungry(feed)) found.add(await connection.leader(topic, feed.partition))
    return found
  }

  async function loop(leader: Broker): Promise<void> {
    try {
      for (;;) {
        const wanting: FeedState[] = []
        for (const feed of feeds)
          if (isHungry(feed) && (await connection.leader(topic, feed.partition)) === leader)
            wanting.push(feed)
        if (wanting.length === 0) break
        await fetchFor(leader, wanting)
      }
      loops.delete(leader)
    } catch (error) {
      loops.delete(leader)
      await handle(error as Error)
      void feedHungry()
    }
  }

  async function fetchFor(leader: Broker, wanting: readonly FeedState[]): Promise<void> {
    const epochs = wanting.map(({ epoch }) => epoch)
    const inFullFlow = [...feeds].some(({ isFull }) => isFull)
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
    lastSignAt = performance.now()
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

  /** Goes on behind what retention has deleted. */
  async function skipMissing(): Promise<void> {
    for (const feed of feeds) {
      if (!isHungry(feed)) continue
      const { epoch } = feed
      const position = await onOutOfRange(feed.partition, feed.position)
      if (feed.epoch === epoch) feed.position = position
    }
  }

  async function handle(error: Error): Promise<void> {
    lastSignAt = performance.now()
    if (typeOf(error) === 'OFFSET_OUT_OF_RANGE') await skipMissing().catch(onProblem)
    else if (!isDefinite(error)) onProblem(error)
    await new Promise(resolve => setTimeout(resolve, RETRY_MS))
    await connection.renew().catch(() => {})
  }

  return {
    silentMs() {
      const now = performance.now()
      if (![...feeds].some(isHungry)) lastSignAt = now
      return now - lastSignAt
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
          if (!wasHungry) void feedHungry()
          return taken
        },
        seek(to) {
          feed.epoch++
          feed.position = feed.takenTo = to
          feed.messages = []
          feed.taken = feed.heldBytes = 0
          feed.isFull = false
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
