import { asCollectedTime, type EventTime } from '@sluicebox/event/instants'
import type { Moment } from '@sluicebox/session/sessions/moment'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createScore, topReasons } from './score.ts'
import { scoringBundle } from './testing/fixtures.ts'
import type { ScoringBundle } from './scoring-bundle.ts'

describe('the score of a moment', () => {
  test('is the model’s, with probability, decision, baseline and reasons', () => {
    const score = createScore(scoringBundle(), 2)(moment({ features: Float64Array.of(2, 1, NaN) }))
    expect(score).toEqual({
      score: 1,
      probability: 1 / (1 + Math.exp(-1)),
      decision: true,
      no_score_reason: null,
      reasons: [
        { feature: 'events', value: 2, contribution: 2 },
        { feature: 'adds', value: 1, contribution: 2 },
      ],
      baseline: -3,
    })
  })

  test.each([
    [0.7310585786300048, false],
    [0.7310585786300049, true],
  ])('is decided at the threshold: a probability of %d', (probability, decision) => {
    const bundle = scoringBundle({ threshold: 0.7310585786300049, calibrate: () => probability })
    expect(createScore(bundle, 0)(moment({}))).toMatchObject({ decision })
  })

  const at = (ms: number): Partial<Moment> => ({ logTime: asCollectedTime(ms) })
  const failing = (explain: () => number): Partial<ScoringBundle> => ({
    model: { ...scoringBundle().model, explain },
  })
  test.each<[string, Partial<ScoringBundle>, Partial<Moment>, string | null]>([
    ['before the goal nothing happened', {}, { featureEventCount: 0 }, 'nothing_before_goal'],
    ['the bundle is not to be used yet', { notBefore: 1_000 }, at(999), 'bundle_not_yet_valid'],
    ['the bundle may be used from now on', { notBefore: 1_000 }, at(1_000), null],
    ['the bundle may be used for a moment more', { expiresAt: 1_000 }, at(999), null],
    ['the bundle has expired', { expiresAt: 1_000 }, at(1_000), 'bundle_expired'],
    ['the model gives no number', failing(() => NaN), {}, 'model_error'],
    ['the model gives no end', failing(() => Infinity), {}, 'model_error'],
    ['the probability is above 1', { calibrate: () => 1.01 }, {}, 'model_error'],
    ['the probability is not a number', { calibrate: () => NaN }, {}, 'model_error'],
    [
      'the model fails',
      failing(() => {
        throw new Error('out of order')
      }),
      {},
      'model_error',
    ],
  ])('where %s', (_what, bundle, replaced, reason) => {
    const score = createScore(scoringBundle(bundle), 2)(moment(replaced))
    expect(score.no_score_reason).toBe(reason)
    if (reason === null) expect(score.score).not.toBeNull()
    else
      expect(score).toEqual({
        score: null,
        probability: null,
        decision: null,
        no_score_reason: reason,
        reasons: [],
        baseline: null,
      })
  })
})

test('reasons are the largest contributions of either sign, in the order of the features where they are equal', () => {
  const contribution = fc.constantFrom(0, -0, 0.5, -0.5, 1, -1, 2.25, 1e-300)
  fc.assert(
    fc.property(fc.array(contribution, { maxLength: 20 }), fc.nat(8), (contributions, max) => {
      const names = contributions.map((_, i) => `f${i}`)
      const expected = names
        .map((feature, i) => ({ feature, value: i, contribution: contributions[i]! }))
        .filter(reason => reason.contribution !== 0)
        .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
        .slice(0, max)
      const features = Float64Array.from(names, (_, i) => i)
      expect(topReasons(names, features, Float64Array.from(contributions), max)).toEqual(expected)
    }),
  )
})

function moment(replaced: Partial<Moment>): Moment {
  return {
    kind: 'update',
    sessionId: 's1',
    visitor: 'v1',
    revision: 1,
    n: 1,
    features: Float64Array.of(1, 0, NaN),
    featureEventCount: 1,
    event: undefined,
    startedAt: 0 as EventTime,
    lastEventAt: 0 as EventTime,
    logTime: asCollectedTime(0),
    eventCount: 1,
    isBot: false,
    simulated: false,
    closedBy: undefined,
    goal: undefined,
    ...replaced,
  }
}
