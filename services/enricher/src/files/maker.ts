import type { EnricherConfig } from '../config.ts'
import type { EnricherFiles } from './files.ts'

// Every record names what made it (`enricher`, `processor`), including the files.

/** How many digits of a file's hash are written on a record: enough that two files do not share them by chance. */
const HASH_DIGITS = 16

/** The files that made a record: the beginnings of their hashes, and how the rates were read. */
export interface UsedFiles {
  readonly geo?: string
  readonly rates?: { readonly hash: string; readonly base: string; readonly ageDaysMax: number }
}

/** The part of a maker's name that names the files; empty without any. */
export function nameFiles(
  { geo, rates }: EnricherFiles,
  { currency: { base, ageDaysMax } }: Pick<EnricherConfig, 'currency'>,
): string {
  const short = ({ sha256 }: { sha256: string }): string => sha256.slice(0, HASH_DIGITS)
  const geoName = geo === undefined ? '' : ` geo/${short(geo)}`
  return rates === undefined ? geoName : `${geoName} rates/${short(rates)}/${base}/${ageDaysMax}d`
}

/** Returns the files in a maker's name. */
export function usedFiles(maker: string): UsedFiles {
  const geo = / geo\/([0-9a-f]{16})(?= |$)/.exec(maker)?.[1]
  const [, hash, base, days] = / rates\/([0-9a-f]{16})\/([A-Z]{3})\/(\d{1,4})d(?= |$)/.exec(maker) ?? []
  return {
    ...(geo === undefined ? {} : { geo }),
    ...(hash === undefined || base === undefined ? {} : { rates: { hash, base, ageDaysMax: Number(days) } }),
  }
}
