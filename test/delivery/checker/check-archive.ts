import { isDeepStrictEqual } from 'node:util'
import type { ArchiveObject } from './archive-objects.ts'
import type { Findings } from './findings.ts'
import type { Fields } from './schemas.ts'
import type { Stored, StreamContent } from './streams.ts'

export interface Archive {
  readonly objects: readonly ArchiveObject[]
  /** By partition: what is below must have been archived when the streams were read. */
  readonly upTo: readonly bigint[]
}

export interface ArchiveFigures {
  readonly objects: number
  readonly archived: number
  readonly holes: number
  readonly overlaps: number
}

/** What a record of the archive has beside the fields of its stream. */
const LOG_COLUMNS = new Set(['partition', 'position', 'key', 'appended_at', 'framed'])

/**
 * The objects of each partition make one chain, and hold the records of the stream up to its end, which is behind the
 * positions `upTo`.
 */
export function checkArchive(
  stream: StreamContent,
  { objects, upTo }: Archive,
  findings: Findings,
): ArchiveFigures {
  const figures = { objects: objects.length, archived: 0, holes: 0, overlaps: 0 }
  for (let partition = 0; partition < stream.partitions; partition++) {
    const chain = objects.filter(object => object.partition === partition)
    const records = stream.records.filter(record => record.partition === partition)
    checkChain(partition, chain)
    checkRecords(partition, chain, records)
  }
  return figures

  function checkChain(partition: number, chain: readonly ArchiveObject[]): void {
    let reached = 0n
    for (const { start, end } of chain) {
      if (start > reached) {
        figures.holes++
        findings.add(
          'archive-ranges',
          `positions ${reached} to ${start - 1n} of partition ${partition} are in no object`,
        )
      }
      if (start < reached) {
        figures.overlaps++
        findings.add('archive-ranges', `positions from ${start} of partition ${partition} are in two objects`)
      }
      if (end > reached) reached = end
    }
  }

  function checkRecords(
    partition: number,
    chain: readonly ArchiveObject[],
    records: readonly Stored[],
  ): void {
    const archived = new Map<bigint, Fields>()
    for (const { file, start, end, records: own } of chain)
      for (const fields of own) {
        const position = BigInt(fields['position'] as string)
        figures.archived++
        if (position < start || position >= end)
          findings.add('archive-ranges', `${file} holds position ${position}, and says ${start} to ${end}`)
        if (archived.has(position))
          findings.add(
            'archive-content',
            `position ${position} of partition ${partition} is in the archive twice`,
          )
        archived.set(position, fields)
      }
    const mark = chain.reduce((end, object) => (object.end > end ? object.end : end), 0n)
    for (const record of records) {
      const place = `position ${record.position} of partition ${partition}`
      const fields = archived.get(record.position)
      archived.delete(record.position)
      if (fields !== undefined && !isSame(fields, record))
        findings.add('archive-content', `${place} is another in the archive`)
      if (fields === undefined && record.position < mark)
        findings.add('archive-content', `${place} is not in the archive`)
      if (fields === undefined && record.position >= mark && record.position < (upTo[partition] ?? 0n))
        findings.add('archive-complete', `${place} is not archived yet`)
    }
    for (const position of archived.keys())
      findings.add(
        'archive-content',
        `position ${position} of partition ${partition} is in the archive alone`,
      )
  }
}

function isSame(archived: Fields, { partition, key, value, fields }: Stored): boolean {
  if (archived['partition'] !== partition || archived['key'] !== key) return false
  const framed = archived['framed'] as Buffer | null
  if (framed !== null) return framed.equals(value)
  const own = Object.fromEntries(Object.entries(archived).filter(([name]) => !LOG_COLUMNS.has(name)))
  return isDeepStrictEqual(own, { ...fields })
}
