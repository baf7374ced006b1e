import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { UnreadableError } from '../../log.ts'
import { encodeBatch, type BatchHead } from '../protocol/record-batch.ts'
import { createFetcher, type Feed, type Fetcher } from './fetcher.ts'
import type { FetchedPartition, FetchRequest } from '../protocol/fetch.ts'

// How the fetcher finds its brokers, and what it does about a partition that gives an error.

/** How long a broker of these tests holds a fetch. */
const HELD_MS = 250
/** In the second after a broker was first asked, up to its end. */
const REQUESTS_A_SECOND = 1 + 1000 / HELD_MS
const LIMITS = { recordsMax: 100, bytesMax: 1_000_000 }

const HEAD: BatchHead = {
  producerId: '-1',
  producerEpoch: -1,
  firstSequence: -1,
  isTransactional: false,
  compression: 'none',
  timestamp: 1_795_200_000_000,
}

/** Which broker leads each partition, and which one the connection believes to lead it. */
let leaders: (string | undefined)[]
let known: (string | undefined)[]
/** Brokers that respond with an error, and brokers that never respond. */
let failing: Set<string>
let mute: Set<string>
/** Partitions in the order in which each broker was asked for them. */
let asked: Record<string, number[][]>
let problems: Error[]
/** The batches of each partition from offset 0 on. */
let stored: Map<number, Buffer>
let skipTo: bigint | undefined
let feeds: Feed[]
let fetcher: Fetcher

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  leaders = known = []
  failing = new Set()
  mute = new Set()
  asked = {}
  problems = []
  stored = new Map()
  skipTo = undefined
  feeds = []
  fetcher = createFetcher({
    connection: {
      async leaderId(_topic, partition) {
        const leader = known[partition]
        if (leader === undefined) throw errorOf('LEADER_NOT_AVAILABLE')
        return leader
      },
      async renew() {
        known = leaders
      },
    },
    fetch: respond,
    topic: 'raw',
    onOutOfRange: (_partition, from) => Promise.resolve(skipTo ?? from),
    onProblem: error => problems.push(error),
  })
})
afterEach(async () => {
  for (const feed of feeds) feed.close()
  await vi.runAllTimersAsync()
  // With no partition left to fetch, no request may follow.
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

function errorOf(type: string): Error {
  return Object.assign(new Error(type), { type })
}

async function respond(nodeId: string, { topic, partitions }: FetchRequest): Promise<FetchedPartition[]> {
  ;(asked[nodeId] ??= []).push(partitions.map(({ partition }) => partition))
  if (mute.has(nodeId)) return new Promise(() => {})
  const parts = partitions.map(({ partition, offset }) => partOf(nodeId, { topic, partition, offset }))
  // A broker that has something to say of a partition does not hold the fetch.
  if (parts.every(({ errorCode, batches }) => errorCode === 0 && batches.length === 0))
    await new Promise(resolve => setTimeout(resolve, HELD_MS))
  if (failing.has(nodeId)) throw errorOf('NOT_SENT')
  return parts
}

const OFFSET_OUT_OF_RANGE = 1
const NOT_LEADER_FOR_PARTITION = 6

function partOf(
  nodeId: string,
  { topic, partition, offset }: { topic: string; partition: number; offset: bigint },
): FetchedPartition {
  const isBelow = skipTo !== undefined && offset < skipTo
  return {
    topic,
    partition,
    errorCode: leaders[partition] === nodeId ? (isBelow ? OFFSET_OUT_OF_RANGE : 0) : NOT_LEADER_FOR_PARTITION,
    lastStableOffset: 10n,
    aborted: [],
    batches: offset === 0n ? (stored.get(partition) ?? Buffer.alloc(0)) : Buffer.alloc(0),
  }
}

function open(...ledBy: (string | undefined)[]): void {
  leaders = known = ledBy
  feeds = leaders.map((_, partition) => fetcher.open(partition, 0n))
}

/** What each broker was asked for within the next second, at the end of it. */
async function afterASecond(): Promise<Record<string, number[] | undefined>> {
  asked = {}
  await vi.advanceTimersByTimeAsync(1000)
  return Object.fromEntries(Object.entries(asked).map(([nodeId, requests]) => [nodeId, requests.at(-1)]))
}

test('one request to each broker, for all partitions that it leads', async () => {
  open('1', '2', '1')
  expect(await afterASecond()).toEqual({ 1: [0, 2], 2: [1] })
  expect(asked['1']!.length).toBe(REQUESTS_A_SECOND)
})

test('a partition that moves to a broker that led none before', async () => {
  open('1', '1')
  await afterASecond()
  leaders = ['1', '2']
  await afterASecond()
  expect(await afterASecond()).toEqual({ 1: [0], 2: [1] })
  expect(fetcher.silentMs()).toBeLessThanOrEqual(HELD_MS)
})

test('a partition whose move is known before its former leader refuses it', async () => {
  open('1', '1')
  await vi.advanceTimersByTimeAsync(HELD_MS / 2)
  // Another part of the process has refreshed the metadata: the former leader still responds, and is not asked again.
  leaders = known = ['2', '1']
  expect(await afterASecond()).toEqual({ 1: [1], 2: [0] })
  leaders = known = ['1', '1']
  await afterASecond()
  expect(await afterASecond()).toEqual({ 1: [0, 1] })
})

test('a partition without a leader holds up no other', async () => {
  open(undefined, '1', '2')
  expect(await afterASecond()).toEqual({ 1: [1], 2: [2] })
  leaders = ['2', '1', '2']
  await afterASecond()
  expect(await afterASecond()).toEqual({ 1: [1], 2: [0, 2] })
  expect(problems).toEqual([])
})

test('a broker that fails holds up no other, and is asked again', async () => {
  open('1', '2')
  failing.add('1')
  await afterASecond()
  expect(asked['2']!.length).toBe(REQUESTS_A_SECOND)
  expect(asked['1']!.length).toBeGreaterThan(1)
})

test('continues behind what was deleted', async () => {
  open('1')
  skipTo = 7n
  await vi.advanceTimersByTimeAsync(HELD_MS)
  expect(await Promise.race([feeds[0]!.take(LIMITS), vi.advanceTimersByTimeAsync(1000)])).toEqual({
    records: [],
    next: 7n,
  })
})

test('is silent for as long as one partition gave nothing, whatever the others give', async () => {
  open('1', '2')
  await afterASecond()
  expect(fetcher.silentMs()).toBeLessThanOrEqual(HELD_MS)
  mute.add('2')
  await afterASecond()
  await afterASecond()
  expect(asked['1']!.length).toBeGreaterThan(1)
  expect(fetcher.silentMs()).toBeGreaterThan(1000)
  feeds[1]!.close()
  expect(fetcher.silentMs()).toBeLessThanOrEqual(HELD_MS)
})

test.each<[string, () => void]>([
  ['its broker fails', () => failing.add('2')],
  ['it has no leader', () => (leaders = known = ['1', undefined])],
])('is not silent while a broker says why nothing comes: %s', async (_name, goWrong) => {
  open('1', '2')
  await afterASecond()
  goWrong()
  for (let seconds = 0; seconds < 5; seconds++) await afterASecond()
  expect(fetcher.silentMs()).toBeLessThan(1000)
})

test('a batch that can not be read is reported and waited for, and holds up no neighbour', async () => {
  const whole = await encodeBatch(HEAD, [{ key: 'a', value: Buffer.from('1') }])
  const damaged = Buffer.from(whole)
  damaged[damaged.length - 1]! ^= 1
  stored = new Map([
    [0, damaged],
    [1, whole],
  ])
  open('1', '1')
  expect(await feeds[1]!.take(LIMITS)).toMatchObject({ records: [{ key: 'a', position: 0n }], next: 1n })
  expect(problems.map(({ message }) => message)).toEqual([
    "partition 0 of raw can't be read at offset 0: the checksum of the batch does not match",
  ])
  expect(problems[0]).toBeInstanceOf(UnreadableError)
  expect(await afterASecond()).toEqual({ 1: [1] })
  for (let seconds = 0; seconds < 5; seconds++) await afterASecond()
  expect(problems).toHaveLength(2)
  // Mended, as when another replica leads.
  stored.set(0, whole)
  const taken = feeds[0]!.take(LIMITS)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(await taken).toMatchObject({ records: [{ key: 'a', position: 0n }], next: 1n })
})

test('an error of one partition holds up no neighbour', async () => {
  open('1', '1')
  await afterASecond()
  leaders = ['1', '2']
  await vi.advanceTimersByTimeAsync(2 * HELD_MS)
  asked = {}
  await vi.advanceTimersByTimeAsync(2 * HELD_MS)
  expect(asked['1']!.length).toBeGreaterThanOrEqual(2)
})
