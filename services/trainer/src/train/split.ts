import type { TrainingTable } from '../table.ts'

export interface SplitOptions {
  /** Share of the sessions, the newest ones, that only measures how good the model is. */
  readonly testShare: number
  /** Share of the sessions, those before, that decides when to stop, and calibrates. */
  readonly validShare: number
}

/** Rows of the table in three parts, each in the order of the table. */
export interface Split {
  readonly train: Int32Array
  readonly valid: Int32Array
  readonly test: Int32Array
  /** Older sessions of visitors who came back in a newer part: in no part. */
  readonly sessionsLeftOut: number
}

type Part = 'train' | 'valid' | 'test'
const AGE: Record<Part, number> = { train: 0, valid: 1, test: 2 }

/**
 * Splits by time and by visitor. By time, because a model is used on sessions newer than those it learned from. By
 * visitor, because two sessions of one visitor are alike: whoever is in a newer part is taken out of the older ones,
 * so that the newer part stays what the site really gets. No seed: the same table always splits in the same way.
 */
export function splitTable(table: TrainingTable, { testShare, validShare }: SplitOptions): Split {
  const { session, visitor, startedAt, rowCount } = table
  const sessionCount = session.values.length
  const start = new Float64Array(sessionCount).fill(Infinity)
  const visitorOf = new Int32Array(sessionCount)
  for (let row = 0; row < rowCount; row++) {
    const s = session.codes[row]!
    start[s] = Math.min(start[s]!, startedAt[row]!)
    visitorOf[s] = visitor.codes[row]!
  }

  // Equal starts are ordered by id, so that the order of the rows does not matter.
  const order = Array.from({ length: sessionCount }, (_, s) => s)
    .filter(s => start[s]! < Infinity)
    .sort((a, b) => start[a]! - start[b]! || (session.values[a]! < session.values[b]! ? -1 : 1))
  const testFrom = order.length - Math.round(order.length * testShare)
  const validFrom = testFrom - Math.round(order.length * validShare)
  const part: Part[] = []
  const newest: Part[] = []
  order.forEach((s, i) => {
    part[s] = i >= testFrom ? 'test' : i >= validFrom ? 'valid' : 'train'
    const known = newest[visitorOf[s]!]
    if (known === undefined || AGE[part[s]] > AGE[known]) newest[visitorOf[s]!] = part[s]
  })
  const isLeftOut = (s: number): boolean => part[s] !== newest[visitorOf[s]!]

  const rowsOf = (wanted: Part): Int32Array => {
    const rows: number[] = []
    for (let row = 0; row < rowCount; row++) {
      const s = session.codes[row]!
      if (part[s] === wanted && !isLeftOut(s)) rows.push(row)
    }
    return Int32Array.from(rows)
  }
  return {
    train: rowsOf('train'),
    valid: rowsOf('valid'),
    test: rowsOf('test'),
    sessionsLeftOut: order.filter(isLeftOut).length,
  }
}

/** How much each row counts: 1, or as much as makes every session of the table count 1. */
export function rowWeights(
  table: TrainingTable,
  { rowWeight }: { readonly rowWeight: 'session' | 'row' },
): Float64Array {
  if (rowWeight === 'row') return new Float64Array(table.rowCount).fill(1)
  const rows = new Int32Array(table.session.values.length)
  for (const code of table.session.codes) rows[code]!++
  return Float64Array.from(table.session.codes, code => 1 / rows[code]!)
}

export interface PartSummary {
  readonly rows: number
  readonly sessions: number
  /** Sessions that reached the goal. */
  readonly positives: number
  /** When its first and last session began. Epoch milliseconds; undefined for an empty part. */
  readonly from: number | undefined
  readonly to: number | undefined
}

/** What a part of the table holds. */
export function summarise(table: TrainingTable, rows: Int32Array): PartSummary {
  const sessions = new Set<number>()
  const positives = new Set<number>()
  let from: number | undefined
  let to: number | undefined
  for (const row of rows) {
    const s = table.session.codes[row]!
    sessions.add(s)
    if (table.label[row] === 1) positives.add(s)
    const at = table.startedAt[row]!
    from = Math.min(from ?? at, at)
    to = Math.max(to ?? at, at)
  }
  return { rows: rows.length, sessions: sessions.size, positives: positives.size, from, to }
}
