import type { BundleDraft } from '../bundle/bundle.ts'
import type { ManifestDraft } from '../bundle/manifest.ts'
import { createSketch } from '../sketch.ts'

/** For tests: a complete draft of a bundle over features with these names; anything in it can be replaced. */
export function exampleDraft(
  features: readonly string[] = ['events', 'carts'],
  replaced: Partial<Omit<BundleDraft, 'manifest'>> & { readonly manifest?: Partial<ManifestDraft> } = {},
): BundleDraft {
  const { manifest, ...rest } = replaced
  const count = features.length
  return {
    parameters: {
      kind: 'linear',
      intercept: -2,
      weights: Float64Array.from(features, (_name, i) => 1 / (i + 1)),
      means: new Float64Array(count),
      scales: new Float64Array(count).fill(1),
    },
    golden: [
      { session: null, features: [new Float64Array(count).fill(NaN), new Float64Array(count).fill(1)] },
    ],
    card: '# Example\n\nFor tests.\n',
    ...rest,
    manifest: { ...exampleManifest(features), ...manifest },
  }
}

function exampleManifest(features: readonly string[]): ManifestDraft {
  const nothing = { rows: 0, sessions: 0, positives: 0, from: null, to: null }
  return {
    name: 'example',
    version: '1',
    description: 'A bundle for tests.',
    created_at: '2026-01-01T00:00:00Z',
    author: 'Sluicebox',
    licence: 'Apache-2.0',
    features: features.map(name => ({ name })),
    data: { source: 'made up', objects: [], ...nothing },
    label: { goal: 'transaction', maturity_ms: 0, definition: 'The session has a transaction.' },
    split: { method: 'none', seed: 0, train: nothing, validation: null, test: null },
    params: {},
    seed: 0,
    code: { repository: null, commit: null, dirty: null, version: '0.1.0', node: 'v24' },
    reproduce: { command: 'none', dataset_sha256: null },
    metrics: [],
    calibration: { method: 'none' },
    threshold: { value: 0.5, chosen_by: 'hand' },
    reference: { features: {}, score: createSketch([]), probability: createSketch([]) },
    importance: [],
    explain: { method: 'exact', reasons_max: 5 },
    intended_use: 'Tests.',
    out_of_scope: [],
    limitations: [],
    sensitive_features: [],
    parent_id: null,
    comparison: null,
    not_before: null,
    expires_at: null,
    max_data_age_ms: null,
    fallback: [],
  }
}
