import { expect, test } from 'vitest'
import { heartbeatRecord, startHeartbeat } from './heartbeat.ts'
import { asCollectedTime } from '@sluicebox/event/instants'
import { codec, decode } from '../testing/parts.ts'

/** Runs this many rounds, one every second of a clock of its own, and returns what happened. */
async function run(
  rounds: number,
  append: (round: number) => Promise<void> = async () => {},
): Promise<unknown[]> {
  const actions: unknown[] = []
  const stop = new AbortController()
  let at = 1_000
  let round = 0
  await startHeartbeat({
    codec,
    everyMs: 1_000,
    now: () => at,
    signal: stop.signal,
    log: {
      async partitionCount() {
        return 2
      },
      async append(stream, records) {
        await append(round)
        actions.push(
          ...records.map(({ key, partition, value }) => [
            stream,
            partition,
            key,
            decode(value).kind,
            decode(value).collected_at,
          ]),
        )
      },
    },
    onRound(error) {
      actions.push(error === undefined ? 'written' : (error as Error).message)
    },
    async wait(ms) {
      at += ms
      if (++round === rounds) stop.abort()
    },
  })
  return actions
}

test('writes one record to every partition, again and again, until it is stopped', async () => {
  expect(await run(2)).toEqual([
    ['raw', 0, null, 'heartbeat', 1_000],
    ['raw', 1, null, 'heartbeat', 1_000],
    'written',
    ['raw', 0, null, 'heartbeat', 2_000],
    ['raw', 1, null, 'heartbeat', 2_000],
    'written',
  ])
})

test('continues after a round that failed', async () => {
  const actions = await run(2, async round => {
    if (round === 0) throw new Error('no log today')
  })
  expect(actions).toEqual([
    'no log today',
    ['raw', 0, null, 'heartbeat', 2_000],
    ['raw', 1, null, 'heartbeat', 2_000],
    'written',
  ])
})

test('writes nothing when it is stopped before it begins', async () => {
  const actions: unknown[] = []
  await startHeartbeat({
    codec,
    signal: AbortSignal.abort(),
    log: {
      partitionCount: async () => 1,
      append: async () => void actions.push('appended'),
    },
  })
  expect(actions).toEqual([])
})

test('ends at once while it waits', async () => {
  const stop = new AbortController()
  const ended = startHeartbeat({
    codec,
    everyMs: 1e9,
    signal: stop.signal,
    log: { partitionCount: async () => 1, append: async () => {} },
    onRound: () => stop.abort(),
  })
  await expect(ended).resolves.toBe(undefined)
})

test('a heartbeat survives the codec', () => {
  const record = heartbeatRecord(asCollectedTime(5))
  expect(decode(codec.encode(record))).toEqual(record)
})
