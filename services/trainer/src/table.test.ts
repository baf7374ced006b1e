import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetWriteFile } from 'hyparquet-writer'
import { afterAll, describe, expect, test } from 'vitest'
import { createTableWriter, type RowHead } from './dataset/table-writer.ts'
import { readTable } from './table.ts'

const dir = mkdtempSync(join(tmpdir(), 'sluicebox-table-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const head = (i: number): RowHead => ({
  sessionId: `s${i % 3}`,
  visitor: `v${i % 2}`,
  revision: 1 + (i % 2),
  n: i + 1,
  eventCount: i + 2,
  eventTime: 1_760_000_000_000 + i,
  startedAt: 1_760_000_000_000,
  label: i % 2 === 0 ? 0 : 1,
  deviceType: i === 0 ? null : 'mobile',
  referrerMedium: i === 1 ? null : 'search',
})

function write(name: string, rows: number, features: (i: number) => number[] = i => [i, NaN]): string {
  const path = join(dir, name)
  const writer = createTableWriter(path, ['a', 'b'])
  for (let i = 0; i < rows; i++) writer.append(head(i), Float64Array.from(features(i)))
  writer.close()
  return path
}

describe('training table', () => {
  test('comes back as it was written: every double to the bit, missing values as NaN', async () => {
    const values = [0.1, -0, 1e308, 5e-324, -123.456, Infinity]
    const path = write('bits.parquet', values.length, i => [values[i]!, i % 2 === 0 ? NaN : i])
    const table = await readTable(path)
    expect([...table.features[0]!].every((value, i) => Object.is(value, values[i]))).toBe(true)
    expect([...table.features[1]!]).toEqual([NaN, 1, NaN, 3, NaN, 5])
    expect(table.featureNames).toEqual(['a', 'b'])
    expect([...table.label]).toEqual([0, 1, 0, 1, 0, 1])
    expect(table.eventTime[3]).toBe(1_760_000_000_003)
    expect(table.startedAt[3]).toBe(1_760_000_000_000)
    expect([table.n[4], table.eventCount[4], table.revision[4]]).toEqual([5, 6, 1])
    expect(Array.from(table.session.codes, code => table.session.values[code])).toEqual([
      's0',
      's1',
      's2',
      's0',
      's1',
      's2',
    ])
    // Rows 0 and 3 are of one session id, but of two visitors.
    expect([...table.session.codes]).toEqual([0, 1, 2, 3, 4, 5])
    expect(
      Array.from(
        table.slices['device_type']!.codes.slice(0, 2),
        code => table.slices['device_type']!.values[code],
      ),
    ).toEqual(['', 'mobile'])
  })

  test('many rows come back in order across row groups', async () => {
    const table = await readTable(write('many.parquet', 45_000))
    expect(table.rowCount).toBe(45_000)
    expect(table.features[0]!.every((value, i) => value === i)).toBe(true)
    expect(table.n[44_999]).toBe(45_000)
  })

  test('a table without rows is a table', async () => {
    expect(await readTable(write('none.parquet', 0))).toMatchObject({ rowCount: 0, featureNames: ['a', 'b'] })
  })

  test('only the requested features are read, in that order', async () => {
    const table = await readTable(write('some.parquet', 4), { features: ['b'] })
    expect(table.featureNames).toEqual(['b'])
    expect(table.features).toHaveLength(1)
  })

  test('a table that another tool wrote again has every unknown column of numbers as a feature', async () => {
    const path = join(dir, 'foreign.parquet')
    const column = (name: string, data: unknown[]) => ({ name, data })
    parquetWriteFile({
      filename: path,
      columnData: [
        column('session_id', ['x']),
        column('visitor', ['y']),
        column('revision', [1]),
        column('n', [1n]),
        column('event_count', [1]),
        column('event_time', [1_760_000_000_000n]),
        column('session_started_at', [1_760_000_000_000n]),
        column('label', [1]),
        column('mine', [2.5]),
        column('comment', ['not a number']),
      ],
    })
    const table = await readTable(path)
    expect(table.featureNames).toEqual(['mine'])
    expect([table.n[0], table.label[0], table.eventTime[0]]).toEqual([1, 1, 1_760_000_000_000])
    expect(table.slices).toEqual({})
  })

  test('there is no file under the name before all rows are written, and none after abandoning', async () => {
    const path = join(dir, 'half.parquet')
    const writer = createTableWriter(path, ['a'])
    writer.append(head(0), Float64Array.of(1))
    await expect(readTable(path)).rejects.toThrow(/cannot read the training table/)
    writer.abandon()
    await expect(readTable(`${path}.part`)).rejects.toThrow(/cannot read the training table/)
  })

  test.each(['label', 'device_type', 'n'])(
    'a feature called %s is refused, because the table has such a column',
    name => {
      expect(() => createTableWriter(join(dir, 'x.parquet'), [name])).toThrow(/give it another name/)
    },
  )

  test('what is not a table says so', async () => {
    const path = join(dir, 'text.parquet')
    writeFileSync(path, 'not a table at all')
    await expect(readTable(path)).rejects.toThrow(/is not a Parquet file/)
    await expect(readTable(write('lacking.parquet', 1), { features: ['c'] })).rejects.toThrow(
      /lacks the column c/,
    )
  })
})
