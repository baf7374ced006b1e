import { randomBytes } from 'node:crypto'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { UnreadableError, type Log, type Skipped } from '../log.ts'
import { MAGIC } from './block.ts'
import { checkFile } from './lmdb-file.ts'
import { openEmbeddedLog } from './log.ts'
import { salvageLog } from './salvage.ts'
import { surveyLog } from './survey.ts'

// A log whose file is damaged: it says so when it is opened or read, and what is whole is copied.

const RECORDS = 120
const LIMITS = { recordsMax: 1000, bytesMax: 1 << 24 }
const PAGE_BYTES = 4096

let root: string
let whole: string

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'sluicebox-damage-'))
  whole = join(root, 'whole')
  await using log = await openEmbeddedLog({ dir: whole, partitions: 2 })
  for (let n = 0; n < RECORDS; n++)
    await log.append(n % 3 === 0 ? 'good' : 'raw', [
      { key: `k${n}`, value: Buffer.concat([Buffer.from(`${n} `), randomBytes(3000)]), partition: n % 2 },
    ])
  const stop = new AbortController()
  await log.consume({ stream: 'raw', group: 'enricher', ...LIMITS, signal: stop.signal }, async owned => {
    if (owned.partition === 0) {
      await owned.commit({}, 7n)
      stop.abort()
    }
  })
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

let copies = 0
/** A copy of the log with a change to its file. */
function damaged(change: (file: string) => void): string {
  const dir = join(root, `copy-${copies++}`)
  mkdirSync(dir)
  const file = join(dir, 'data.mdb')
  copyFileSync(join(whole, 'data.mdb'), file)
  change(file)
  return dir
}

function overwrite(file: string, at: number, bytes: Buffer): void {
  const fd = openSync(file, 'r+')
  writeSync(fd, bytes, 0, bytes.length, at)
  closeSync(fd)
}

const zeroPages = (file: string, page: number, count = 1): void =>
  overwrite(file, page * PAGE_BYTES, Buffer.alloc(count * PAGE_BYTES))

async function open(dir: string, rest: object = {}): Promise<Log> {
  const log = await openEmbeddedLog({ dir, ...rest })
  onTestFinished(() => log[Symbol.asyncDispose]())
  return log
}

/** The numbers of the records of a partition that can be read, up to the first that can't. */
async function numbers(
  log: Log,
  stream: string,
  partition: number,
): Promise<{ read: number[]; error?: unknown }> {
  const read: number[] = []
  const { end } = (await log.bounds(stream))[partition]!
  for (let at = 0n; at < end;) {
    try {
      const batch = await log.read(stream, partition, at, LIMITS)
      for (const { value } of batch.records)
        read.push(Number(Buffer.from(value).toString('latin1').split(' ')[0]))
      at = batch.next
    } catch (error) {
      return { read, error }
    }
  }
  return { read }
}

const expected = (stream: string, partition: number): number[] =>
  Array.from({ length: RECORDS }, (_, n) => n).filter(
    n => n % 2 === partition && (n % 3 === 0) === (stream === 'good'),
  )

describe('a file whose structure is damaged', () => {
  test.each<[string, (file: string) => void, RegExp]>([
    ['is cut to half', file => truncateSync(file, readFileSync(file).length / 2), /its end is cut off/],
    ['is cut within its first pages', file => truncateSync(file, 5000), /has 5000 bytes/],
    ['is empty', file => truncateSync(file, 0), /has 0 bytes/],
    ['has lost its first page', file => zeroPages(file, 0), /one of the two pages/],
    ['has lost its first two pages', file => zeroPages(file, 0, 2), /neither of the two pages/],
    ['is garbage', file => writeFileSync(file, randomBytes(200_000)), /neither of the two pages/],
    [
      'is gone',
      file => {
        writeFileSync(join(file, '../lock.mdb'), '')
        rmSync(file)
      },
      /is gone/,
    ],
    [
      'is a folder',
      file => {
        rmSync(file)
        mkdirSync(file)
      },
      /is not a file/,
    ],
  ])('%s: it is not opened, and the message says what to do', async (_what, change, why) => {
    const dir = damaged(change)
    const error = await openEmbeddedLog({ dir }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(Error)
    expect((error as Error).message).toMatch(why)
    expect((error as Error).message).toContain(dir)
    expect((error as Error).message).toContain('sluicebox log salvage')
  })
})

test('whichever page is zeroed: nothing hangs, what is read is right, and what is salvaged too', async () => {
  const pages = readFileSync(join(whole, 'data.mdb')).length / PAGE_BYTES
  for (let page = 0; page < pages; page += 3) {
    const dir = damaged(file => zeroPages(file, page))
    const log = await openEmbeddedLog({ dir }).catch(() => undefined)
    for (const stream of ['raw', 'good'])
      for (const partition of [0, 1]) {
        if (log === undefined) continue
        const { read, error } = await numbers(log, stream, partition)
        const all = expected(stream, partition)
        expect(read).toEqual(all.slice(0, read.length))
        if (read.length < all.length) expect(error).toBeInstanceOf(UnreadableError)
      }
    await log?.[Symbol.asyncDispose]()
    const to = `${dir}-salvaged`
    const survey = await salvageLog(dir, to)
    const salvaged = await openEmbeddedLog({ dir: to })
    let kept = 0
    for (const { stream, partition } of survey.partitions) {
      const { read, error } = await numbers(salvaged, stream, partition)
      const all = expected(stream, partition)
      expect(error).toBeUndefined()
      expect(read.every(n => all.includes(n))).toBe(true)
      kept += read.length
    }
    // A page holds a part of one block, or keys, without which a block is found by itself.
    expect(kept).toBeGreaterThanOrEqual(RECORDS - 1)
    await salvaged[Symbol.asyncDispose]()
    rmSync(dir, { recursive: true })
    rmSync(to, { recursive: true })
  }
})

/** Where in the file the block of a record is. */
function blockOffset(dir: string, stream: string, n: number): number {
  const bytes = readFileSync(join(dir, 'data.mdb'))
  for (let at = bytes.indexOf(MAGIC); at >= 0; at = bytes.indexOf(MAGIC, at + 1)) {
    const text = bytes.toString('latin1', at, at + 100)
    if (text.includes(`k${n}${n} `) && text.includes(stream)) return at
  }
  throw new Error(`no block of ${n}`)
}

describe('a record whose bits are flipped', () => {
  // The raw records of partition 0 are 2, 4, 8, 10, 14 …
  const flip = (dir: string): void => {
    const at = blockOffset(dir, 'raw', 14) + 1000
    overwrite(join(dir, 'data.mdb'), at, Buffer.from([readFileSync(join(dir, 'data.mdb'))[at]! ^ 1]))
  }

  test('stops its partition with its place, and the others are read', async () => {
    const dir = damaged(() => {})
    flip(dir)
    const log = await open(dir)
    const { read, error } = await numbers(log, 'raw', 0)
    expect(read).toEqual([2, 4, 8, 10])
    expect(error).toBeInstanceOf(UnreadableError)
    expect((error as Error).message).toMatch(
      /partition 0 of raw can't be read at position 4.*checksum.*log salvage/s,
    )
    expect((await numbers(log, 'raw', 1)).read).toEqual(expected('raw', 1))
  })

  test('is not given to a consumer, which waits and says so', async () => {
    const dir = damaged(() => {})
    flip(dir)
    const told = Promise.withResolvers<Error>()
    const log = await open(dir, { onProblem: told.resolve })
    const stop = new AbortController()
    const seen: bigint[] = []
    const consuming = log.consume(
      { stream: 'raw', group: 'g', recordsMax: 1, bytesMax: 1, signal: stop.signal },
      async owned => {
        if (owned.partition !== 0) return
        for (let batch = await owned.next(); batch !== undefined; batch = await owned.next())
          seen.push(...batch.records.map(({ position }) => position))
      },
    )
    expect(await told.promise).toBeInstanceOf(UnreadableError)
    expect(seen).toEqual([0n, 1n, 2n, 3n])
    stop.abort()
    await consuming
  })

  test('is listed, and salvage keeps all others at their positions', async () => {
    const dir = damaged(() => {})
    flip(dir)
    const to = `${dir}-salvaged`
    const survey = await salvageLog(dir, to)
    expect(survey.damage).toBeUndefined()
    expect(survey.partitions.flatMap(({ lost }) => lost)).toEqual([
      { from: 4, to: 5, reason: 'the checksum of its records does not match' },
    ])
    const skipped: Skipped[] = []
    const log = await open(to, { onSkipped: (each: Skipped) => skipped.push(each) })
    expect((await numbers(log, 'raw', 0)).read).toEqual(expected('raw', 0).filter(n => n !== 14))
    expect(await log.bounds('raw')).toEqual(await (await open(whole)).bounds('raw'))
    expect(await log.committed('enricher', 'raw')).toEqual([7n, 0n])
    await log.append('raw', [{ key: 'a', value: Buffer.from('999 '), partition: 0 }])
    expect((await numbers(log, 'raw', 0)).read.at(-1)).toBe(999)
    const stop = new AbortController()
    await log.consume({ stream: 'raw', group: 'fresh', ...LIMITS, signal: stop.signal }, async owned => {
      if (owned.partition !== 0) return
      await owned.next()
      await owned.next()
      stop.abort()
    })
    expect(skipped).toEqual([{ group: 'fresh', stream: 'raw', partition: 0, from: 4n, to: 5n }])
  })
})

test('without its structure a log is salvaged from its pages, with the positions of its groups', async () => {
  const dir = damaged(file => zeroPages(file, 0, 2))
  const to = `${dir}-salvaged`
  const survey = await salvageLog(dir, to)
  expect(survey.damage).toMatch(/neither of the two pages/)
  const log = await open(to)
  for (const stream of ['raw', 'good'])
    for (const partition of [0, 1])
      expect((await numbers(log, stream, partition)).read).toEqual(expected(stream, partition))
  expect(await log.committed('enricher', 'raw')).toEqual([7n, 0n])
  expect(await log.partitionCount('raw')).toBe(2)
})

test('a log that is whole has nothing lost, and its file is checked completely', async () => {
  const survey = await surveyLog(whole)
  expect(survey.damage).toBeUndefined()
  expect(survey.partitions.map(({ stream, partition, lost }) => [stream, partition, lost])).toEqual(
    ['good', 'raw'].flatMap(stream => [0, 1].map(partition => [stream, partition, []])),
  )
  expect(checkFile(whole, { forMs: Infinity })).toEqual({ isComplete: true })
})

test('a check that takes too long ends, and says that it is not complete', () => {
  let now = 0
  expect(checkFile(whole, { forMs: 1, now: () => now++ })).toEqual({ isComplete: false })
})

test('salvage does not write into a folder that holds something', async () => {
  await expect(salvageLog(whole, root)).rejects.toThrow('is not empty')
})
