import { Registry } from '@sluicebox/runtime/metrics'
import { expect, test } from 'vitest'
import { watchLog } from './watch-log.ts'

test('what the log tells of is logged and counted', async () => {
  const metrics = new Registry()
  const logged: [string, object][] = []
  const logger = {
    warn: (facts: object) => void logged.push(['warn', facts]),
    error: (facts: object) => void logged.push(['error', facts]),
  }
  const { onSkipped, onProblem } = watchLog(logger as never, metrics)
  onSkipped({ group: 'scorer', stream: 'good', partition: 3, from: 10n, to: 17n })
  onProblem(new Error('a broker is gone'))
  onProblem(new Error('a broker is gone'))

  expect(logged.map(([level]) => level)).toEqual(['error', 'warn', 'warn'])
  expect(logged[0]?.[1]).toEqual({ group: 'scorer', stream: 'good', partition: 3, from: '10', to: '17' })
  const text = await metrics.metrics()
  expect(text).toContain('sluicebox_log_skipped_positions_total{group="scorer",stream="good"} 7')
  expect(text).toContain('sluicebox_log_problems_total 2')
})
