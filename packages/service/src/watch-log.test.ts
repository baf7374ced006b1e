import { Registry } from '@sluicebox/runtime/metrics'
import { UnreadableError } from '@sluicebox/stream/log'
import { expect, test } from 'vitest'
import { watchLog } from './watch-log.ts'

function watch() {
  const metrics = new Registry()
  const logged: { level: string; facts: object; message: string }[] = []
  const log = (level: string) => (facts: object, message: string) =>
    void logged.push({ level, facts, message })
  const clock = { now: 0 }
  const logger = { warn: log('warn'), error: log('error') }
  const watched = watchLog({ logger: logger as never, metrics, now: () => clock.now })
  return { ...watched, metrics, logged, clock }
}

test('records that were deleted unread are an error, and counted', async () => {
  const { onSkipped, metrics, logged } = watch()
  onSkipped({ group: 'scorer', stream: 'good', partition: 3, from: 10n, to: 17n })
  expect(logged).toMatchObject([
    { level: 'error', facts: { group: 'scorer', stream: 'good', partition: 3, from: '10', to: '17' } },
  ])
  expect(await metrics.metrics()).toContain(
    'sluicebox_log_skipped_positions_total{group="scorer",stream="good"} 7',
  )
})

test('an error that repeats is counted each time, and logged once in ten seconds', async () => {
  const { onProblem, metrics, logged, clock } = watch()
  for (clock.now = 0; clock.now < 25_000; clock.now += 100) onProblem(new Error('the broker is gone'))
  onProblem(new Error('something else'))
  expect(logged.map(({ message }) => message)).toEqual([
    ...Array.from({ length: 3 }, () => 'trouble with the log: the broker is gone'),
    'trouble with the log: something else',
  ])
  expect(logged.map(({ facts }) => (facts as { repeats?: number }).repeats)).toEqual([
    undefined,
    99,
    99,
    undefined,
  ])
  expect(await metrics.metrics()).toContain('sluicebox_log_problems_total 251')
})

test('errors that are all different do not fill the memory, and each is logged', () => {
  const { onProblem, logged } = watch()
  for (let i = 0; i < 1_000; i++) onProblem(new Error(`attempt ${i}`))
  expect(logged).toHaveLength(1_000)
})

test('what can not be read is told to the readiness probe for as long as it is reported', () => {
  const { onProblem, trouble, clock } = watch()
  onProblem(new Error('the broker is gone'))
  expect(trouble()).toBeUndefined()
  onProblem(new UnreadableError('partition 0 of raw'))
  onProblem(new UnreadableError('partition 1 of raw'))
  clock.now = 10_000
  onProblem(new UnreadableError('partition 1 of raw'))
  expect(trouble()).toBe('partition 0 of raw; partition 1 of raw')
  clock.now = 20_000
  expect(trouble()).toBe('partition 1 of raw')
  clock.now = 30_000
  expect(trouble()).toBeUndefined()
})
