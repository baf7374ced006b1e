import type { InputRecord, Log } from '@sluicebox/stream/log'
import { expect, test } from 'vitest'
import { followStream } from './follow.ts'

const ENDS = [30n, 3n]
/** By partition. All other positions are marks of the log's own. */
const RECORDS = [
  [0, 1, 12, 25],
  [0, 1, 2],
]

/** A log whose reads get two positions far, whatever stands there. */
const log = {
  bounds: async () => ENDS.map(end => ({ start: 0n, end })),
  async read(stream, partition, from) {
    const end = ENDS[partition] as bigint
    const next = from + 2n < end ? from + 2n : end
    const records = (RECORDS[partition] as number[])
      .filter(position => position >= from && position < next)
      .map((position): InputRecord => {
        return { key: null, value: Buffer.of(position), position: BigInt(position), appendedAt: 0 }
      })
    return { stream, partition, records, next }
  },
  changed: () => new Promise<void>(() => {}),
} as Partial<Log> as Log

const reader = async (value: Uint8Array) =>
  value[0] === 2 ? { problem: 'is no record' } : { record: { position: value[0] as number } }

async function collect(from: 'start' | 'end', signal?: AbortSignal): Promise<string[]> {
  const found: string[] = []
  const records = followStream({
    log,
    stream: 's',
    reader,
    from,
    ...(signal === undefined ? {} : { signal }),
    onUnreadable: (place, why) => found.push(`${place} ${why}`),
  })
  for await (const { partition, position } of records) found.push(`${partition}/${position}`)
  return found
}

test('reads all of a stream, past the marks that a log keeps among the records', async () => {
  expect((await collect('start')).sort()).toEqual(
    ['0/0', '0/1', '0/12', '0/25', '1/0', '1/1', 's 1/2 is no record'].sort(),
  )
})

test('has nothing to tell from the end on', async () => {
  expect(await collect('end')).toEqual([])
})
