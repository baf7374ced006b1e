import { Registry } from '@sluicebox/runtime/metrics'
import type { ConsumeOptions, Log, OwnedPartition } from '@sluicebox/stream/log'
import { createMemoryLog } from '@sluicebox/stream/testing/memory-log'
import { expect, test } from 'vitest'
import { watchLag } from './watch-lag.ts'

/** A stream of three partitions that hold ten records each, appended a second apart. */
function logWith(committed: readonly bigint[], others: Partial<Log> = {}): Log {
  const log = createMemoryLog({ partitions: 3 })
  for (let partition = 0; partition < 3; partition++) {
    for (let position = 0; position < 10; position++) {
      log.now = position * 1000
      log.write('raw', partition, null, new Uint8Array())
    }
    log.place('enricher', 'raw', partition, committed[partition]!)
  }
  return Object.assign(log, {
    // This member owns two of the three, and returns when its work on them does.
    async consume(_options: ConsumeOptions, own: (owned: OwnedPartition) => Promise<void>) {
      await Promise.all(
        [0, 2].map(partition =>
          own({
            partition,
            signal: new AbortController().signal,
          } as Partial<OwnedPartition> as OwnedPartition),
        ),
      )
    },
    ...others,
  })
}

/** The values of a gauge, by partition. */
async function scraped(metrics: Registry, name: string): Promise<Record<string, number>> {
  const found = (await metrics.getMetricsAsJSON()).find(metric => metric.name === name)
  return Object.fromEntries(
    (found?.values ?? []).map(({ labels, value }) => [String(labels['partition']), value]),
  )
}

const options = {
  stream: 'raw',
  group: 'enricher',
  signal: new AbortController().signal,
  recordsMax: 1,
  bytesMax: 1,
}

test('reports the lag of the partitions that the process owns, for as long as it owns them', async () => {
  const metrics = new Registry()
  const log = logWith([4n, 0n, 10n])
  const watched = watchLag({ log, metrics, now: () => 9_500 })
  const lost = Promise.withResolvers<void>()
  const consuming = watched.consume(options, ({ partition }) =>
    partition === 0 ? lost.promise : new Promise(() => {}),
  )
  expect(await scraped(metrics, 'sluicebox_log_lag_records')).toEqual({ 0: 6, 2: 0 })
  expect(await scraped(metrics, 'sluicebox_log_lag_seconds')).toEqual({ 0: 5.5, 2: 0 })
  expect(await metrics.metrics()).toContain(
    'sluicebox_log_lag_records{group="enricher",stream="raw",partition="0"} 6',
  )

  lost.resolve()
  await lost.promise
  await Promise.resolve()
  expect(await scraped(metrics, 'sluicebox_log_lag_records')).toEqual({ 2: 0 })
  void consuming
})

test('while the log is down only its own metrics are missing', async () => {
  const metrics = new Registry()
  const log = logWith([0n, 0n, 0n], { bounds: () => Promise.reject(new Error('all brokers are gone')) })
  void watchLag({ log, metrics }).consume(options, () => new Promise(() => {}))
  expect(await scraped(metrics, 'sluicebox_log_lag_records')).toEqual({})
})

test('a scrape does not wait for a log that does not answer, and does not ask it a second time meanwhile', async () => {
  const metrics = new Registry()
  let asked = 0
  const answers: ((committed: bigint[]) => void)[] = []
  const log = logWith([], {
    committed() {
      asked++
      return new Promise(resolve => answers.push(resolve))
    },
  })
  void watchLag({ log, metrics, waitMs: 1 }).consume(options, () => new Promise(() => {}))
  expect(await scraped(metrics, 'sluicebox_log_lag_records')).toEqual({})
  expect(await scraped(metrics, 'sluicebox_log_lag_records')).toEqual({})
  expect(asked).toBe(1)

  answers[0]?.([1n, 0n, 2n])
  await expect.poll(() => scraped(metrics, 'sluicebox_log_lag_records')).toEqual({ 0: 9, 2: 8 })
})
