import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { lostBlock } from './block.ts'
import { entriesOf, surveyLog, type LogSurvey, type PartitionSurvey, type SurveyOptions } from './survey.ts'
import { openTables, type Tables } from './tables.ts'

/** Bytes that one transaction writes. */
const SLICE_BYTES = 16 * 1024 * 1024

/**
 * Copies everything that is whole of the log in `dir` into a new one in the folder `to`, at the same positions, with the
 * positions of its groups. What is lost stays an empty range of positions, which readers pass over and report, so that
 * no position is given out twice. Returns what was found. Rejects when `to` is not empty, or can't be written.
 */
export async function salvageLog(dir: string, to: string, options: SurveyOptions = {}): Promise<LogSurvey> {
  const onProgress = options.onProgress ?? (() => {})
  if (existsSync(to) && readdirSync(to).length > 0)
    throw new Error(`${to} is not empty: name a folder that does not exist yet`)
  const survey = await surveyLog(dir, { onProgress: share => onProgress(share / 2) })
  mkdirSync(to, { recursive: true })
  const tables = openTables(to)
  try {
    await copyBlocks(dir, survey, tables, share => onProgress(0.5 + share / 2))
    await tables.root.transaction(() => writeStates(survey, tables))
    await tables.root.flushed
  } finally {
    await tables.root.close()
  }
  return survey
}

async function copyBlocks(
  dir: string,
  survey: LogSurvey,
  tables: Tables,
  onProgress: (share: number) => void,
): Promise<void> {
  const wanted = new Map<string, number>()
  for (const { stream, partition, blocks } of survey.partitions)
    for (const { first, txnid } of blocks) wanted.set(`${partition} ${first} ${stream}`, txnid)
  let slice: { key: [string, number, number]; value: Buffer }[] = []
  let bytes = 0
  const write = async (): Promise<void> => {
    const entries = slice
    slice = []
    bytes = 0
    await tables.root.transaction(() => {
      for (const { key, value } of entries) void tables.blocks.put(key, value)
    })
  }
  for await (const found of entriesOf(dir, survey, onProgress)) {
    if (found.kind !== 'block') continue
    const { stream, partition, first } = found.place
    if (wanted.get(`${partition} ${first} ${stream}`) !== found.txnid) continue
    // The bytes may be those of the old file's memory, which is closed by the time they are written.
    slice.push({ key: [stream, partition, first], value: Buffer.from(found.value) })
    bytes += found.value.length
    if (bytes >= SLICE_BYTES) await write()
  }
  await write()
}

/** Writes everything but the blocks that are whole. For use inside a transaction. */
function writeStates(survey: LogSurvey, tables: Tables): void {
  for (const partition of survey.partitions) writePartition(partition, survey.partitionCount, tables)
  for (const { key, state } of survey.groups) void tables.groups.put(key, { ...state, released: true })
}

function writePartition(
  { stream, partition, start, end, blocks, lost }: PartitionSurvey,
  partitionCount: number,
  tables: Tables,
): void {
  void tables.streams.put(stream, partitionCount)
  let bytes = blocks.reduce((sum, block) => sum + block.bytes, 0)
  for (const { from, to } of lost) {
    const block = lostBlock({ stream, partition, first: from }, to - from)
    void tables.blocks.put([stream, partition, from], block)
    bytes += block.length
  }
  void tables.partitions.put([stream, partition], { start, end, bytes })
}
