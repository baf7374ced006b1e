import { readRows, type Rows } from '@sluicebox/archiver/manifests/read'
import { usedFiles, type UsedFiles } from '@sluicebox/enricher/files/maker'
import type { Store } from '@sluicebox/store/store'
import type { Batch } from '@sluicebox/stream/log'

/** Consecutive records of raw that were enriched with the same files. */
export interface Part {
  readonly used: UsedFiles
  readonly batch: Batch
}

/** Splits a batch of raw where the files that its records were enriched with change. */
export type SplitByFiles = (batch: Batch) => Part[]

/** From this position of raw on. */
interface Change {
  readonly from: bigint
  readonly maker: string
}

/** The archived partitions that were made from a partition of raw. */
export interface MadeFrom {
  readonly source: number
  readonly good: Iterable<number>
  readonly bad: Iterable<number>
}

/**
 * Reads from the archived good and bad which files enriched each part of a partition of raw. One process at a time
 * enriches a partition, in order, so the files change only where another process took over.
 */
export async function readMakers(store: Store, { source, good, bad }: MadeFrom): Promise<SplitByFiles> {
  const changes: Change[] = []
  for (const partition of good)
    await addChanges(
      changes,
      readRows(store, 'good', { partition, source, columns: ['enricher', 'source_position'] }),
      ({ enricher }) => enricher,
    )
  for (const partition of bad)
    await addChanges(
      changes,
      readRows(store, 'bad', { partition, source, columns: ['processor', 'source_position', 'stage'] }),
      ({ stage, processor }) => (stage === 'enricher' ? processor : undefined),
    )
  changes.sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))
  return splitter(changes)
}

async function addChanges<T extends { readonly source_position: string }>(
  changes: Change[],
  rows: AsyncIterable<Rows<T>>,
  makerOf: (record: T) => string | undefined,
): Promise<void> {
  let latest: string | undefined
  for await (const { records } of rows)
    for (const { record, unreadable } of records) {
      const maker = unreadable === null ? makerOf(record) : undefined
      if (maker === undefined || maker === latest) continue
      latest = maker
      changes.push({ from: BigInt(record.source_position), maker })
    }
}

/**
 * The records before the first change count as made like those after it: their outputs were not archived, or they had
 * none.
 */
function splitter(changes: readonly Change[]): SplitByFiles {
  const starts = changes.map(({ from, maker }) => ({ from, used: usedFiles(maker) }))
  const first = starts[0]?.used ?? {}
  return function split(batch) {
    const parts: { used: UsedFiles; records: Batch['records'][number][] }[] = []
    let at = -1
    for (const record of batch.records) {
      const before = at
      while (at + 1 < starts.length && starts[at + 1]!.from <= record.position) at++
      if (parts.length === 0 || at !== before) parts.push({ used: starts[at]?.used ?? first, records: [] })
      parts.at(-1)!.records.push(record)
    }
    return parts.map(({ used, records }) => ({
      used,
      batch: { ...batch, records, next: records.at(-1)!.position + 1n },
    }))
  }
}
