import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEventCheck } from './check-event.ts'
import { rawRecord, run, schemas, testConfig, testEnricher } from './testing/run.ts'

test('finds wrong what the enricher will find wrong, and nothing else', () => {
  const config = testConfig()
  const check = createEventCheck({ config, schemas })
  const enricher = testEnricher()
  const text = fc.oneof(
    fc.string({ maxLength: 5 }),
    fc.constantFrom('https://a.example/', 'https://[', 'home', 'a b'),
  )
  const event = fc.oneof(
    fc.jsonValue(),
    fc.record(
      {
        action: text,
        session_id: fc.oneof(text, fc.integer()),
        time: fc.oneof(text, fc.constant('2026-11-20T09:30:00Z')),
        page: fc.record({ url: text, kind: text }, { requiredKeys: [] }),
        product: fc.record({ price: fc.oneof(fc.float(), text) }),
      },
      { requiredKeys: ['action'] },
    ),
  )
  fc.assert(
    fc.property(event, value => {
      const sent = JSON.parse(JSON.stringify([value])) as unknown[]
      const { bad } = run(
        [rawRecord({ path: '/v1/events', body: Buffer.from(JSON.stringify(sent)) })],
        enricher,
      )
      expect(check(sent[0])).toEqual(bad[0]?.errors ?? [])
    }),
    { numRuns: 500 },
  )
})

test('empty ids count as absent, and are not faults', () => {
  const check = createEventCheck({ config: testConfig(), schemas })
  expect(check({ action: 'view', event_id: '', session_id: '', visitor_id: '', user_id: '' })).toEqual([])
})
