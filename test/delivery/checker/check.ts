import { readArchive } from './archive-objects.ts'
import { checkArchive, type Archive, type ArchiveFigures } from './check-archive.ts'
import { checkOutcomes, checkPartitions, checkTransactions, type OutcomeFigures } from './check-outcomes.ts'
import { checkRaw, type RawFigures } from './check-raw.ts'
import { checkScores, type ScoreFigures } from './check-scores.ts'
import { createFindings, type Finding } from './findings.ts'
import { digest, readHistory, type Digest } from './history.ts'
import { rawEvents } from './raw-events.ts'
import { readStreams, type Streams, type StreamsSource } from './streams.ts'

// Counts what came of a run, when everything has come through. It knows what clients were told and what is promised. Of
// the product it knows the schemas of the streams, and nothing of its code: what that gets wrong, it can't get wrong too.

export interface Evidence {
  readonly history: Digest
  readonly streams: Streams
  /** Of raw; undefined where nothing was archived on purpose. */
  readonly archive: Archive | undefined
}

export interface Report {
  readonly findings: readonly Finding[]
  readonly raw: RawFigures
  readonly outcomes: OutcomeFigures
  readonly scores: ScoreFigures
  readonly archive: ArchiveFigures | undefined
  readonly abortedRecords: number
}

export function check({ history, streams, archive }: Evidence): Report {
  const findings = createFindings()
  const raw = rawEvents(streams.raw.records)
  checkPartitions(streams, findings)
  checkTransactions(streams, findings)
  return {
    findings: findings.all,
    raw: checkRaw(history, raw, findings),
    outcomes: checkOutcomes(history, raw, streams, findings),
    scores: checkScores(streams, findings),
    archive: archive === undefined ? undefined : checkArchive(streams.raw, archive, findings),
    abortedRecords: Object.values(streams).reduce((sum, { aborted }) => sum + aborted, 0),
  }
}

export interface EvidenceSource extends StreamsSource {
  readonly historyFile: string
  readonly archive?: { readonly dir: string; readonly upTo: readonly bigint[] }
}

export async function gatherEvidence({
  historyFile,
  archive,
  ...streams
}: EvidenceSource): Promise<Evidence> {
  return {
    history: digest(readHistory(historyFile)),
    streams: await readStreams(streams),
    archive:
      archive === undefined
        ? undefined
        : { objects: await readArchive(archive.dir, 'raw'), upTo: archive.upTo },
  }
}
