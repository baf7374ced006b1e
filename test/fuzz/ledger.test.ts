import { createRandom } from '@sluicebox/event/random'
import { expect, test } from 'vitest'
import { createLedger, type Ledger } from './ledger.ts'
import { makeShape, type Shape } from './requests.ts'

const SHAPE: Shape = {
  ...{ kind: 'http', method: 'POST', path: '/v1/events', headers: {}, body: Buffer.alloc(0) },
  ...{ pauseMs: 0, leaves: false },
}

function raw(ledger: Ledger, number: number, position: string, request: string, visitor = 'v'): void {
  const querystring = `fuzz=${number}&x=1`
  ledger.raw({ kind: 'payload', partition: 0, position, request_id: request, visitor, querystring })
}

function derived(ledger: Ledger, position: string, stream: 'good' | 'bad' = 'good'): void {
  ledger.derived(stream, { source_partition: 0, source_position: position, source_index: 0 })
}

const CASES: readonly (readonly [string, (ledger: Ledger) => void, readonly string[]])[] = [
  ['one part', ledger => (raw(ledger, 0, '1', 'r'), derived(ledger, '1')), []],
  [
    'two visitors of one request',
    ledger => {
      raw(ledger, 0, '1', 'r', 'a')
      raw(ledger, 0, '2', 'r', 'b')
      derived(ledger, '1')
      derived(ledger, '2', 'bad')
    },
    [],
  ],
  ['lost', () => {}, ['request 0 was accepted and is lost']],
  [
    'stored twice',
    ledger => {
      raw(ledger, 0, '1', 'r')
      raw(ledger, 0, '2', 'r')
      derived(ledger, '1')
      derived(ledger, '2')
    },
    ['request 0 is in raw twice'],
  ],
  ['not enriched', ledger => raw(ledger, 0, '1', 'r'), ['nothing came out of 0/1 of raw']],
  [
    'in good and in bad',
    ledger => {
      raw(ledger, 0, '1', 'r')
      derived(ledger, '1')
      derived(ledger, '1', 'bad')
    },
    ['event 0/1/0 came out twice'],
  ],
  [
    'refused, and stored',
    ledger => {
      raw(ledger, 0, '1', 'r')
      raw(ledger, 1, '2', 's')
      derived(ledger, '1')
      derived(ledger, '2')
    },
    ['request 1 was refused and is in raw'],
  ],
]

test.each(CASES)('%s', (_, store, problems) => {
  const ledger = createLedger(2)
  ledger.answered(0, SHAPE, 200)
  ledger.answered(1, SHAPE, 422)
  store(ledger)
  expect(ledger.findings().problems).toEqual(problems)
})

test('a seed makes the same requests again', () => {
  const shapes = (): Shape[] => Array.from({ length: 200 }, (_, n) => makeShape(n, createRandom(n)))
  expect(shapes()).toEqual(shapes())
})
