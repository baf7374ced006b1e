/** Lets a bounded number work at a time; the others wait, first come first served. */
export interface Slots {
  /** Resolves, when there is a slot, with the function that gives it back. */
  take(): Promise<() => void>
}

export function createSlots(count: number): Slots {
  let free = count
  const waiting: (() => void)[] = []
  return {
    async take() {
      if (free > 0) free--
      else await new Promise<void>(resolve => waiting.push(resolve))
      let held = true
      return () => {
        if (!held) return
        held = false
        const next = waiting.shift()
        if (next === undefined) free++
        else next()
      }
    },
  }
}
