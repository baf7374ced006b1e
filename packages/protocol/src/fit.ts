import type { BadReason } from './reasons.ts'
import { blame, type SentEvent } from './sent-event.ts'

type Unfit = 'deep' | 'infinite' | 'rounded' | 'prototype'

const UNFIT: Readonly<Record<Unfit, { reason: BadReason; text: (depthMax: number) => string }>> = {
  deep: { reason: 'nested_too_deep', text: depthMax => `is nested deeper than ${depthMax} levels` },
  infinite: { reason: 'field_invalid', text: () => 'holds a number that is too large to be one' },
  rounded: {
    reason: 'field_invalid',
    text: () => 'holds an integer beyond 2^53, whose last digits would be lost: send it as a text',
  },
  prototype: { reason: 'field_invalid', text: () => 'holds a field called __proto__' },
}

/**
 * Whether parsed JSON may be handled further; a fault when not. Deeper than `depthMax` it would break validators and
 * writers that recurse; a number such as 1e999 can't be written again; an
 * integer beyond 2^53 has been rounded already; a key `__proto__` is never meant well.
 */
export function isFit(event: SentEvent, value: unknown, place: string, depthMax: number): boolean {
  const found = unfit(value, depthMax)
  if (found === undefined) return true
  blame(event, UNFIT[found].reason, place, UNFIT[found].text(depthMax))
  return false
}

function unfit(value: unknown, depthMax: number): Unfit | undefined {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return 'infinite'
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? 'rounded' : undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  if (depthMax === 0) return 'deep'
  if (Array.isArray(value)) {
    for (const item of value) {
      const found = unfit(item, depthMax - 1)
      if (found !== undefined) return found
    }
    return undefined
  }
  for (const key in value) {
    if (key === '__proto__') return 'prototype'
    const found = unfit((value as Record<string, unknown>)[key], depthMax - 1)
    if (found !== undefined) return found
  }
  return undefined
}
