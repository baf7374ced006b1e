import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sortByTime, type Entry } from './sort-by-time.ts'

let dir: string
let before: string | undefined
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluicebox-cli-'))
  before = process.env['TMPDIR']
  process.env['TMPDIR'] = dir
})
afterEach(() => {
  if (before === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = before
  rmSync(dir, { recursive: true })
})

async function* each(entries: readonly Entry[]): AsyncGenerator<Entry> {
  yield* entries
}

async function all(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const found: Entry[] = []
  for await (const entry of entries) found.push(entry)
  return found
}

const text = fc.string({
  unit: fc.constantFrom('a', 'é', '\t', '\n', '\u2028', '\ud83d\ude00', '\ud800', '"'),
})
const entry: fc.Arbitrary<Entry> = fc.record({
  timeMs: fc.nat(5),
  file: fc.nat(3),
  visitor: text,
  digest: fc.constantFrom('', '0123456789abcdef'),
  json: text.map(value => JSON.stringify({ value })),
})

test('entries come in order of time, and those of one instant in the order in which they came', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { maxLength: 40 }),
      fc.integer({ min: 1, max: 2_000 }),
      async (given, chars) => {
        await using sorted = await sortByTime(each(given), chars)
        const expected = given.toSorted((a, b) => a.timeMs - b.timeMs)
        expect(sorted.count).toBe(given.length)
        expect(await all(sorted.read())).toEqual(expected)
        // Again, and only in part: what was opened is closed.
        for await (const first of sorted.read()) {
          expect(first).toEqual(expected[0])
          break
        }
        expect(await all(sorted.read())).toEqual(expected)
      },
    ),
    { numRuns: 60 },
  )
  expect(readdirSync(dir)).toEqual([])
})

test('what fits into memory needs no folder, and what does not has one', async () => {
  const given = [3, 1, 2].map(timeMs => ({ timeMs, file: 0, visitor: 'v', digest: '', json: '{}' }))
  await using small = await sortByTime(each(given))
  expect(await all(small.read())).toHaveLength(3)
  expect(readdirSync(dir)).toEqual([])
  await using large = await sortByTime(each(given), 1)
  expect(await all(large.read())).toHaveLength(3)
  expect(readdirSync(dir)).toHaveLength(1)
})

test('nothing is left behind when the reading fails', async () => {
  async function* failing(): AsyncGenerator<Entry> {
    yield { timeMs: 1, file: 0, visitor: 'v', digest: '', json: '{}' }
    throw new Error('row 2 is broken')
  }
  await expect(sortByTime(failing(), 1)).rejects.toThrow('row 2 is broken')
  expect(readdirSync(dir)).toEqual([])
})

test('a folder that can not be written is an error that says what to do', async () => {
  process.env['TMPDIR'] = join(dir, 'missing')
  const given = [{ timeMs: 1, file: 0, visitor: 'v', digest: '', json: '{}' }]
  await expect(sortByTime(each(given), 1)).rejects.toThrow(/Nothing is written to the log.*TMPDIR/)
})
