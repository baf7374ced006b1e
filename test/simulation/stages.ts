import { enricherConfig } from '@sluicebox/enricher/config'
import { createEnricher } from '@sluicebox/enricher/enricher'
import { createModel } from '@sluicebox/model/runtimes/create-model'
import { loadEventSchemas } from '@sluicebox/registry/events/events'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import { createScorer } from '@sluicebox/scorer/scorer'
import type { ScoringBundle } from '@sluicebox/scorer/scoring-bundle'
import { compileFeatures } from '@sluicebox/session/features/features'
import { SESSION_FIELDS } from '@sluicebox/session/session-event'
import { SESSION_POLICY } from '@sluicebox/session/sessions/policy'
import { parseFeatures } from '@sluicebox/session/features/spec'
import type { StageSpec } from '@sluicebox/stream/testing/delivery'
import { ABSENT_SCHEMA_ID, OTHER_SCHEMA, OTHER_SCHEMA_ID } from './traffic.ts'

// The stages of the pipeline as their services wire them.

const eventSchemas = loadEventSchemas([])
const config = enricherConfig.parse({})
const goodCodec = folderCodec('good')
const scoredCodec = folderCodec('scored')
const badCodec = folderCodec('bad')
const sessionCodec = folderCodec('good', { project: SESSION_FIELDS })

export const ENRICHER: StageSpec = {
  group: 'enricher',
  input: 'raw',
  outputs: { good: 'good', bad: 'bad' },
  workers: 2,
  create() {
    // What it has learned, it forgets when the process ends.
    const rawCodec = folderCodec('raw')
    const absentSchemas = new Set<number>()
    return {
      stage: createEnricher({
        config,
        schemas: eventSchemas,
        rawCodec,
        goodCodec,
        badCodec,
        absentSchemas,
        version: 'simulated',
      }) as ReturnType<StageSpec['create']>['stage'],
      learn(ref) {
        if (ref === `avro:${OTHER_SCHEMA_ID}`) rawCodec.learn(OTHER_SCHEMA_ID, OTHER_SCHEMA)
        else if (ref === `avro:${ABSENT_SCHEMA_ID}`) absentSchemas.add(ABSENT_SCHEMA_ID)
        else throw new Error(`nobody wrote with ${ref}`)
      },
      learnAbsent: ref => absentSchemas.add(Number(ref.slice('avro:'.length))),
    }
  },
}

const model = createModel(
  {
    kind: 'linear',
    intercept: -2,
    weights: Float64Array.of(0.3, 1.1, -0.01, 0.7),
    means: Float64Array.of(3, 0.5, 40, 2),
    scales: Float64Array.of(2, 1, 30, 1),
  },
  4,
)

const bundle: ScoringBundle = {
  id: 'cd'.repeat(32),
  name: 'simulated@1',
  goal: 'transaction',
  program: compileFeatures(
    parseFeatures([
      { name: 'events', kind: 'count' },
      { name: 'adds', kind: 'count', where: { action: 'add_to_cart' } },
      { name: 'price_mean', kind: 'mean', of: 'price' },
      { name: 'products', kind: 'distinct', of: 'product_id' },
    ]),
  ),
  model,
  calibrate: model.probability,
  threshold: 0.5,
  reasonsMax: 2,
  notBefore: -Infinity,
  expiresAt: Infinity,
}

export function createSimulatedScorer(): ReturnType<typeof createScorer> {
  return createScorer({
    bundle,
    policy: { ...SESSION_POLICY, gapMs: 60_000, graceMs: 5_000, reopenMs: 2 * 3_600_000, sessionsMax: 8 },
    goodCodec: sessionCodec,
    scoredCodec,
    badCodec,
  })
}

export const SCORER: StageSpec = {
  group: 'scorer',
  input: 'good',
  outputs: { scored: 'scored', bad: 'bad' },
  workers: 2,
  create: () => ({
    stage: createSimulatedScorer() as ReturnType<StageSpec['create']>['stage'],
    learn() {},
    learnAbsent() {},
  }),
}
