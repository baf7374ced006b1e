import { createHash } from 'node:crypto'
import type { TrainingTable } from '../table.ts'

export interface SplitOptions {
  /** `time`: the test part is newer than the others. `visitor`: it is of any time, and nothing is left out. */
  readonly splitBy: 'time' | 'visitor'
  /** Share of the sessions that only measures how good the model is. */
  readonly testShare: number
  /** Share of the sessions that decides when to stop, and calibrates. */
  readonly validShare: number
}

/** Rows of the table in three parts, each in the order of the table. */
export interface Split {
  readonly train: Int32Array
  readonly valid: Int32Array
  readonly test: Int32Array
  /** Sessions in no part, because their visitor is on the other side of the dividing time. */
  readonly sessionsLeftOut: number
}

/**
 * Splits by visitor, because two sessions of one visitor are alike; and by time, because a model is used on sessions
 * newer than those it learned from. A visitor with sessions on both sides of the dividing time stays on one side
 * and loses the sessions on the other: half of these visitors here and half there, so that both sides shrink
 * equally. A hash of the visitor's id decides, not a seed: the same table always splits in the same way.
 */
export function splitTable(table: TrainingTable, options: SplitOptions): Split {
  const { session, visitor, rowCount } = table
  const isNew = options.splitBy === 'time' ? newestSessions(table, options.testShare) : undefined
  const hasOld = new Uint8Array(visitor.values.length)
  const hasNew = new Uint8Array(visitor.values.length)
  for (let row = 0; row < rowCount; row++) {
    const sessions = isNew?.[session.codes[row]!] === 1 ? hasNew : hasOld
    sessions[visitor.codes[row]!] = 1
  }
  const validShare = options.validShare / (1 - options.testShare)
  const partOf = visitor.values.map((id, v) => {
    const chance = isNew === undefined ? options.testShare : hasNew[v] === 0 ? 0 : hasOld[v] === 0 ? 1 : 0.5
    if (hashUnit('test', id) < chance) return 'test'
    return hashUnit('valid', id) < validShare ? 'valid' : 'train'
  })

  const parts: Record<'train' | 'valid' | 'test', number[]> = { train: [], valid: [], test: [] }
  const leftOut = new Set<number>()
  for (let row = 0; row < rowCount; row++) {
    const s = session.codes[row]!
    const part = partOf[visitor.codes[row]!]!
    const isOnItsSide = isNew === undefined || (isNew[s] === 1) === (part === 'test')
    if (isOnItsSide) parts[part].push(row)
    else leftOut.add(s)
  }
  return {
    train: Int32Array.from(parts.train),
    valid: Int32Array.from(parts.valid),
    test: Int32Array.from(parts.test),
    sessionsLeftOut: leftOut.size,
  }
}

/** By session: 1 for the newest ones. Equal starts are ordered by id, so that the order of the rows plays no part. */
function newestSessions({ session, startedAt, rowCount }: TrainingTable, share: number): Uint8Array {
  const start = new Float64Array(session.values.length).fill(Infinity)
  for (let row = 0; row < rowCount; row++)
    start[session.codes[row]!] = Math.min(start[session.codes[row]!]!, startedAt[row]!)
  const order = Array.from({ length: start.length }, (_, s) => s)
    .filter(s => start[s]! < Infinity)
    .sort((a, b) => start[a]! - start[b]! || (session.values[a]! < session.values[b]! ? -1 : 1))
  const isNew = new Uint8Array(start.length)
  for (const s of order.slice(order.length - Math.round(order.length * share))) isNew[s] = 1
  return isNew
}

/** A number in [0, 1) that only depends on the id, and differs by purpose. */
function hashUnit(purpose: string, id: string): number {
  return createHash('sha256').update(`${purpose}\n${id}`).digest().readUInt32BE(0) / 2 ** 32
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

/** Counts what a part of the table holds. */
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
