import type { CodedColumn, TrainingTable } from '../table.ts'
import { createRandom, type Random } from '@sluicebox/event/random'

/** A row as tests write it; what is left out is filled in. */
export interface TestRow {
  readonly session?: string
  readonly visitor?: string
  readonly n?: number
  readonly startedAt?: number
  readonly label: number
  readonly features: readonly number[]
  readonly deviceType?: string
}

/** A training table of these rows: each a session of its own visitor, a minute after the one before. */
export function testTable(rows: readonly TestRow[], featureNames?: readonly string[]): TrainingTable {
  const width = rows[0]?.features.length ?? 0
  const started = rows.map((row, i) => row.startedAt ?? i * 60_000)
  const n = rows.map(row => row.n ?? 1)
  return {
    rowCount: rows.length,
    featureNames: featureNames ?? Array.from({ length: width }, (_, f) => `f${f}`),
    features: Array.from({ length: width }, (_, f) => Float64Array.from(rows, row => row.features[f]!)),
    label: Uint8Array.from(rows, row => row.label),
    session: coded(rows.map((row, i) => row.session ?? `s${i}`)),
    visitor: coded(rows.map((row, i) => row.visitor ?? row.session ?? `v${i}`)),
    n: Int32Array.from(n),
    eventCount: Int32Array.from(n),
    revision: new Int32Array(rows.length).fill(1),
    eventTime: Float64Array.from(started, (at, i) => at + n[i]! * 1_000),
    startedAt: Float64Array.from(started),
    slices: { device_type: coded(rows.map(row => row.deviceType ?? '')) },
  }
}

/** Sessions of one to five rows whose first two features say something of the label; the third is noise. */
export function shopTable(sessions: number, seed = 1): TrainingTable {
  const random = createRandom(seed)
  const rows: TestRow[] = []
  for (let s = 0; s < sessions; s++) {
    const interest = random.next()
    const price = 10 + Math.floor(200 * random.next())
    const label = random.next() < 1 / (1 + Math.exp(3 - 5 * interest + price / 100)) ? 1 : 0
    const events = 1 + random.below(5)
    for (let n = 1; n <= events; n++)
      rows.push({
        session: `s${s}`,
        visitor: `v${Math.floor(s / 2)}`,
        n,
        startedAt: s * 60_000,
        label,
        features: [noisy(interest, random), n % 2 === 0 ? NaN : price, random.next(), n],
      })
  }
  return testTable(rows, ['interest', 'price', 'noise', 'events'])
}

/** The table with the rows of `rows`, in that order. */
export function selectRows(table: TrainingTable, rows: Int32Array): TrainingTable {
  const codedRows = (column: CodedColumn): CodedColumn => ({
    codes: Int32Array.from(rows, row => column.codes[row] as number),
    values: column.values,
  })
  return {
    rowCount: rows.length,
    featureNames: table.featureNames,
    features: table.features.map(column => Float64Array.from(rows, row => column[row] as number)),
    label: Uint8Array.from(rows, row => table.label[row] as number),
    session: codedRows(table.session),
    visitor: codedRows(table.visitor),
    n: Int32Array.from(rows, row => table.n[row] as number),
    eventCount: Int32Array.from(rows, row => table.eventCount[row] as number),
    revision: Int32Array.from(rows, row => table.revision[row] as number),
    eventTime: Float64Array.from(rows, row => table.eventTime[row] as number),
    startedAt: Float64Array.from(rows, row => table.startedAt[row] as number),
    slices: Object.fromEntries(
      Object.entries(table.slices).map(([name, column]) => [name, codedRows(column)]),
    ),
  }
}

function noisy(value: number, random: Random): number {
  return value + 0.2 * (random.next() - 0.5)
}

function coded(values: readonly string[]): CodedColumn {
  const distinct = [...new Set(values)]
  const codes = new Map(distinct.map((value, i) => [value, i]))
  return { codes: Int32Array.from(values, value => codes.get(value)!), values: distinct }
}
