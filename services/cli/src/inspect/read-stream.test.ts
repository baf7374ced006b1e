import { createMemoryLog } from '@sluicebox/stream/testing/memory-log'
import { expect, test } from 'vitest'
import { readStream } from './read-stream.ts'

/** By partition, the positions with records; all others hold marks of the log itself. A read covers two positions. */
const RECORDS = [
  { positions: [0, 1, 12, 25], end: 30 },
  { positions: [0, 1, 2], end: 3 },
]
const log = createMemoryLog({ partitions: 2, readPositionsMax: 2 })
for (const [partition, { positions, end }] of RECORDS.entries()) {
  let next = 0
  for (const position of positions) {
    log.skip('s', partition, position - next)
    log.write('s', partition, null, Buffer.of(position))
    next = position + 1
  }
  log.skip('s', partition, end - next)
}

const reader = async (value: Uint8Array) =>
  value[0] === 2 ? { problem: 'is not a record' } : { record: { position: value[0] as number } }

async function collect(from: 'start' | 'end', signal?: AbortSignal): Promise<string[]> {
  const found: string[] = []
  const records = readStream({
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
    ['0/0', '0/1', '0/12', '0/25', '1/0', '1/1', 's 1/2 is not a record'].sort(),
  )
})

test('yields nothing from the end of the stream', async () => {
  expect(await collect('end')).toEqual([])
})
