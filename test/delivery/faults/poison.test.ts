// Bytes in raw that are not records: each comes out in bad, once, and its partition continues.
import { randomBytes } from 'node:crypto'
import { expect, inject, test } from 'vitest'
import { schemaText } from '../checker/schemas.ts'
import { append, rawRecord, type ForeignRecord } from '../world/foreign.ts'
import { survive } from './survive.ts'

const UNKNOWN_ID = 77_777

function poison(): ForeignRecord[] {
  const whole = rawRecord(schemaText('raw'), UNKNOWN_ID, 'poison', '{"event_id":"x"}')
  return [
    Buffer.alloc(0),
    null,
    Buffer.from('not a record'),
    Buffer.of(0, 0, 0),
    Buffer.of(1, 0, 0, 0, 1, 2, 3),
    whole,
    whole.subarray(0, 40),
    randomBytes(900_000),
    Buffer.alloc(10_000, 0x7f),
  ].flatMap(value => [
    { key: 'poison', value },
    { key: null, value, partition: 2 },
  ])
}

test('poison records', async () => {
  const { report, evidence } = await survive({ workers: { archiver: 1 } }, async (world, load) => {
    const { directAddresses } = inject('kafka')
    for (const record of poison()) {
      world.note('a poison record')
      await append(directAddresses, `${world.prefix}raw`, [record])
    }
    await load.more(20)
    await world.caughtUp('enricher')
  })
  const unreadable = evidence.streams.raw.records.filter(({ fields }) => fields === undefined)
  expect(unreadable).toHaveLength(poison().length)
  expect(report.outcomes.bad).toBeGreaterThanOrEqual(poison().length)
})
