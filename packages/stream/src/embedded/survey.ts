import { existsSync } from 'node:fs'
import { fromBufferKey } from 'ordered-binary'
import { bodyOf, checkPlace, DamagedBlockError, readHeader, type BlockPlace } from './block.ts'
import { checkFolder } from './check-folder.ts'
import { dataFile, DamagedFileError, scanEntries } from './lmdb-file.ts'
import { openTables, type GroupState, type PartitionState, type Tables } from './tables.ts'

/** Positions from `from` up to, not including, `to`. */
export interface LostRange {
  readonly from: number
  readonly to: number
  readonly reason: string
}

/** A block that is whole. */
export interface WholeBlock {
  readonly first: number
  readonly count: number
  readonly bytes: number
  /** The transaction whose copy of the block it is, where the tables can't be read. */
  readonly txnid: number
}

export interface PartitionSurvey {
  readonly stream: string
  readonly partition: number
  /** The positions that the partition should hold. */
  readonly start: number
  readonly end: number
  /** In order, without overlaps. */
  readonly blocks: readonly WholeBlock[]
  readonly lost: readonly LostRange[]
}

/** What the log in a folder holds. */
export interface LogSurvey {
  /** What is wrong with the structure of the file; undefined when the tables can be read. */
  readonly damage: string | undefined
  readonly partitions: readonly PartitionSurvey[]
  readonly groups: readonly { readonly key: [string, string, number]; readonly state: GroupState }[]
  /** The number of partitions of each stream. */
  readonly partitionCount: number
}

export interface SurveyOptions {
  /** Called with the share of the work that is done, from 0 to 1. */
  readonly onProgress?: (share: number) => void
}

/** An entry of the tables, by the table that its key and value belong to. */
export type Found =
  | { readonly kind: 'block'; readonly place: BlockPlace; readonly value: Buffer; readonly txnid: number }
  | { readonly kind: 'stream'; readonly key: string; readonly partitionCount: number }
  | { readonly kind: 'state'; readonly key: [string, number]; readonly state: PartitionState }
  | { readonly kind: 'group'; readonly key: [string, string, number]; readonly state: GroupState }

/**
 * Reads everything that the log in a folder holds, and says what is whole. Where the structure of its file is damaged it
 * looks at every page of the file for what can still be read. Rejects when there is no log.
 */
export async function surveyLog(
  dir: string,
  { onProgress = () => {} }: SurveyOptions = {},
): Promise<LogSurvey> {
  if (!existsSync(dataFile(dir)))
    throw new Error(`there is no log in ${dir}: ${dataFile(dir)} does not exist`)
  const damage = await structureDamage(dir)
  const survey = createSurvey()
  for await (const found of damage === undefined
    ? tableEntries(dir, onProgress)
    : fileEntries(dir, onProgress))
    survey.add(found)
  return { damage, ...survey.result() }
}

/** The entries of a log, newer copies of a block beside older ones when its structure is damaged. */
export function entriesOf(
  dir: string,
  { damage }: Pick<LogSurvey, 'damage'>,
  onProgress: (share: number) => void,
) {
  return damage === undefined ? tableEntries(dir, onProgress) : fileEntries(dir, onProgress)
}

async function structureDamage(dir: string): Promise<string | undefined> {
  try {
    await checkFolder(dir, { forMs: Infinity })
    return undefined
  } catch (error) {
    if (error instanceof DamagedFileError) return error.message
    throw error
  }
}

async function* tableEntries(dir: string, onProgress: (share: number) => void): AsyncGenerator<Found> {
  const tables = openTables(dir)
  try {
    yield* entriesOfTables(tables, onProgress)
  } finally {
    await tables.root.close()
  }
}

function* entriesOfTables(tables: Tables, onProgress: (share: number) => void): Generator<Found> {
  for (const { key, value } of tables.streams.getRange()) yield { kind: 'stream', key, partitionCount: value }
  for (const { key, value } of tables.partitions.getRange()) yield { kind: 'state', key, state: value }
  for (const { key, value } of tables.groups.getRange()) yield { kind: 'group', key, state: value }
  const count = tables.blocks.getKeysCount()
  let seen = 0
  for (const { key, value } of tables.blocks.getRange()) {
    const [stream, partition, first] = key
    onProgress(seen++ / count)
    yield { kind: 'block', place: { stream, partition, first }, value, txnid: 0 }
  }
}

function* fileEntries(dir: string, onProgress: (share: number) => void): Generator<Found> {
  for (const { key, value, txnid } of scanEntries(dir, ({ page, pages }) => onProgress(page / pages))) {
    const found = key === undefined ? blockIn(value, txnid) : recognise(keyOf(key), value, txnid)
    if (found !== undefined) yield found
  }
}

/** A block says where it belongs, so that it is found when its key is lost. */
function blockIn(bytes: Buffer, txnid: number): Found | undefined {
  try {
    const { place, bodyAt, storedBytes } = readHeader(bytes)
    if (place === undefined) return undefined
    return { kind: 'block', place, value: bytes.subarray(0, bodyAt + storedBytes), txnid }
  } catch (error) {
    if (error instanceof DamagedBlockError) return undefined
    throw error
  }
}

function keyOf(bytes: Buffer): unknown {
  try {
    return fromBufferKey(bytes)
  } catch {
    return undefined
  }
}

/** Tells the tables apart by the shape of key and value: a page does not say which one it belongs to. */
function recognise(key: unknown, value: Buffer, txnid: number): Found | undefined {
  if (typeof key === 'string' && !NOT_STREAMS.has(key)) {
    const partitionCount = jsonOf(value)
    if (isWhole(partitionCount)) return { kind: 'stream', key, partitionCount }
  }
  if (!Array.isArray(key)) return undefined
  const [a, b, c] = key as unknown[]
  if (key.length === 2 && typeof a === 'string' && isWhole(b)) {
    const state = jsonOf(value) as PartitionState | undefined
    if (isWhole(state?.start) && isWhole(state.end) && state.start <= state.end)
      return { kind: 'state', key: [a, b], state }
  }
  if (key.length !== 3 || typeof a !== 'string') return undefined
  if (typeof b === 'string' && isWhole(c)) {
    const state = jsonOf(value) as GroupState | undefined
    if (isWhole(state?.epoch) && isWhole(state.position)) return { kind: 'group', key: [a, b, c], state }
  }
  if (isWhole(b) && isWhole(c))
    return { kind: 'block', place: { stream: a, partition: b, first: c }, value, txnid }
  return undefined
}

/** Keys of other entries than streams. */
const NOT_STREAMS = new Set(['format', 'changes'])

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

function jsonOf(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString()) as unknown
  } catch {
    return undefined
  }
}

interface PartitionDraft {
  readonly stream: string
  readonly partition: number
  state: PartitionState | undefined
  readonly blocks: Map<number, WholeBlock>
  readonly damaged: Map<number, string>
}

function createSurvey() {
  const drafts = new Map<string, PartitionDraft>()
  let partitionCount = 1
  const groups = new Map<string, { key: [string, string, number]; state: GroupState }>()

  function draftOf(stream: string, partition: number): PartitionDraft {
    const id = `${partition} ${stream}`
    let draft = drafts.get(id)
    if (draft === undefined)
      drafts.set(id, (draft = { stream, partition, state: undefined, blocks: new Map(), damaged: new Map() }))
    return draft
  }

  return {
    add(found: Found): void {
      if (found.kind === 'stream') partitionCount = Math.max(partitionCount, found.partitionCount)
      else if (found.kind === 'state') {
        const draft = draftOf(...found.key)
        // Of several copies the one that is furthest on is the newest: positions only grow.
        if (draft.state === undefined || isLater(found.state, draft.state)) draft.state = found.state
      } else if (found.kind === 'group') {
        const id = JSON.stringify(found.key)
        const known = groups.get(id)?.state
        if (known === undefined || known.epoch < found.state.epoch || known.position < found.state.position)
          groups.set(id, found)
      } else addBlock(draftOf(found.place.stream, found.place.partition), found)
    },
    result() {
      const all = [...drafts.values()].map(settle)
      all.sort((a, b) => (a.stream === b.stream ? a.partition - b.partition : a.stream < b.stream ? -1 : 1))
      return {
        partitions: all,
        groups: [...groups.values()],
        partitionCount: Math.max(partitionCount, ...all.map(({ partition }) => partition + 1)),
      }
    },
  }
}

const isLater = (a: PartitionState, b: PartitionState): boolean =>
  a.end === b.end ? a.start > b.start : a.end > b.end

function addBlock({ blocks, damaged }: PartitionDraft, found: Found & { kind: 'block' }): void {
  const { place, value, txnid } = found
  const { first } = place
  if ((blocks.get(first)?.txnid ?? -1) >= txnid) return
  try {
    const header = readHeader(value)
    checkPlace(header, place)
    bodyOf(value, header)
    blocks.set(first, { first, count: header.count, bytes: value.length, txnid })
  } catch (error) {
    if (!(error instanceof DamagedBlockError)) throw error
    damaged.set(first, error.message)
  }
}

/** Puts the whole blocks in order, and finds what lies between them. */
function settle({ stream, partition, state, blocks, damaged }: PartitionDraft): PartitionSurvey {
  const sorted = [...blocks.values()].sort((a, b) => a.first - b.first)
  const last = sorted.at(-1)
  const start = state?.start ?? sorted[0]?.first ?? 0
  const end = state?.end ?? (last === undefined ? start : last.first + last.count)
  const kept: WholeBlock[] = []
  const lost: LostRange[] = []
  let at = start
  const loseUpTo = (to: number): void => {
    if (to > at) lost.push({ from: at, to, reason: damaged.get(at) ?? 'there is no block' })
  }
  for (const block of sorted) {
    if (block.first < at || block.first + block.count > end) continue
    loseUpTo(block.first)
    kept.push(block)
    at = block.first + block.count
  }
  loseUpTo(end)
  return { stream, partition, start, end, blocks: kept, lost }
}
