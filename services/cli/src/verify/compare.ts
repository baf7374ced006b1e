import { mergeByPosition, type Archived, type Head, type Sourced } from './merge.ts'

export interface Counts {
  /** Archived records that were computed again and compared. */
  readonly compared: number
  /** Records that differ. */
  readonly differing: number
  /** Computed records that are missing in the archive. */
  readonly missing: number
  /** Archived records that were not computed: they are made up or repeated. */
  readonly extra: number
  /** Computed records later than all that is archived so far: this is normal. */
  readonly unarchived: number
  /** Archived records that were made from records which are not archived so far. */
  readonly unreplayed: number
  /** Archived objects that could not be read: later records of their partition were not compared. */
  readonly unreadable: number
}

export const NOTHING: Counts = {
  compared: 0,
  differing: 0,
  missing: 0,
  extra: 0,
  unarchived: 0,
  unreplayed: 0,
  unreadable: 0,
}

export interface Difference {
  readonly kind: 'differs' | 'missing' | 'extra' | 'repeated' | 'unreadable'
  /** The stream. */
  readonly what: string
  /** Of the record. */
  readonly id: string
  readonly message: string
}

const DIFFERENCES_MAX = 100
const FIELDS_SHOWN_MAX = 5
/**
 * How many computed records may wait for an archived one. Above this number the oldest counts as missing, which only
 * happens with a damaged archive.
 */
const WAITING_MAX = 10_000
/** When this many wait, the next archived record is out of order, and the ones after it are read. */
const STUCK = 1000
/**
 * How many found records are remembered, to call a later copy a repeat. Repeated and made-up records both count as
 * extra.
 */
const MATCHED_MAX = 100_000
/** How many archived records are read ahead of their place. */
const AHEAD_MAX = 1000

export interface ComparisonParts<T> {
  /** The stream. */
  readonly what: string
  /** The archived records that were made from the partition that is computed again, by partition. */
  readonly archived: readonly Archived<T>[]
  readonly idOf: (record: T) => string
  /**
   * Whether records of one position are in the order of their index on both sides. If not, all records of a position
   * are held in memory; one record of the input bounds their number.
   */
  readonly isByIndex: boolean
  /** The variant of a record: the bundle that computed a score. */
  readonly variantOf?: (record: T) => string
  /** The variants that are computed; absent if there is only one. */
  readonly variants?: ReadonlySet<string>
  /** Fields that may differ. */
  readonly ignored?: ReadonlySet<string>
  /** The list that examples of differences are added to. */
  readonly differences: Difference[]
  readonly onMatch?: (record: T) => void
  /** An archived record of a variant that is not computed. */
  readonly onOtherVariant?: (variant: string) => void
}

/** Compares what a stage computes with what is archived. */
export interface Comparison<T> {
  /** Takes the next record that must be archived, as each variant computes it, in the order of the stage's output. */
  offer(computed: readonly T[]): Promise<void>
  finish(): Promise<Counts>
}

/**
 * Begins a comparison. Both sides are in the order of the positions that they were made from. So it holds only the
 * records that are out of order, however many records one position gives. It finds a record that is missing, made up,
 * repeated or out of order without mistaking its neighbours.
 */
export function createComparison<T extends Sourced>(parts: ComparisonParts<T>): Comparison<T> {
  const { what, idOf, differences, ignored = new Set<string>() } = parts
  const variantOf = (record: T): string => parts.variantOf?.(record) ?? ''
  const archived = mergeByPosition(parts.archived)
  const counts = { ...NOTHING }

  const waitingArchived = new Map<string, Head<T>>()
  const waitingComputed = new Map<string, Waiting<T>>()
  const matched = new Set<string>()
  let ordinal = 0
  let ordinalMatched = -1
  let positionComputed = -1n
  /** The variant of the previous archived record. */
  let variantInUse: string | undefined

  function differ(kind: Difference['kind'], record: T, message: string): void {
    if (differences.length < DIFFERENCES_MAX) differences.push({ kind, what, id: idOf(record), message })
  }

  function surplus({ record, place, position }: Head<T>): void {
    if (matched.has(coordinates(record))) {
      counts.extra++
      differ('repeated', record, `${place} is in the archive a second time`)
    } else if (position > positionComputed) counts.unreplayed++
    else {
      counts.extra++
      differ('extra', record, `${place} is in the archive, and nothing gives it, or it is there twice`)
    }
  }

  /**
   * Handles a computed record without a counterpart. It may still be archived later if no partition has archived a
   * later record.
   */
  function lacking({ computed, ordinal: at }: Waiting<T>): void {
    // Bundles with different goals do not all give a score here.
    const record = computed.find(each => variantInUse === undefined || variantOf(each) === variantInUse)
    if (record === undefined) return
    const isBehind = at > ordinalMatched || BigInt(computed[0]!.source_position) > archived.end()
    if (isBehind) counts.unarchived++
    else {
      counts.missing++
      const { source_position, source_index } = record
      differ(
        'missing',
        record,
        `made from position ${source_position}, index ${source_index}: it is not in the archive, though later ones are`,
      )
    }
  }

  function compare(head: Head<T>, alternatives: readonly T[], at: number): void {
    remember(matched, coordinates(head.record))
    ordinalMatched = Math.max(ordinalMatched, at)
    const variant = variantOf(head.record)
    const computed = alternatives.find(each => variantOf(each) === variant)
    if (computed === undefined) {
      if (parts.variants?.has(variant) === false) parts.onOtherVariant?.(variant)
      else {
        counts.extra++
        differ('extra', head.record, `${head.place} is in the archive, and ${variant} does not give it`)
      }
      return
    }
    counts.compared++
    const fields = head.fieldNames.filter(
      each => !ignored.has(each) && !isSame(field(head.record, each), field(computed, each)),
    )
    if (fields.length === 0) {
      parts.onMatch?.(computed)
      return
    }
    counts.differing++
    const shown = fields
      .slice(0, FIELDS_SHOWN_MAX)
      .map(each => `${each} is ${show(field(head.record, each))}, computed ${show(field(computed, each))}`)
    const more =
      fields.length > FIELDS_SHOWN_MAX ? `, and ${fields.length - FIELDS_SHOWN_MAX} more fields` : ''
    differ('differs', computed, `${head.place}: ${shown.join('; ')}${more}`)
  }

  function placeArchived(head: Head<T>): void {
    const name = coordinates(head.record)
    variantInUse = variantOf(head.record)
    const counterpart = waitingComputed.get(name)
    if (counterpart !== undefined) {
      waitingComputed.delete(name)
      compare(head, counterpart.computed, counterpart.ordinal)
    } else if (waitingArchived.has(name)) {
      counts.extra++
      differ('repeated', head.record, `${head.place} is in the archive a second time`)
    } else if (head.position < positionComputed) surplus(head)
    else waitingArchived.set(name, head)
  }

  /** Archived records that wait at a position which is done have no counterpart. */
  function drop(): void {
    for (const [name, head] of waitingArchived)
      if (head.position < positionComputed) {
        waitingArchived.delete(name)
        surplus(head)
      }
  }

  function placeComputed(computed: readonly T[], name: string): void {
    const counterpart = waitingArchived.get(name)
    if (counterpart !== undefined) {
      waitingArchived.delete(name)
      compare(counterpart, computed, ordinal)
    } else if (archived.isDone()) lacking({ computed, ordinal })
    else {
      waitingComputed.set(name, { computed, ordinal })
      const oldest = overflow(waitingComputed)
      if (oldest !== undefined) lacking(oldest)
    }
    ordinal++
  }

  /** Whether an archived record must be read before this computed one is placed. */
  function isDue({ position, record }: Head<T>, { source_index }: T): boolean {
    if (position < positionComputed) return true
    if (position === positionComputed && (!parts.isByIndex || record.source_index <= source_index))
      return true
    // A record that is far from its place must not keep the ones behind it from being read.
    return waitingComputed.size >= STUCK && waitingArchived.size < AHEAD_MAX
  }

  return {
    async offer(computed) {
      const first = computed[0] as T
      const position = BigInt(first.source_position)
      if (position > positionComputed) {
        positionComputed = position
        drop()
      }
      const name = coordinates(first)
      while (!waitingArchived.has(name)) {
        const head = await archived.peek()
        if (head === undefined || !isDue(head, first)) break
        placeArchived(archived.take())
      }
      placeComputed(computed, name)
    },
    async finish() {
      while ((await archived.peek()) !== undefined) placeArchived(archived.take())
      for (const waiting of waitingComputed.values()) lacking(waiting)
      for (const head of waitingArchived.values()) surplus(head)
      return counts
    },
  }
}

/** A computed record that waits for the archived one, as each variant computes it. */
interface Waiting<T> {
  readonly computed: readonly T[]
  /** Its place among all that was computed. */
  readonly ordinal: number
}

function coordinates({ source_position, source_index }: Sourced): string {
  return `${source_position}/${source_index}`
}

/** Removes and returns the oldest value of a map that is too large. */
function overflow<V>(waiting: Map<string, V>): V | undefined {
  if (waiting.size <= WAITING_MAX) return undefined
  for (const [name, value] of waiting) {
    waiting.delete(name)
    return value
  }
  return undefined
}

function remember(names: Set<string>, name: string): void {
  names.add(name)
  if (names.size <= MATCHED_MAX) return
  const [oldest] = names
  names.delete(oldest as string)
}

function field(record: unknown, name: string): unknown {
  return (record as Record<string, unknown>)[name]
}

/** Whether two values are the same bit for bit: 0 is not -0. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Uint8Array || b instanceof Uint8Array)
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every(name => isSame(field(a, name), field(b, name)))
}

function show(value: unknown): string {
  if (Object.is(value, -0)) return '-0'
  if (value instanceof Uint8Array) return `${value.length} bytes`
  const text = JSON.stringify(value) ?? 'not there'
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
