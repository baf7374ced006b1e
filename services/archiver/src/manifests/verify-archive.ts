import { STREAMS, type StreamName } from '@sluicebox/event/records'
import type { Store } from '@sluicebox/store/store'
import {
  compare,
  describeObject,
  encodeEntry,
  readEntry,
  writeEntry,
  type ManifestEntry,
} from './manifest.ts'
import {
  manifestKey,
  manifestPrefix,
  parseManifestKey,
  parseObjectKey,
  type ObjectStart,
} from '../objects/object-key.ts'
import { sha256 } from '../objects/object.ts'

/**
 * What is wrong: an object that can't be read (`damaged`), is not the one that was archived (`changed`), is in the
 * manifest only (`missing`), or is not in it (`unlisted`); positions that are in two objects (`overlap`) or in none
 * (`hole`); a key that no archiver writes (`stray`).
 */
export type FaultKind = 'damaged' | 'changed' | 'missing' | 'unlisted' | 'overlap' | 'hole' | 'stray'

export interface ArchiveFaultFound {
  readonly kind: FaultKind
  readonly key: string
  /** What it is and what to do, for a person. */
  readonly message: string
}

export interface StreamTotals {
  readonly stream: StreamName
  readonly partitions: number
  readonly objects: number
  readonly records: number
  readonly bytes: number
}

export interface ArchiveReport {
  readonly streams: readonly StreamTotals[]
  readonly faults: readonly ArchiveFaultFound[]
  /** Manifest entries made again. */
  readonly repaired: number
}

export interface VerifyOptions {
  readonly streams?: readonly StreamName[]
  /** Makes missing manifest entries from their objects. */
  readonly repair?: boolean
  readonly onProgress?: (done: { objects: number; of: number; bytes: number }) => void
}

/**
 * Reads every object of the archive and checks it against the manifest, and the objects of each partition against
 * each other. Returns every fault, not only the first.
 */
export async function verifyArchive(store: Store, options: VerifyOptions = {}): Promise<ArchiveReport> {
  const faults: ArchiveFaultFound[] = []
  const found = []
  for (const stream of options.streams ?? STREAMS) found.push(await listPartitions(store, stream, faults))

  const of = found
    .flatMap(({ partitions }) => [...partitions.values()])
    .reduce((sum, { length }) => sum + length, 0)
  let objects = 0
  let bytes = 0
  let repaired = 0
  const streams: StreamTotals[] = []
  for (const { stream, partitions } of found) {
    const entries: ManifestEntry[] = []
    for (const listed of partitions.values()) {
      const chain: ManifestEntry[] = []
      for (const object of listed) {
        const checked = await checkObject(store, object, options.repair === true)
        faults.push(...checked.faults)
        repaired += checked.repaired ? 1 : 0
        if (checked.entry !== undefined) chain.push(checked.entry)
        bytes += checked.entry?.bytes ?? 0
        options.onProgress?.({ objects: ++objects, of, bytes })
      }
      faults.push(...checkChain(chain))
      entries.push(...chain)
    }
    streams.push({
      stream,
      partitions: partitions.size,
      objects: entries.length,
      records: entries.reduce((sum, entry) => sum + entry.records, 0),
      bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0),
    })
  }
  return { streams, faults, repaired }
}

/** An object by its start, from the listing of the objects and from that of the manifest. */
interface Listed extends ObjectStart {
  /** More than one where objects start at the same position: an overlap. */
  readonly keys: string[]
}

async function listPartitions(
  store: Store,
  stream: StreamName,
  faults: ArchiveFaultFound[],
): Promise<{ stream: StreamName; partitions: Map<number, Listed[]> }> {
  const byStart = new Map<string, Listed>()
  const listed = (start: ObjectStart): Listed => {
    const name = manifestKey(start)
    const known = byStart.get(name) ?? { ...start, keys: [] }
    byStart.set(name, known)
    return known
  }
  for await (const { key } of store.list(`${stream}/`)) {
    const start = parseObjectKey(key)
    if (start === undefined)
      faults.push(fault('stray', key, 'no archiver writes such a key; move it out of the archive'))
    else listed(start).keys.push(key)
  }
  for await (const { key } of store.list(manifestPrefix(stream))) {
    const start = parseManifestKey(key)
    if (start === undefined)
      faults.push(fault('stray', key, 'no archiver writes such a key; move it out of the archive'))
    else listed(start)
  }
  const ordered = [...byStart.values()].sort((a, b) => a.partition - b.partition || compare(a.start, b.start))
  return { stream, partitions: Map.groupBy(ordered, ({ partition }) => partition) }
}

interface Checked {
  /** The object's entry in the chain: from the manifest, else from the object itself. */
  readonly entry: ManifestEntry | undefined
  readonly faults: ArchiveFaultFound[]
  readonly repaired: boolean
}

async function checkObject(store: Store, listed: Listed, repair: boolean): Promise<Checked> {
  const faults: ArchiveFaultFound[] = []
  const name = manifestKey(listed)
  let entry: ManifestEntry | undefined
  try {
    entry = await readEntry(store, name)
  } catch (error) {
    faults.push(fault('damaged', name, (error as Error).message))
    return { entry, faults, repaired: false }
  }

  const key = entry?.key ?? (listed.keys[0] as string)
  for (const other of listed.keys)
    if (other !== key)
      faults.push(
        fault('overlap', other, `it begins at the same position as ${key}; keep the one that is whole`),
      )

  const bytes = await store.get(key)
  if (bytes === undefined) {
    faults.push(fault('missing', key, 'it is in the manifest only; restore it from a copy'))
    return { entry, faults, repaired: false }
  }
  if (entry !== undefined && sha256(bytes) !== entry.sha256) {
    faults.push(fault('changed', key, `its SHA-256 is not that of the manifest; restore it from a copy`))
    return { entry, faults, repaired: false }
  }

  let described: ManifestEntry
  try {
    described = await describeObject(key, bytes)
  } catch (error) {
    faults.push(
      fault('damaged', key, `it can't be read: ${(error as Error).message}; restore it from a copy`),
    )
    return { entry, faults, repaired: false }
  }
  if (entry !== undefined && !Buffer.from(encodeEntry(entry)).equals(encodeEntry(described)))
    faults.push(
      fault(
        'changed',
        name,
        `it does not match what ${key} says about itself; delete it and verify with --repair`,
      ),
    )
  const isUnlisted = entry === undefined
  if (isUnlisted && repair) await writeEntry(store, described)
  if (isUnlisted && !repair)
    faults.push(
      fault(
        'unlisted',
        key,
        'it is not in the manifest: the next archiver enters it, or "sluicebox archive verify --repair"',
      ),
    )
  return { entry: entry ?? described, faults, repaired: isUnlisted && repair }
}

function checkChain(chain: readonly ManifestEntry[]): ArchiveFaultFound[] {
  const faults: ArchiveFaultFound[] = []
  for (const [i, entry] of chain.entries()) {
    const before = chain[i - 1]
    if (before === undefined || before.end === entry.start) continue
    const where = `of ${entry.stream}, partition ${entry.partition}`
    if (before.end > entry.start)
      faults.push(
        fault(
          'overlap',
          entry.key,
          `positions ${entry.start} to ${before.end - 1n} ${where} are in ${before.key} too`,
        ),
      )
    else
      faults.push(
        fault(
          'hole',
          entry.key,
          `positions ${before.end} to ${entry.start - 1n} ${where} are in no object: restore it from a copy, ` +
            'unless the log had removed them before they were archived',
        ),
      )
  }
  return faults
}

function fault(kind: FaultKind, key: string, message: string): ArchiveFaultFound {
  return { kind, key, message }
}
