import { describe, expect, test } from 'vitest'
import { committedRecords, type RecordBatch } from './batches.ts'

/** A batch of a producer at these offsets. */
function batch(producerId: number, offsets: readonly number[], more: Partial<RecordBatch> = {}): RecordBatch {
  return {
    lastOffset: BigInt(offsets.at(-1)!),
    producerId: BigInt(producerId),
    isTransactional: true,
    ends: undefined,
    records: offsets.map(offset => ({ offset: BigInt(offset), timestamp: 0, key: null, value: null })),
    ...more,
  }
}

const end = (producerId: number, offset: number, ends: 'commit' | 'abort'): RecordBatch =>
  batch(producerId, [offset], { ends, records: [] })

const offsetsOf = (batches: readonly RecordBatch[], aborted: readonly [number, number][]) => {
  const transactions = aborted.map(([producerId, firstOffset]) => ({
    producerId: BigInt(producerId),
    firstOffset: BigInt(firstOffset),
  }))
  const visible = committedRecords(batches, transactions)
  return { offsets: visible.records.map(({ offset }) => Number(offset)), aborted: visible.aborted }
}

describe('what a reader of committed records sees', () => {
  test('records without a transaction, and those of transactions that were committed', () => {
    const batches = [batch(-1, [0, 1], { isTransactional: false }), batch(1, [2]), end(1, 3, 'commit')]
    expect(offsetsOf(batches, [])).toEqual({ offsets: [0, 1, 2], aborted: 0 })
  })

  test('not those of transactions that were undone, however they mix with others', () => {
    const batches = [
      batch(1, [0]),
      batch(2, [1]),
      batch(1, [2]),
      end(2, 3, 'commit'),
      end(1, 4, 'abort'),
      batch(1, [5]),
    ]
    expect(offsetsOf(batches, [[1, 0]])).toEqual({ offsets: [1, 5], aborted: 2 })
  })

  test('a producer may fail and recover several times', () => {
    const batches = [
      batch(1, [0]),
      end(1, 1, 'abort'),
      batch(1, [2]),
      end(1, 3, 'commit'),
      batch(1, [4]),
      end(1, 5, 'abort'),
    ]
    const aborted: [number, number][] = [
      [1, 4],
      [1, 0],
    ]
    expect(offsetsOf(batches, aborted)).toEqual({ offsets: [2], aborted: 2 })
  })

  test('a transaction that began before what was read counts too', () => {
    expect(offsetsOf([batch(1, [7]), end(1, 8, 'abort')], [[1, 3]])).toEqual({ offsets: [], aborted: 1 })
  })
})
