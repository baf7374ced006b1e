import { createBlocks, getText, putText, type BlockRef, type Blocks } from '../memory/blocks.ts'
import { formatUuid, type Identity } from './identity.ts'
import { createKeyIndex, hashWords } from '../memory/key-index.ts'
import { createSlots, type Slots } from '../memory/slots.ts'

// Where sessions are kept: one record each, found by the client's session id or, for sessions that were made of a
// visitor's events, by the visitor.

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
/** Block with the ids of all events. */
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
export const CELLS = 104

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
  /** The session with this key, or -1: `isVisitor` tells a visitor's from a client's session id. */
  find(key: Identity, isVisitor: boolean): number
  /** Adds a session, found by its visitor or by its id. */
  add(ids: { id: Identity; visitor: Identity; byVisitor: boolean }): number
  /** Forgets all of a session but the place of its record, which `end` frees. */
  clear(slot: number): void
  end(slot: number): void
  idOf(slot: number): string
  visitorOf(slot: number): string
  /** Makes `identity` the session's id, less its text. */
  readId(slot: number, identity: Identity): void
  hasVisitor(slot: number, visitor: Identity): boolean
  /** Order of session ids: by their 128 bits, which for UUIDs is the order of their texts. */
  isIdBefore(a: number, b: number): boolean
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
const SALT_ID = 0x69

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
    const byVisitor = isByVisitor(slot)
    const start = slots.start(slot) + (byVisitor ? VISITOR : ID)
    return hashWords(slots.cells(slot).u32, start >>> 2, byVisitor ? SALT_VISITOR : SALT_ID)
  }

  function end(slot: number): void {
    setU8(slot, STATE, STATE_FREE)
    slots.free(slot)
  }

  let sought: Identity | undefined
  let soughtVisitor = false
  function matches(slot: number): boolean {
    const key = sought!
    if (isByVisitor(slot) !== soughtVisitor) return false
    if (!hasWords(slot, soughtVisitor ? VISITOR : ID, key)) return false
    const text = u32(slot, soughtVisitor ? VISITOR_TEXT : ID_TEXT)
    return key.isUuid ? text === 0 : text !== 0 && getText(blocks, text) === key.text
  }

  return {
    slots,
    blocks,
    find(key, isVisitor) {
      sought = key
      soughtVisitor = isVisitor
      return index.find(hashWords(key.words, 0, isVisitor ? SALT_VISITOR : SALT_ID), matches)
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
      for (const field of [ID_TEXT, VISITOR_TEXT, GOAL_TEXT, SEEN]) freeBlock(slot, field)
      setU8(slot, STATE, STATE_ENDED)
    },
    end,
    idOf: slot => textOf(slot, ID, ID_TEXT),
    visitorOf: slot => textOf(slot, VISITOR, VISITOR_TEXT),
    readId(slot, identity) {
      const i = (slots.start(slot) + ID) >>> 2
      identity.words.set(slots.cells(slot).u32.subarray(i, i + 4))
      identity.isUuid = u32(slot, ID_TEXT) === 0
      identity.text = ''
    },
    hasVisitor: (slot, visitor) =>
      hasWords(slot, VISITOR, visitor) && (u32(slot, VISITOR_TEXT) === 0) === visitor.isUuid,
    isIdBefore(a, b) {
      const cellsA = slots.cells(a).u32
      const cellsB = slots.cells(b).u32
      const startA = (slots.start(a) + ID) >>> 2
      const startB = (slots.start(b) + ID) >>> 2
      for (let i = 0; i < 4; i++) {
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
