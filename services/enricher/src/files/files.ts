import { hash } from 'node:crypto'
import type { EnricherConfig } from '../config.ts'
import { readRates, type Rates } from '../enrichments/currency/rates.ts'
import { openGeoDatabase, type GeoDatabase } from '../enrichments/geo/database.ts'

// Files of the operator that records depend on, besides the log and the configuration.

/** The bytes of a file, and its name for messages. */
export interface FileBytes {
  readonly name: string
  readonly bytes: Uint8Array
}

/** `geo`: the database of addresses. `rates`: the exchange rates. */
export type FileKind = 'geo' | 'rates'

/** Each file that the configuration names, ready for use, with the SHA-256 of its bytes in hexadecimal. */
export interface EnricherFiles {
  readonly geo?: GeoDatabase & { readonly sha256: string }
  readonly rates?: Rates & { readonly sha256: string }
}

export const NO_FILES: EnricherFiles = {}

/** Makes files ready for use. Throws with the file and what is wrong with it when one is damaged. */
export function compileFiles(
  { geo, rates }: Partial<Record<FileKind, FileBytes>>,
  { currency: { base, ageDaysMax } }: Pick<EnricherConfig, 'currency'>,
): EnricherFiles {
  return {
    ...(geo === undefined ? {} : { geo: compile('geo.database', geo, openGeoDatabase) }),
    ...(rates === undefined
      ? {}
      : {
          rates: compile('currency.ratesFile', rates, bytes =>
            readRates(textOf(bytes), { base: base as string, ageDaysMax }),
          ),
        }),
  }
}

function compile<T>(
  setting: string,
  { name, bytes }: FileBytes,
  open: (bytes: Uint8Array) => T,
): T & { readonly sha256: string } {
  try {
    return { ...open(bytes), sha256: hash('sha256', bytes, 'hex') }
  } catch (error) {
    throw new Error(`enricher.${setting}: ${name}: ${(error as Error).message}`, { cause: error })
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new Error('it is not text in UTF-8; write it as CSV', { cause: error })
  }
}
