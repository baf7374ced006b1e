import { beforeEach, describe, expect, test } from 'vitest'
import { FencedError } from '../../log.ts'
import type { Connection } from '../protocol/connection.ts'
import { isHopeless, typeOf } from '../protocol/errors.ts'
import { decodeResponse } from './transaction-state.ts'
import { beginTransactions } from './transactions.ts'
import type { Broker } from '../protocol/wire.ts'

// Which requests the coordinator receives, and in which order. consumer.test.ts tests the effect on real brokers.

const EMPTY = [0, 0, 0, 0, 0]
const SETTINGS = {
  transactionalId: 'enricher-raw-0',
  transactionTimeoutMs: 1000,
  groupId: 'enricher-raw',
  topic: 'raw',
  partition: 0,
  outputs: ['good'],
  compression: 'none',
  recordBytesMax: 1000,
  requestTimeoutMs: 100,
} as const

/** The states that the coordinator reports of the last transaction, one after another; the last one repeats. */
let states: (string | number)[]
let asked: string[]
let socket: object
let isConnected: boolean
/** Called with each request. */
let onAsked: (name: string) => void
/** How often the metadata must be renewed until the output's partition has a leader. */
let leaderAfter: number

beforeEach(() => {
  states = ['Empty', 'CompleteAbort']
  asked = []
  socket = {}
  isConnected = true
  leaderAfter = 1
  onAsked = () => {}
})

function begin(): ReturnType<typeof beginTransactions> {
  const receive = (name: string): void => {
    asked.push(name)
    onAsked(name)
  }
  const broker = {
    link: {
      socket: () => (isConnected ? socket : {}),
      async request() {
        const state = states.length > 1 ? states.shift()! : states[0]!
        receive('describe')
        const name = typeof state === 'string' ? state : ''
        const head = [...EMPTY, 2, 0, typeof state === 'number' ? state : 0, 2, 97, name.length + 1]
        return decodeResponse(Buffer.from([...head, ...Buffer.from(name)]))
      },
    },
    initProducerId: async () => {
      receive('init')
      return { producerId: '1', producerEpoch: 0 }
    },
    addPartitionsToTxn: async () => receive('partitions'),
    addOffsetsToTxn: async () => receive('offsets'),
    txnOffsetCommit: async () => receive('position'),
    endTxn: async (request: { transactionResult: boolean }) =>
      receive(request.transactionResult ? 'commit' : 'abort'),
  } as unknown as Broker
  const connection = {
    coordinator: () => Promise.resolve(broker),
    partitions: () => Promise.resolve([0]),
    async leaderId() {
      if (leaderAfter > 0) throw Object.assign(new Error('none'), { type: 'LEADER_NOT_AVAILABLE' })
      return '1'
    },
    async renew() {
      leaderAfter--
    },
  } as unknown as Connection
  return beginTransactions(connection, SETTINGS)
}

describe('what the last transaction left open', () => {
  test.each([
    ['PrepareCommit', 'commit'],
    ['CompleteCommit', 'commit'],
    ['PrepareAbort', 'abort'],
    ['CompleteAbort', 'abort'],
    ['Ongoing', 'abort'],
    ['PrepareEpochFence', 'abort'],
    ['Empty', 'abort'],
    ['a state of a later version', 'abort'],
    // No transaction was open.
    [105, 'abort'],
  ])('%s: %s', async (state, end) => {
    states = [state, 'CompleteCommit']
    await begin()
    expect(asked).toEqual(['describe', 'init', 'offsets', 'partitions', end, 'describe'])
  })

  test('is waited for until it is marked', async () => {
    states = ['CompleteCommit', 'PrepareCommit', 'PrepareCommit', 'CompleteCommit']
    await begin()
    expect(asked.slice(-3)).toEqual(['describe', 'describe', 'describe'])
  })

  test('is not ended before all partitions have leaders: its end would be marked nowhere', async () => {
    leaderAfter = 3
    await begin()
    expect(leaderAfter).toBeLessThanOrEqual(0)
    leaderAfter = Infinity
    asked = []
    await expect(begin()).rejects.toMatchObject({ type: 'LEADER_NOT_AVAILABLE' })
    expect(asked).toEqual([])
  })

  test('is asked for again after an error of the coordinator', async () => {
    // It is loading.
    states = [14, 'CompleteCommit', 'CompleteCommit']
    await begin()
    expect(asked.slice(0, 3)).toEqual(['describe', 'describe', 'init'])
    expect(asked).toContain('commit')
  })
})

describe('a coordinator, after a reconnect,', () => {
  const reconnections: [string, () => void][] = [
    ['over another socket', () => (socket = {})],
    ['not yet', () => (isConnected = false)],
  ]

  test.each(reconnections)('is not asked to begin a transaction: %s', async (_name, reconnect) => {
    const transactions = await begin()
    await transactions.commit({}, 1n)
    expect(asked.slice(-3)).toEqual(['offsets', 'position', 'commit'])
    reconnect()
    asked = []
    const error = await transactions.commit({}, 2n).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(FencedError)
    expect(typeOf(error)).toBe('RECONNECTED')
    expect(isHopeless(error)).toBe(false)
    expect(asked).toEqual([])
  })

  test('is not asked to end a transaction that began before', async () => {
    const transactions = await begin()
    onAsked = name => {
      if (name === 'position') socket = {}
    }
    const error = await transactions.commit({}, 1n).catch((caught: unknown) => caught)
    expect(typeOf(error)).toBe('RECONNECTED')
    expect(asked.slice(-2)).toEqual(['offsets', 'position'])
  })
})
