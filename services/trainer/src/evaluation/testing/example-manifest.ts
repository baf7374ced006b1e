import type { Manifest, ManifestDraft } from '@sluicebox/model/bundle/manifest'
import { exampleDraft } from '@sluicebox/model/testing/example-draft'

/** For tests: a manifest with something in each part that reports show. */
export function exampleManifest(replaced: Partial<ManifestDraft> = {}): Manifest {
  const part = {
    rows: 1_000,
    sessions: 200,
    positives: 30,
    from: '2026-01-01T00:00:00Z',
    to: '2026-02-01T00:00:00Z',
  }
  const draft = exampleDraft(['carts', 'elapsed'], {
    manifest: {
      name: 'shop',
      version: '2026.2',
      data: { ...exampleDraft().manifest.data, ...part, source: 'Our shop' },
      split: { method: 'by visitor and by time', seed: 0, train: part, validation: part, test: part },
      importance: [
        { feature: 'carts', mean_contribution: 0.5, gain: 12 },
        { feature: 'elapsed', mean_contribution: 0.25, gain: null },
      ],
      limitations: ['Trained on one shop.'],
      out_of_scope: ['Other shops.'],
      ...replaced,
    },
  })
  const hash = 'c'.repeat(64)
  return {
    format: 'sluicebox-bundle',
    format_version: 1,
    id: hash,
    ...draft.manifest,
    runtime: 'linear',
    feature_hash: hash,
    files: { 'model.bin': hash, 'golden.ndjson': hash, 'MODEL_CARD.md': hash },
    signature: null,
  }
}
