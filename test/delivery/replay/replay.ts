import { enricherConfig } from '@sluicebox/enricher/config'
import { createEnricher } from '@sluicebox/enricher/enricher'
import { loadEventSchemas } from '@sluicebox/registry/events/events'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import { policyOf, scorerConfig } from '@sluicebox/scorer/config'
import { createScorer } from '@sluicebox/scorer/scorer'
import { prepareBundle, SHIPPED_BUNDLE } from '@sluicebox/scorer/scoring-bundle'
import { SESSION_FIELDS } from '@sluicebox/session/session-event'
import type { OutputRecord } from '@sluicebox/stream/log'
import { partitionOf } from '@sluicebox/stream/partitioner'
import { Unresolved, type Stage } from '@sluicebox/stream/driver/stage'
import type { Check, Finding } from '../checker/findings.ts'
import type { Stored, StreamContent, Streams } from '../checker/streams.ts'

// What the streams have to hold, bit for bit: each partition of raw and of good once more through the product's own
// stages, in one thread, in one batch, with nothing going wrong. Apart from the counting checker, since it is the same
// code as what it checks: it knows nothing of right and wrong, only of same and different.

export interface ReplayConfig {
  /** The sections of the configuration, as the file has them. */
  readonly enricher?: unknown
  readonly scorer?: unknown
}

export interface Replay {
  readonly findings: readonly Finding[]
  /** Records that were compared. */
  readonly compared: number
}

const FRAME_BYTES = 5
const HEX_SHOWN = 24

export async function replay(streams: Streams, config: ReplayConfig): Promise<Replay> {
  const findings: Finding[] = []
  let compared = 0
  const bundle = await prepareBundle(SHIPPED_BUNDLE)
  const enricher = enricherConfig.parse(config.enricher ?? {})
  const scorer = scorerConfig.parse(config.scorer ?? {})
  const eventSchemas = loadEventSchemas(enricher.schemaDirs)

  for (let partition = 0; partition < streams.raw.partitions; partition++) {
    const absentSchemas = new Set<number>()
    const outputs = run(
      createEnricher({
        ...{ config: enricher, schemas: eventSchemas, absentSchemas },
        ...{ rawCodec: folderCodec('raw'), goodCodec: folderCodec('good'), badCodec: folderCodec('bad') },
      }),
      'raw',
      { records: reframed(streams.raw, 'raw'), partition },
      absentSchemas,
    )
    compare('replay-events', 'good', outputs.good, madeBy(streams.good, partition))
    compare('replay-events', 'bad', outputs.bad, madeBy(streams.bad, partition, 'enricher'))
  }
  for (let partition = 0; partition < streams.good.partitions; partition++) {
    const absentSchemas = new Set<number>()
    const outputs = run(
      createScorer({
        ...{ bundle, policy: policyOf(scorer), absentSchemas },
        goodCodec: folderCodec('good', { project: SESSION_FIELDS }),
        ...{ scoredCodec: folderCodec('scored'), badCodec: folderCodec('bad') },
      }),
      'good',
      { records: reframed(streams.good, 'good'), partition },
      absentSchemas,
    )
    compare('replay-scores', 'scored', outputs.scored, madeBy(streams.scored, partition))
  }
  return { findings, compared }

  function compare(
    check: Check,
    stream: 'good' | 'bad' | 'scored',
    wanted: readonly OutputRecord[],
    written: readonly Stored[],
  ): void {
    compared += wanted.length
    const { partitions } = streams[stream]
    const targetOf = ({ key, partition }: OutputRecord): number => partition ?? partitionOf(key, partitions)
    for (let target = 0; target < partitions; target++) {
      const difference = differenceOf(
        wanted.filter(record => targetOf(record) === target),
        written.filter(({ partition }) => partition === target),
      )
      if (difference !== undefined) findings.push({ check, message: `${stream}/${target}: ${difference}` })
    }
  }
}

function differenceOf(wanted: readonly OutputRecord[], written: readonly Stored[]): string | undefined {
  const differing = wanted.findIndex(({ value }, index) => bodyOf(value) !== bodyOf(written[index]?.value))
  if (differing === -1 && wanted.length === written.length) return undefined
  const at = differing === -1 ? wanted.length : differing
  const found = written[at]
  return (
    `record ${at} of ${wanted.length} differs from a replay (${written.length} are written): ` +
    `${found === undefined ? 'nothing' : `position ${found.position}`} in the place of ` +
    `${bodyOf(wanted[at]?.value).slice(0, HEX_SHOWN) || 'nothing'}`
  )
}

/** What partition `source` of the stage's input was made into, in the order of positions in each partition. */
function madeBy({ records }: StreamContent, source: number, stage?: string): Stored[] {
  return records
    .filter(({ fields }) => fields?.['source_partition'] === source)
    .filter(({ fields }) => stage === undefined || fields?.['stage'] === stage)
}

function run<State, Output extends string>(
  stage: Stage<State, Output>,
  stream: string,
  { records, partition }: { records: readonly Stored[]; partition: number },
  absent: Set<number>,
): Record<Output, OutputRecord[]> {
  const own = records.filter(record => record.partition === partition)
  const batch = {
    ...{ stream, partition, next: (own.at(-1)?.position ?? -1n) + 1n },
    records: own.map(({ key, value, position, at }) => ({ key, value, position, appendedAt: at })),
  }
  const state = stage.start(partition)
  for (;;) {
    try {
      return stage.process(state, batch)
    } catch (error) {
      if (!(error instanceof Unresolved)) throw error
      // All schemas that are known are known by their ids here: another one is unknown.
      for (const ref of error.refs) absent.add(Number(ref.slice('avro:'.length)))
    }
  }
}

/** Under the ids that records have without a registry: what a registry calls a schema is not part of a record. */
function reframed(content: StreamContent, stream: 'raw' | 'good'): Stored[] {
  const { schemaId } = folderCodec(stream)
  return content.records.map(record => {
    if (record.fields === undefined) return record
    const value = Buffer.from(record.value)
    value.writeUInt32BE(schemaId, 1)
    return { ...record, value }
  })
}

function bodyOf(value: Uint8Array | undefined): string {
  return value === undefined ? '' : Buffer.from(value).subarray(FRAME_BYTES).toString('hex')
}
