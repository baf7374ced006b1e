import { createHash } from 'node:crypto'
import { canonicalJson } from '@sluicebox/event/canonical'
import type { Entry } from './sort-by-time.ts'

/** Returns a digest of what is in a row, whatever the order of its fields. */
export function digestOfRow(fields: object): string {
  return digestOf(canonicalJson(fields))
}

/**
 * Ids for the rows of recordings, made of what is in a row and of how many equal rows of its file came before it. So a
 * file has the same ids each time it is read, whatever its name and folder are, and equal rows of one file are events of
 * their own. Entries come in order of time: equal rows are of one instant, and no others have to be remembered.
 */
export function createRowIds(): (entry: Pick<Entry, 'timeMs' | 'file' | 'digest'>) => string {
  const counts = new Map<string, number>()
  let instantMs: number | undefined
  return ({ timeMs, file, digest }) => {
    if (timeMs !== instantMs) {
      counts.clear()
      instantMs = timeMs
    }
    const row = `${file} ${digest}`
    const before = counts.get(row) ?? 0
    counts.set(row, before + 1)
    return asUuid(before === 0 ? digest : digestOf(`${digest} ${before}`))
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

/** Shaped as a UUID of version 8. */
function asUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
