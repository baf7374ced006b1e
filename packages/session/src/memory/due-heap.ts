// Sessions by the instant at which they are due to be looked at. An event only ever puts a session's end off, so the
// heap isn't touched by events: an entry that comes up too early is put back with its new instant. A session
// has one entry, and costs the heap one move a session gap, not one an event.

export interface DueHeap {
  push(due: number, slot: number): void
  /** The slot that comes first, or -1 when there is none. */
  top(): number
  /** The instant of that entry; meaningless when there is none. */
  topDue(): number
  /** Puts the first entry back with a later instant. */
  postponeTop(due: number): void
  pop(): void
  readonly size: number
}

const CAPACITY_MIN = 256

/** `before(a, b)` orders slots that are due at the same instant. */
export function createDueHeap(before: (a: number, b: number) => boolean): DueHeap {
  let dues = new Float64Array(CAPACITY_MIN)
  let slots = new Uint32Array(CAPACITY_MIN)
  let size = 0

  function isFirst(dueA: number, slotA: number, dueB: number, slotB: number): boolean {
    return dueA < dueB || (dueA === dueB && before(slotA, slotB))
  }

  function siftDown(due: number, slot: number): void {
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= size) break
      const other = child + 1
      if (other < size && isFirst(dues[other]!, slots[other]!, dues[child]!, slots[child]!)) child = other
      if (!isFirst(dues[child]!, slots[child]!, due, slot)) break
      dues[i] = dues[child]!
      slots[i] = slots[child]!
      i = child
    }
    dues[i] = due
    slots[i] = slot
  }

  return {
    get size() {
      return size
    },
    top: () => (size === 0 ? -1 : slots[0]!),
    topDue: () => dues[0]!,
    push(due, slot) {
      if (size === dues.length) {
        dues = widened(dues, new Float64Array(2 * size))
        slots = widened(slots, new Uint32Array(2 * size))
      }
      let i = size++
      while (i > 0) {
        const parent = (i - 1) >> 1
        if (!isFirst(due, slot, dues[parent]!, slots[parent]!)) break
        dues[i] = dues[parent]!
        slots[i] = slots[parent]!
        i = parent
      }
      dues[i] = due
      slots[i] = slot
    },
    postponeTop(due) {
      siftDown(due, slots[0]!)
    },
    pop() {
      size--
      if (size > 0) siftDown(dues[size]!, slots[size]!)
    },
  }
}

function widened<T extends Float64Array | Uint32Array>(from: T, to: T): T {
  to.set(from)
  return to
}
