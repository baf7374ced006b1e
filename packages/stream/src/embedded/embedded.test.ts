// What is specific to the embedded log. The contract tests what every log does.
import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { InputRecord, OutputRecord, Skipped } from '../log.ts'
import { openEmbeddedLog, type EmbeddedLog, type EmbeddedLogOptions } from './log.ts'
import { openTables } from './tables.ts'

const LIMITS = { recordsMax: 1000, bytesMax: 10_000_000 }

describe('the embedded log', () => {
  let dir: string
  const opened: EmbeddedLog[] = []

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sluicebox-embedded-'))
  })
  afterEach(async () => {
    for (const log of opened.splice(0)) await log[Symbol.asyncDispose]()
    await rm(dir, { recursive: true })
  })

  async function open(options: Partial<EmbeddedLogOptions> = {}): Promise<EmbeddedLog> {
    const log = await openEmbeddedLog({ dir, partitions: 1, pollMs: 5, ...options })
    opened.push(log)
    return log
  }

  test('returns what was appended, whatever the sizes of appends and reads', async () => {
    const log = await open()
    let streams = 0
    const sizes = fc.oneof(
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 15_000, max: 40_000 }),
      fc.constantFrom(65_000, 65_536, 140_000),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(sizes, { maxLength: 12 }), { maxLength: 8 }),
        fc.array(
          fc.record({
            recordsMax: fc.integer({ min: 1, max: 30 }),
            bytesMax: fc.integer({ min: 1, max: 200_000 }),
          }),
          {
            minLength: 1,
            maxLength: 5,
          },
        ),
        async (appends, limits) => {
          const stream = `cut-${streams++}`
          const expected: string[] = []
          for (const append of appends)
            await log.append(
              stream,
              append.map(size => {
                const key = `${expected.length}`
                expected.push(`${key} ${size}`)
                return { key, value: new Uint8Array(size).fill(expected.length), partition: 0 }
              }),
            )
          const found: string[] = []
          let at = 0n
          for (let turn = 0; ; turn++) {
            const limit = limits[turn % limits.length]!
            const { records, next } = await log.read(stream, 0, at, limit)
            if (records.length === 0) break
            expect(records.length).toBeLessThanOrEqual(limit.recordsMax)
            const bytes = records.reduce((sum, { key, value }) => sum + key!.length + value.length, 0)
            if (records.length > 1) expect(bytes).toBeLessThanOrEqual(limit.bytesMax)
            for (const { key, value } of records) {
              expect(value.every(byte => byte === (Number(key) + 1) % 256)).toBe(true)
              found.push(`${key} ${value.length}`)
            }
            at = next
          }
          expect(found).toEqual(expected)
        },
      ),
      { numRuns: 40 },
    )
  })

  test('keeps one large append together, over several transactions and growth of the file', async () => {
    const log = await open()
    const records = Array.from({ length: 30_000 }, (_, index) => record(`${index}`, 'x'.repeat(1000)))
    await Promise.all([log.append('raw', records), log.append('raw', [record('last', '')])])
    const found = await all(log, 'raw')
    expect(found.map(({ key }) => key)).toEqual([...records.map(({ key }) => key), 'last'])
  })

  test('stamps records with its clock', async () => {
    let now = 1000
    const log = await open({ now: () => now })
    await log.append('raw', [record('a', '')])
    now = 2000
    await log.append('raw', [record('b', '')])
    expect((await all(log, 'raw')).map(({ appendedAt }) => appendedAt)).toEqual([1000, 2000])
  })

  test('rejects appends while too many bytes wait, and says that nothing was appended', async () => {
    const log = await open({ pendingBytesMax: 10_000 })
    const first = log.append('raw', [record('a', 'x'.repeat(9000))])
    await expect(log.append('raw', [record('b', 'x'.repeat(9000))])).rejects.toThrow(
      /is behind: 9\d+ bytes wait to be written, and the limit is 10000\. Nothing was appended\. Retry later/,
    )
    await first
    await log.append('raw', [record('c', 'x'.repeat(20_000))])
    expect((await all(log, 'raw')).map(({ key }) => key)).toEqual(['a', 'c'])
  })

  describe('partitions', () => {
    test('are as many as the log has, by default', async () => {
      const first = await open({ partitions: 5 })
      await first.append('raw', [record('a', '')])
      const { partitions: _, ...options } = { dir, partitions: 0 }
      const second = await openEmbeddedLog(options)
      opened.push(second)
      expect(await second.partitionCount('raw')).toBe(5)
      expect(await second.partitionCount('new')).toBe(5)
    })

    test('are four in a new log', async () => {
      const log = await openEmbeddedLog({ dir })
      opened.push(log)
      expect(await log.partitionCount('raw')).toBe(4)
    })

    test('can not change in number', async () => {
      const log = await open({ partitions: 4 })
      await log.append('raw', [record('a', '')])
      await expect(open({ partitions: 8 })).rejects.toThrow(
        `Stream raw in ${dir} has 4 partitions, and the log was opened for 8.`,
      )
      await open({ partitions: 4 })
    })

    test.each([0, -1, 1.5, 2000])('can not be %d in number', async partitions => {
      await expect(open({ partitions })).rejects.toThrow('A log has 1 to 1024 partitions')
    })
  })

  test.each(['', 'a\u0000b', 'x'.repeat(201)])('rejects the name %j', async name => {
    const log = await open()
    await expect(log.append(name, [record('a', '')])).rejects.toThrow("can't be the name of a stream")
    await expect(
      log.consume({ stream: 'raw', group: name, ...LIMITS, signal: AbortSignal.abort() }, async () => {}),
    ).rejects.toThrow("can't be the name of a group")
  })

  test('rejects appends once it is closed, and can be closed twice', async () => {
    const log = await open()
    await log[Symbol.asyncDispose]()
    await expect(log.append('raw', [record('a', '')])).rejects.toThrow('is closed')
    await log[Symbol.asyncDispose]()
  })

  test('writes the appends that it accepted before it closes', async () => {
    const log = await open()
    const appended = log.append('raw', [record('a', '')])
    await log[Symbol.asyncDispose]()
    await appended
    expect(await all(await open(), 'raw')).toHaveLength(1)
  })

  test('ends its consumers before it closes', async () => {
    const log = await open()
    await log.append('raw', [record('a', '')])
    const holding = Promise.withResolvers<void>()
    let committed = false
    const consuming = log.consume(
      { stream: 'raw', group: 'group', ...LIMITS, signal: new AbortController().signal },
      async owned => {
        const batch = (await owned.next())!
        holding.resolve()
        expect(await owned.next()).toBeUndefined()
        await owned.commit({}, batch.next)
        committed = true
      },
    )
    await holding.promise
    await log[Symbol.asyncDispose]()
    expect(committed).toBe(true)
    await consuming
  })

  test('undoes all of a transaction when a part of it fails', async () => {
    const log = await open({ partitions: 1 })
    const other = await open({ partitions: 2 })
    await other.append('raw', [record('a', '')])
    const [good, raw] = await Promise.allSettled([
      log.append('good', [record('b', '')]),
      log.append('raw', [record('c', '')]),
    ])
    expect(raw.status === 'rejected' && String(raw.reason)).toContain('Stream raw in')
    expect(good.status).toBe('rejected')
    expect(await all(log, 'good')).toEqual([])
    await log.append('good', [record('d', '')])
    expect((await all(log, 'good')).map(({ key }) => key)).toEqual(['d'])
  })

  test('rejects files of another format', async () => {
    const tables = openTables(dir)
    await tables.root.put('format', 3)
    await tables.root.close()
    await expect(open()).rejects.toThrow(
      `The log in ${dir} could not be opened: it is in format 3, but this version of Sluicebox reads formats up to 2`,
    )
  })

  test('says why a folder can not be opened', async () => {
    const file = join(dir, 'file')
    await writeFile(file, '')
    await expect(openEmbeddedLog({ dir: join(file, 'log') })).rejects.toThrow(
      /^The log in .*file\/log could not be opened: .*ENOTDIR.*\. Name a folder/,
    )
  })

  test('returns a partition to the member that waits for it when the other member leaves', async () => {
    const log = await open()
    const other = await open()
    const [stop, stopOther] = [new AbortController(), new AbortController()]
    const owners: string[] = []
    const taken = Promise.withResolvers<void>()
    const first = log.consume(
      { stream: 'raw', group: 'group', ...LIMITS, signal: stop.signal },
      async owned => {
        owners.push('first')
        if (owners.length === 1) taken.resolve()
        else stop.abort()
        await owned.next()
      },
    )
    await taken.promise
    await other.consume(
      { stream: 'raw', group: 'group', ...LIMITS, signal: stopOther.signal },
      async owned => {
        owners.push('other')
        stopOther.abort()
        await owned.next()
      },
    )
    await first
    expect(owners).toEqual(['first', 'other', 'first'])
  })

  test('rejects appends when the disk is full, keeps all that it acknowledged, and can be read', async () => {
    const filling = join(import.meta.dirname, '../testing/filling-process.ts')
    // The unit is 512 or 1024 bytes: a few megabytes either way.
    const { stdout } = await promisify(execFile)('sh', [
      '-c',
      `ulimit -f 8000; exec "${process.execPath}" "${filling}" "${dir}" 2>/dev/null`,
    ])
    const { acknowledged, message, again, first } = JSON.parse(stdout) as {
      acknowledged: number
      message: string
      again: string
      first: string
    }
    expect(acknowledged).toBeGreaterThan(10)
    expect(acknowledged).toBeLessThan(1000)
    expect(message).toMatch(
      /^The log in .* could not be written: .*\. \d+ MiB are free there\. Nothing of this transaction was kept\. Make room/,
    )
    expect({ again, first }).toEqual({ again: 'rejected', first: '0' })

    const log = await open()
    expect((await all(log, 'raw')).map(({ key }) => key)).toEqual(
      Array.from({ length: acknowledged }, (_, index) => `${index}`),
    )
    await log.append('raw', [record('with room', '')])
    expect((await all(log, 'raw')).at(-1)!.key).toBe('with room')
  })

  describe('retention', () => {
    test('deletes records that are too old, from the head of every stream', async () => {
      let now = 0
      const log = await open({ now: () => now, retention: { ageMs: 100 } })
      for (now = 0; now < 100; now += 10) await log.append('raw', [record(`${now}`, '')])
      await log.append('good', [record('late', '')])
      now = 145
      expect(await log.retain()).toBe(5)
      expect((await all(log, 'raw')).map(({ key }) => key)).toEqual(['50', '60', '70', '80', '90'])
      expect((await all(log, 'good')).map(({ key }) => key)).toEqual(['late'])
      expect(await log.bounds('raw')).toEqual([{ start: 5n, end: 10n }])
      expect(await log.retain()).toBe(0)
    })

    test('may delete everything, and positions continue', async () => {
      let now = 0
      const log = await open({ now: () => now, retention: { ageMs: 100 } })
      await log.append('raw', [record('a', ''), record('b', '')])
      now = 1000
      await log.retain()
      expect(await log.bounds('raw')).toEqual([{ start: 2n, end: 2n }])
      await log.append('raw', [record('c', '')])
      expect((await all(log, 'raw')).map(({ position }) => position)).toEqual([2n])
    })

    test('deletes the oldest records of a stream that is too large, over all partitions', async () => {
      let now = 0
      const log = await open({
        partitions: 2,
        now: () => now,
        retention: { bytesMax: 5000 },
        compression: 'none',
      })
      for (now = 0; now < 10; now++)
        await log.append('raw', [{ ...record(`${now}`, 'x'.repeat(1000)), partition: now < 8 ? 0 : 1 }])
      expect(await log.retain()).toBe(6)
      expect((await all(log, 'raw', 0)).map(({ key }) => key)).toEqual(['6', '7'])
      expect((await all(log, 'raw', 1)).map(({ key }) => key)).toEqual(['8', '9'])
    })

    test('continues, slice by slice, until it is done', async () => {
      let now = 0
      const log = await open({ now: () => now, retention: { ageMs: 100 } })
      const large = 'x'.repeat(70_000)
      await Promise.all(
        Array.from({ length: 700 }, (_, index) => log.append('raw', [record(`${index}`, large)])),
      )
      now = 50
      await log.append('raw', [record('kept', '')])
      now = 140
      expect(await log.retain()).toBe(700)
      expect((await all(log, 'raw')).map(({ key }) => key)).toEqual(['kept'])
    })

    test('keeps what a group that holds records has not read beyond its age, and up to the size', async () => {
      let now = 0
      const log = await open({
        partitions: 2,
        now: () => now,
        retention: { ageMs: 100, bytesMax: 5000, heldBy: ['archiver', 'absent'] },
        compression: 'none',
      })
      for (let n = 0; n < 4; n++)
        await log.append('raw', [{ ...record(`${n}`, 'x'.repeat(500)), partition: n % 2 }])
      const stop = new AbortController()
      await log.consume(
        { stream: 'raw', group: 'archiver', recordsMax: 9, bytesMax: 9000, signal: stop.signal },
        async owned => {
          if (owned.partition === 0) await owned.commit({}, 1n)
          else stop.abort()
        },
      )
      now = 30 * 86_400_000
      expect(await log.retain()).toBe(1)
      expect(await log.bounds('raw')).toEqual([
        { start: 1n, end: 2n },
        { start: 0n, end: 2n },
      ])
      for (let n = 4; n < 14; n++)
        await log.append('raw', [{ ...record(`${n}`, 'x'.repeat(500)), partition: n % 2 }])
      expect(await log.retain()).toBeGreaterThan(0)
      expect((await log.bounds('raw'))[1]!.start).toBeGreaterThan(0n)
    })

    test('keeps everything without limits', async () => {
      const log = await open({ now: () => 0 })
      await log.append('raw', [record('a', '')])
      expect(await log.retain()).toBe(0)
      expect(await all(log, 'raw')).toHaveLength(1)
    })

    test('lets a group that was too slow continue at the first record kept, and reports what it missed', async () => {
      let now = 0
      const skipped: Skipped[] = []
      const log = await open({
        now: () => now,
        retention: { ageMs: 100 },
        onSkipped: each => skipped.push(each),
      })
      await log.append('raw', [record('a', ''), record('b', '')])
      await consumeOne(log, async owned => {
        const { records } = (await owned.next())!
        await owned.commit({}, records[1]!.position)
      })
      now = 150
      await log.append('raw', [record('c', '')])
      await log.retain()
      const keys: (string | null)[] = []
      await consumeOne(log, async owned => {
        expect(owned.committed).toBe(1n)
        keys.push(...(await owned.next())!.records.map(({ key }) => key))
      })
      expect(keys).toEqual(['c'])
      expect(skipped).toEqual([{ stream: 'raw', group: 'group', partition: 0, from: 1n, to: 2n }])
    })

    test('does not count as missed by a new group', async () => {
      let now = 0
      const skipped: Skipped[] = []
      const log = await open({
        now: () => now,
        retention: { ageMs: 100 },
        onSkipped: each => skipped.push(each),
      })
      await log.append('raw', [record('a', '')])
      now = 150
      await log.append('raw', [record('b', '')])
      await log.retain()
      await consumeOne(log, async owned => {
        expect(owned.committed).toBe(1n)
        await owned.next()
      })
      expect(skipped).toEqual([])
    })

    test('frees the room of deleted records for later ones', async () => {
      let now = 0
      const log = await open({ now: () => now, retention: { bytesMax: 2_000_000 } })
      const records = Array.from({ length: 100 }, (_, index) => record(`${index}`, 'x'.repeat(10_000)))
      for (now = 0; now < 40; now++) {
        await log.append('raw', records)
        await log.retain()
      }
      const { size } = await stat(join(dir, 'data.mdb'))
      // 40 MB went through the file.
      expect(size).toBeLessThan(10_000_000)
    })
  })
})

function record(key: string, value: string): OutputRecord {
  return { key, value: Buffer.from(value), partition: 0 }
}

async function all(log: EmbeddedLog, stream: string, partition = 0): Promise<InputRecord[]> {
  const found: InputRecord[] = []
  for (let at = 0n; ;) {
    const { records, next } = await log.read(stream, partition, at, LIMITS)
    if (records.length === 0) return found
    found.push(...records)
    at = next
  }
}

async function consumeOne(log: EmbeddedLog, use: Parameters<EmbeddedLog['consume']>[1]): Promise<void> {
  const stop = new AbortController()
  await log.consume({ stream: 'raw', group: 'group', ...LIMITS, signal: stop.signal }, async owned => {
    await use(owned)
    stop.abort()
  })
}
