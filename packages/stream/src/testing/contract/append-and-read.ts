import { describe, expect, test } from 'vitest'
import type { Capabilities, Subject } from './subject.ts'
import { partitionOf } from '../../partitioner.ts'
import { record, inFirst, numbered, text, texts, all, everything, LIMITS } from './helpers.ts'

/** Appended records can be read, in order and byte for byte, and end the waits of readers. */
export function testAppendAndRead(subject: Subject, can: Capabilities): void {
  describe('append', () => {
    test('keeps keys, values and their order within a partition', async () => {
      const { log, stream } = subject
      const records = [
        record('a', '1'),
        record('b', '2'),
        record('a', '3'),
        record(null, 'no key'),
        record('a', ''),
      ]
      await log.append(stream, records)
      const count = await log.partitionCount(stream)
      for (let partition = 0; partition < count; partition++) {
        const expected = records.filter(({ key }) => partitionOf(key, count) === partition)
        expect(texts(await all(log, stream, partition))).toEqual(expected.map(text))
      }
    })

    test('writes a record to the partition that it names, whatever its key', async () => {
      const { log, stream } = subject
      await log.append(stream, [
        { ...record('a', 'heartbeat 0'), partition: 0 },
        { ...record('a', 'heartbeat 1'), partition: 1 },
      ])
      expect(texts(await all(log, stream, 0))).toEqual(['a=heartbeat 0'])
      expect(texts(await all(log, stream, 1))).toEqual(['a=heartbeat 1'])
    })

    test('rejects a partition that the stream does not have', async () => {
      const { log, stream } = subject
      const count = await log.partitionCount(stream)
      await expect(log.append(stream, [{ ...record('a', '1'), partition: count }])).rejects.toThrow()
    })

    test('accepts an empty list of records', async () => {
      const { log, stream } = subject
      await log.append(stream, [])
      await log.append(stream, [record('a', '1')])
      expect(await everything(log, stream)).toHaveLength(1)
    })

    test('keeps all bytes of keys and values', async () => {
      const { log, stream } = subject
      const value = Uint8Array.from({ length: 256 }, (_, byte) => byte)
      const key = 'Zürich \u{1f30d} ß'
      await log.append(stream, [{ key, value }])
      const [kept] = await everything(log, stream)
      expect(kept!.key).toBe(key)
      expect([...kept!.value]).toEqual([...value])
    })

    test('keeps large records beside small ones', async () => {
      const { log, stream } = subject
      const large = new Uint8Array(500_000).map((_, index) => index % 251)
      await log.append(stream, [
        { ...record('a', 'before'), partition: 0 },
        { key: 'a', value: large, partition: 0 },
        { ...record('a', 'after'), partition: 0 },
      ])
      const records = await all(log, stream, 0)
      expect(records.map(({ value }) => value.length)).toEqual([6, 500_000, 5])
      expect(Buffer.compare(records[1]!.value, large)).toBe(0)
    })

    test('keeps the order of appends that do not wait for each other', async () => {
      const { log, stream } = subject
      const appends = Array.from({ length: 50 }, (_, index) =>
        log.append(stream, [{ ...record('a', `${index}`), partition: 0 }]),
      )
      await Promise.all(appends)
      expect(texts(await all(log, stream, 0))).toEqual(Array.from({ length: 50 }, (_, index) => `a=${index}`))
    })

    test('assigns positions that grow, and an instant', async () => {
      const { log, stream } = subject
      await log.append(stream, [inFirst('1'), inFirst('2')])
      await log.append(stream, [inFirst('3')])
      const records = await all(log, stream, 0)
      for (let index = 1; index < records.length; index++)
        expect(records[index]!.position).toBeGreaterThan(records[index - 1]!.position)
      for (const { appendedAt } of records) expect(appendedAt).toBeGreaterThan(0)
      if (can.contiguousPositions) expect(records.map(({ position }) => position)).toEqual([0n, 1n, 2n])
    })

    test('is visible through other handles', async () => {
      const { under, log, stream } = subject
      const other = await under.open()
      await other.append(stream, [inFirst('1')])
      await log.append(stream, [inFirst('2')])
      await other.append(stream, [inFirst('3')])
      expect(texts(await all(log, stream, 0))).toEqual(['a=1', 'a=2', 'a=3'])
      expect(texts(await all(other, stream, 0))).toEqual(['a=1', 'a=2', 'a=3'])
    })
  })

  describe('read', () => {
    test('returns no records from an empty stream', async () => {
      const { log, stream } = subject
      const batch = await log.read(stream, 0, 0n, LIMITS)
      expect(batch.records).toEqual([])
      expect(await log.bounds(stream)).toContainEqual({ start: 0n, end: 0n })
    })

    test('returns no more records than the limit', async () => {
      const { log, stream } = subject
      await log.append(stream, numbered(10))
      const batch = await log.read(stream, 0, 0n, { ...LIMITS, recordsMax: 3 })
      expect(texts(batch.records)).toEqual(['a=0', 'a=1', 'a=2'])
      const rest = await log.read(stream, 0, batch.next, LIMITS)
      expect(texts(rest.records)).toEqual(['a=3', 'a=4', 'a=5', 'a=6', 'a=7', 'a=8', 'a=9'])
    })

    test('returns no more bytes than the limit, but always one record', async () => {
      const { log, stream } = subject
      const value = new Uint8Array(1000)
      await log.append(
        stream,
        Array.from({ length: 6 }, () => ({ key: 'a', value, partition: 0 })),
      )
      const two = await log.read(stream, 0, 0n, { ...LIMITS, bytesMax: 2500 })
      expect(two.records).toHaveLength(2)
      const one = await log.read(stream, 0, two.next, { ...LIMITS, bytesMax: 1 })
      expect(one.records).toHaveLength(1)
    })

    test('starts at any record', async () => {
      const { log, stream } = subject
      await log.append(stream, numbered(200))
      const records = await all(log, stream, 0)
      for (const index of [0, 1, 63, 64, 65, 150, 199]) {
        const batch = await log.read(stream, 0, records[index]!.position, { ...LIMITS, recordsMax: 1 })
        expect(texts(batch.records)).toEqual([`a=${index}`])
      }
    })

    test('returns the position of the next record', async () => {
      const { log, stream } = subject
      await log.append(stream, numbered(3))
      const batch = await log.read(stream, 0, 0n, LIMITS)
      const [bounds] = await log.bounds(stream)
      expect(batch.next).toBe(bounds!.end)
      const empty = await log.read(stream, 0, batch.next, LIMITS)
      expect(empty.records).toEqual([])
      expect(empty.next).toBe(batch.next)
      await log.append(stream, [inFirst('later')])
      expect(texts((await log.read(stream, 0, empty.next, LIMITS)).records)).toEqual(['a=later'])
    })

    test('names its stream and partition', async () => {
      const { log, stream } = subject
      await log.append(stream, [{ ...record('a', '1'), partition: 1 }])
      expect(await log.read(stream, 1, 0n, LIMITS)).toMatchObject({ stream, partition: 1 })
    })
  })

  describe('changed', () => {
    test('resolves when something is appended', async () => {
      const { log, stream } = subject
      const changed = log.changed(stream, new AbortController().signal)
      await log.append(stream, [record('a', '1')])
      await changed
    })

    test('resolves when another handle appends something', async () => {
      const { under, log, stream } = subject
      const other = await under.open()
      const changed = log.changed(stream, new AbortController().signal)
      await other.append(stream, [record('a', '1')])
      await changed
    })

    test('resolves when it is stopped', async () => {
      const { log, stream } = subject
      const stop = new AbortController()
      const changed = log.changed(stream, stop.signal)
      stop.abort()
      await changed
    })
  })
}
