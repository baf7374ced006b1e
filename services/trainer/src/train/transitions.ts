import type { FeatureSpec, SpecOf } from '@sluicebox/session/features/spec'

/** The transition features among `specs`, and for each a number of the state that it leaves. */
export function transitionFeatures(specs: readonly FeatureSpec[]): {
  readonly specs: readonly SpecOf<'transition'>[]
  readonly from: Int32Array
} {
  const transitions = specs.filter(spec => spec.kind === 'transition')
  const states = new Map<string, number>()
  const from = Int32Array.from(transitions, spec => {
    // A value of one field is another state than the same value of another, or of other events.
    const state = JSON.stringify([spec.of, spec.from, spec.where ?? null])
    const known = states.get(state) ?? states.size
    states.set(state, known)
    return known
  })
  return { specs: transitions, from }
}
