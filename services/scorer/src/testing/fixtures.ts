import { blankGood } from '@sluicebox/event/blank'
import { asCollectedTime } from '@sluicebox/event/instants'
import type { EventTime } from '@sluicebox/event/instants'
import type { GoodRecord, ScoredRecord } from '@sluicebox/event/records'
import { createModel } from '@sluicebox/model/runtimes/create-model'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import { compileFeatures } from '@sluicebox/session/features/features'
import { SESSION_FIELDS } from '@sluicebox/session/session-event'
import { SESSION_POLICY } from '@sluicebox/session/sessions/policy'
import { parseFeatures } from '@sluicebox/session/features/spec'
import type { Batch, OutputRecord } from '@sluicebox/stream/log'
import { createScorer, type ScorerParts } from '../scorer.ts'
import type { ScoringBundle } from '../scoring-bundle.ts'

export const FEATURES = parseFeatures([
  { name: 'events', kind: 'count' },
  { name: 'adds', kind: 'count', where: { action: 'add_to_cart' } },
  { name: 'price_mean', kind: 'mean', of: 'price' },
])

/** Log-odds: −3, and 1 for each event, 2 for each one put into the cart, a tenth of the mean price. */
export function scoringBundle(replaced: Partial<ScoringBundle> = {}): ScoringBundle {
  const model = createModel(
    {
      kind: 'linear',
      intercept: -3,
      weights: Float64Array.of(1, 2, 0.1),
      means: new Float64Array(3),
      scales: new Float64Array(3).fill(1),
    },
    3,
  )
  return {
    id: 'ab'.repeat(32),
    name: 'test@1',
    goal: 'transaction',
    program: compileFeatures(FEATURES),
    model,
    calibrate: model.probability,
    threshold: 0.5,
    reasonsMax: 2,
    notBefore: -Infinity,
    expiresAt: Infinity,
    ...replaced,
  }
}

const good = folderCodec('good')
export const scoredCodec = folderCodec('scored')
export const badCodec = folderCodec('bad')

export function testScorer(replaced: Partial<ScorerParts> = {}): ReturnType<typeof createScorer> {
  return createScorer({
    bundle: scoringBundle(),
    policy: SESSION_POLICY,
    goodCodec: folderCodec('good', { project: SESSION_FIELDS }),
    scoredCodec,
    badCodec,
    ...replaced,
  })
}

/** A good record; `at` is when it happened and was collected. */
export function goodRecord({ at = 0, ...given }: Partial<GoodRecord> & { at?: number } = {}): GoodRecord {
  return blankGood({
    visitor: 'v1',
    session_id: 's1',
    action: 'page_view',
    event_name: 'page_view',
    enricher: 'test',
    collected_at: asCollectedTime(at),
    event_time: at as EventTime,
    event_id: `e${at}`,
    ...given,
  })
}

export function heartbeat(at: number): GoodRecord {
  return goodRecord({ at, kind: 'heartbeat', visitor: '', event_id: '', session_id: null })
}

export function batchOf(records: readonly (GoodRecord | Uint8Array)[], from = 0): Batch {
  return {
    stream: 'good',
    partition: 3,
    records: records.map((record, i) => ({
      key: record instanceof Uint8Array ? 'somebody' : record.visitor,
      value: record instanceof Uint8Array ? record : good.encode(record),
      position: BigInt(from + i),
      appendedAt: 0,
    })),
    next: BigInt(from + records.length),
  }
}

export function encodeGood(record: GoodRecord): Uint8Array {
  return good.encode(record)
}

export function decodeScored(outputs: readonly Pick<OutputRecord, 'value'>[]): ScoredRecord[] {
  return outputs.map(({ value }) => scoredCodec.decode(value) as ScoredRecord)
}
