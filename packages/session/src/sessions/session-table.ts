import { createBlocks, getText, isText, putText, type BlockRef, type Blocks } from '../memory/blocks.ts'
import { formatUuid, type Identity } from './identity.ts'
import { createKeyIndex, hashWords } from '../memory/key-index.ts'
import { createSlots, type Slots } from '../memory/slots.ts'

// Where sessions are kept: one record each, found by the visitor and the client's session id or, for sessions that were
// made of a visitor's events, by the visitor alone.

// A record, in bytes. The features' cells follow.
export const ID = 0
export const VISITOR = 16
export const STARTED_AT = 32
export const LAST_EVENT_AT = 40
/** Log time of the latest event; of a closed session, when it closed. */
export const TOUCHED_AT = 48
/** Log time of the first event. */
export const OPENED_AT = 56
const ID_TEXT = 64
const VISITOR_TEXT = 68
/** Block with the id of the event that reached the goal. */
export const GOAL_TEXT = 72
/** Block with the ids of events. */
export const SEEN = 76
export const N = 80
export const REVISION = 84
/** Neighbours in the list of closed sessions, as slot + 1. */
export const OLDER = 88
export const NEWER = 92
/** When the goal was reached, in milliseconds from the first event. */
export const GOAL_OFFSET = 96
export const EVENT_COUNT = 100
export const STATE = 102
export const FLAGS = 103
/** Block with older ids of events, and the log time from which on ids are in the other. */
export const SEEN_BEFORE = 104
export const SEEN_COUNT = 108
export const SEEN_BEFORE_COUNT = 110
export const SEEN_SINCE = 112
export const CELLS = 120

export const STATE_FREE = 0
export const STATE_OPEN = 1
/** Its final is written, its features are still there. */
export const STATE_CLOSED = 2
/** Nothing is left of it but the record's place, which an entry of the heap still names. */
export const STATE_ENDED = 3

export const FLAG_BY_VISITOR = 1
export const FLAG_BOT = 2
export const FLAG_SIMULATED = 4

export interface SessionTable {
  readonly slots: Slots
  readonly blocks: Blocks
  /** The visitor's session with this id of the client, or -1; without an id, the visitor's run of events. */
  find(visitor: Identity, id: Identity | undefined): number
  /** Adds a session, found by its visitor or by its visitor and id. */
  add(ids: { id: Identity; visitor: Identity; byVisitor: boolean }): number
  /** Forgets all of a session but its seen ids, which are the caller's, and its record's place, which `end` frees. */
  clear(slot: number): void
  end(slot: number): void
  idOf(slot: number): string
  visitorOf(slot: number): string
  /** Makes the identities those of the session, less their texts. */
  readIds(slot: number, ids: { id: Identity; visitor: Identity }): void
  isByVisitor(slot: number): boolean
  /** Order of sessions: by the 128 bits of their ids, which for UUIDs is the order of their texts; then of visitors. */
  isBefore(a: number, b: number): boolean
  f64(slot: number, field: number): number
  setF64(slot: number, field: number, value: number): void
  u32(slot: number, field: number): number
  setU32(slot: number, field: number, value: number): void
  u16(slot: number, field: number): number
  setU16(slot: number, field: number, value: number): void
  u8(slot: number, field: number): number
  setU8(slot: number, field: number, value: number): void
  save(): Uint32Array<ArrayBuffer>[][]
  restore(sections: readonly (readonly Uint32Array<ArrayBuffer>[])[]): void
}

const SALT_VISITOR = 0x76

/** `cellBytes`: what the features need for a session. */
export function createSessionTable(cellBytes: number): SessionTable {
  const slots = createSlots(CELLS + cellBytes)
  const blocks = createBlocks()
  let index = createKeyIndex()

  const u32 = (slot: number, field: number): number =>
    slots.cells(slot).u32[(slots.start(slot) + field) >>> 2]!
  const setU32 = (slot: number, field: number, value: number): void => {
    slots.cells(slot).u32[(slots.start(slot) + field) >>> 2] = value
  }
  const u8 = (slot: number, field: number): number => slots.cells(slot).u8[slots.start(slot) + field]!
  const setU8 = (slot: number, field: number, value: number): void => {
    slots.cells(slot).u8[slots.start(slot) + field] = value
  }

  function hasWords(slot: number, field: number, { words }: Identity): boolean {
    const { u32: cells } = slots.cells(slot)
    const i = (slots.start(slot) + field) >>> 2
    return (
      cells[i] === words[0] &&
      cells[i + 1] === words[1] &&
      cells[i + 2] === words[2] &&
      cells[i + 3] === words[3]
    )
  }

  function textOf(slot: number, field: number, textField: number): string {
    const text = u32(slot, textField)
    if (text !== 0) return getText(blocks, text)
    const { u32: cells } = slots.cells(slot)
    const i = (slots.start(slot) + field) >>> 2
    return formatUuid(cells[i]!, cells[i + 1]!, cells[i + 2]!, cells[i + 3]!)
  }

  function put(slot: number, field: number, textField: number, identity: Identity): void {
    slots.cells(slot).u32.set(identity.words, (slots.start(slot) + field) >>> 2)
    setU32(slot, textField, identity.isUuid ? 0 : putText(blocks, identity.text))
  }

  function freeBlock(slot: number, field: number): void {
    const ref: BlockRef = u32(slot, field)
    if (ref !== 0) blocks.free(ref)
    setU32(slot, field, 0)
  }

  const isByVisitor = (slot: number): boolean => (u8(slot, FLAGS) & FLAG_BY_VISITOR) !== 0

  function keyHash(slot: number): number {
    const { u32: cells } = slots.cells(slot)
    const start = slots.start(slot)
    const visitorHash = hashWords(cells, (start + VISITOR) >>> 2, SALT_VISITOR)
    return isByVisitor(slot) ? visitorHash : hashWords(cells, (start + ID) >>> 2, visitorHash)
  }

  function end(slot: number): void {
    setU8(slot, STATE, STATE_FREE)
    slots.free(slot)
  }

  function isIdentity(slot: number, field: number, textField: number, identity: Identity): boolean {
    if (!hasWords(slot, field, identity)) return false
    const text = u32(slot, textField)
    return identity.isUuid ? text === 0 : text !== 0 && isText(blocks, text, identity.text)
  }

  function readIdentity(slot: number, field: number, textField: number, identity: Identity): void {
    const { u32: cells } = slots.cells(slot)
    const i = (slots.start(slot) + field) >>> 2
    for (let word = 0; word < 4; word++) identity.words[word] = cells[i + word]!
    identity.isUuid = u32(slot, textField) === 0
    identity.text = ''
  }

  let soughtVisitor: Identity | undefined
  let soughtId: Identity | undefined
  function matches(slot: number): boolean {
    if (isByVisitor(slot) !== (soughtId === undefined)) return false
    if (soughtId !== undefined && !isIdentity(slot, ID, ID_TEXT, soughtId)) return false
    return isIdentity(slot, VISITOR, VISITOR_TEXT, soughtVisitor!)
  }

  return {
    slots,
    blocks,
    find(visitor, id) {
      soughtVisitor = visitor
      soughtId = id
      const visitorHash = hashWords(visitor.words, 0, SALT_VISITOR)
      return index.find(id === undefined ? visitorHash : hashWords(id.words, 0, visitorHash), matches)
    },
    add({ id, visitor, byVisitor }) {
      const slot = slots.allocate()
      put(slot, ID, ID_TEXT, id)
      put(slot, VISITOR, VISITOR_TEXT, visitor)
      setU8(slot, FLAGS, byVisitor ? FLAG_BY_VISITOR : 0)
      index.insert(keyHash(slot), slot)
      return slot
    },
    clear(slot) {
      index.remove(keyHash(slot), slot)
      for (const field of [ID_TEXT, VISITOR_TEXT, GOAL_TEXT]) freeBlock(slot, field)
      setU8(slot, STATE, STATE_ENDED)
    },
    end,
    idOf: slot => textOf(slot, ID, ID_TEXT),
    visitorOf: slot => textOf(slot, VISITOR, VISITOR_TEXT),
    readIds(slot, { id, visitor }) {
      readIdentity(slot, ID, ID_TEXT, id)
      readIdentity(slot, VISITOR, VISITOR_TEXT, visitor)
    },
    isByVisitor,
    isBefore(a, b) {
      const cellsA = slots.cells(a).u32
      const cellsB = slots.cells(b).u32
      const startA = (slots.start(a) + ID) >>> 2
      const startB = (slots.start(b) + ID) >>> 2
      // The visitor is behind the id.
      for (let i = 0; i < 8; i++) {
        const difference = cellsA[startA + i]! - cellsB[startB + i]!
        if (difference !== 0) return difference < 0
      }
      return false
    },
    f64: (slot, field) => slots.cells(slot).f64[(slots.start(slot) + field) >>> 3]!,
    setF64(slot, field, value) {
      slots.cells(slot).f64[(slots.start(slot) + field) >>> 3] = value
    },
    u32,
    setU32,
    u16: (slot, field) => slots.cells(slot).u16[(slots.start(slot) + field) >>> 1]!,
    setU16(slot, field, value) {
      slots.cells(slot).u16[(slots.start(slot) + field) >>> 1] = value
    },
    u8,
    setU8,
    save: () => [slots.save(), blocks.save()],
    restore([slotParts, blockParts]) {
      slots.restore(slotParts!)
      blocks.restore(blockParts!)
      index = createKeyIndex()
      for (let slot = 0; slot < slots.end; slot++) {
        const state = u8(slot, STATE)
        if (state === STATE_OPEN || state === STATE_CLOSED) index.insert(keyHash(slot), slot)
        else if (state === STATE_ENDED) end(slot)
      }
    },
  }
}
