import type { StreamName } from '@sluicebox/event/records'
import type { Log } from '@sluicebox/stream/log'
import type { Store } from '@sluicebox/store/store'
import { describeObject, lastEntry, readEntry, writeEntry, type ManifestEntry } from './manifest.ts'
import { manifestKey, parseObjectKey, type ObjectStart } from '../objects/object-key.ts'

// The objects of a partition are a chain: each begins at the position where the one before it ends. The last object
// is authoritative for where to continue; the position that the group has committed is not.

export interface Place {
  readonly stream: StreamName
  readonly partition: number
}

/**
 * Every record below `mark` is archived, except for `lost` positions before it, which the log had already removed.
 * Where a log keeps markers of its own among the records, some of the lost positions may have been markers.
 */
export interface ChainEnd {
  readonly mark: bigint
  readonly lost: bigint
}

/** Returns where the archive of a partition continues. Rejects when the archive and the log can't belong together. */
export async function findChainEnd(store: Store, log: Log, { stream, partition }: Place): Promise<ChainEnd> {
  const last =
    (await lastEntry(store, stream, partition)) ?? (await rebuildManifest(store, { stream, partition }))
  const { start, end } = (await log.bounds(stream))[partition] ?? { start: 0n, end: 0n }
  if (last === undefined) return { mark: start, lost: 0n }

  if (last.end > end || !(await isFromLog(log, last, start)))
    throw new Error(
      `the archive of ${stream}, partition ${partition}, was not made from this log: its last object ${last.key} ` +
        `goes up to position ${last.end}, and the log ${last.end > end ? `ends at ${end}` : 'has another record there'}. ` +
        'Give the archiver the folder that belongs to the log, or an empty one',
    )
  return last.end < start ? { mark: start, lost: start - last.end } : { mark: last.end, lost: 0n }
}

/** Whether the last archived record is the one in the log, as far as the log still has it. */
async function isFromLog(log: Log, last: ManifestEntry, logStart: bigint): Promise<boolean> {
  const position = last.lastPosition
  if (position < logStart) return true
  const { records } = await log.read(last.stream, last.partition, position, { recordsMax: 1, bytesMax: 1 })
  const record = records[0]
  return record?.position !== position || Math.trunc(record.appendedAt) === last.lastAppendedAt
}

/**
 * Writes the entries of a partition that has objects and no manifest, and returns the last one. A partition without a
 * manifest is usually a new one: then the listing is empty.
 */
async function rebuildManifest(store: Store, place: Place): Promise<ManifestEntry | undefined> {
  let last: ManifestEntry | undefined
  for await (const { key } of store.list(`${place.stream}/`)) {
    if (parseObjectKey(key)?.partition !== place.partition) continue
    const entry = await enter(store, key)
    if (last === undefined || entry.start > last.start) last = entry
  }
  return last
}

/** Returns the entry of an object that another archiver created under `key`, and adds it to the manifest. */
export async function adopt(store: Store, key: string, start: ObjectStart): Promise<ManifestEntry> {
  const entry = (await readEntry(store, manifestKey(start))) ?? (await enter(store, key))
  if (entry.key !== key)
    throw new Error(
      `two objects begin at position ${start.start} of ${start.stream}, partition ${start.partition}: ${key} and ${entry.key}. ` +
        'Run "sluicebox archive verify", and keep one of them',
    )
  return entry
}

async function enter(store: Store, key: string): Promise<ManifestEntry> {
  const bytes = await store.get(key)
  if (bytes === undefined) throw new Error(`the archived object ${key} went away while it was being read`)
  const entry = await describe(key, bytes)
  await writeEntry(store, entry)
  return entry
}

async function describe(key: string, bytes: Uint8Array): Promise<ManifestEntry> {
  try {
    return await describeObject(key, bytes)
  } catch (error) {
    throw new Error(
      `the archived object ${key} can't be read: ${(error as Error).message}. Run "sluicebox archive verify"`,
      { cause: error },
    )
  }
}
