import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { exampleDraft } from '../testing/example-draft.ts'
import { manifestJsonSchema, parseManifest, type Manifest } from './manifest.ts'

const SCHEMA_FILE = join(import.meta.dirname, '../../../../schemas/bundle.json')
const hash = 'a'.repeat(64)
const manifest: Manifest = {
  format: 'sluicebox-bundle',
  format_version: 1,
  id: hash,
  ...exampleDraft().manifest,
  runtime: 'linear',
  feature_hash: hash,
  files: { 'model.bin': hash, 'golden.ndjson': hash, 'MODEL_CARD.md': hash },
  signature: null,
}

test('schemas/bundle.json is the schema of the manifest', async () => {
  // After a change to the manifest: npx vitest run packages/model --update
  const options = { ...(await resolveConfig(SCHEMA_FILE)), filepath: SCHEMA_FILE }
  await expect(await format(manifestJsonSchema(), options)).toMatchFileSnapshot(SCHEMA_FILE)
})

test('schemas/bundle.json accepts what the manifest accepts', () => {
  const fromFile = z.fromJSONSchema(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')))
  expect(fromFile.safeParse(manifest).success).toBe(true)
  expect(fromFile.safeParse({ ...manifest, colour: 'red' }).success).toBe(false)
  expect(fromFile.safeParse({ ...manifest, created_at: 'yesterday' }).success).toBe(false)
})

test('a valid manifest is read unchanged', () => {
  expect(parseManifest(JSON.stringify(manifest))).toEqual(manifest)
})

describe('a manifest is refused', () => {
  const sketch = { count: 1, missing: 0, min: 1, max: 1, mean: 1, edges: [1, 2], counts: [1, 0, 0] }
  const isotonic = { method: 'isotonic', interpolation: 'linear', scores: [0, 1], probabilities: [0, 1] }
  test.each<{ fault: string; changed: object; message: RegExp }>([
    { fault: 'an unknown key', changed: { colour: 'red' }, message: /colour/ },
    { fault: 'a later format', changed: { format_version: 2 }, message: /format_version/ },
    { fault: 'no name', changed: { name: undefined }, message: /name/ },
    { fault: 'a name for a path', changed: { name: '../model' }, message: /lower case letters/ },
    {
      fault: 'a local time',
      changed: { created_at: '2026-01-01T00:00:00' },
      message: /created_at: must be an instant/,
    },
    { fault: 'a short hash', changed: { id: 'abc' }, message: /id: must be a SHA-256/ },
    { fault: 'no features', changed: { features: [] }, message: /features/ },
    {
      fault: 'a feature twice',
      changed: { features: [{ name: 'a' }, { name: 'a' }] },
      message: /features.1.name: another feature/,
    },
    {
      fault: 'a threshold above 1',
      changed: { threshold: { value: 1.1, chosen_by: '' } },
      message: /threshold.value/,
    },
    {
      fault: 'a sketch of no feature',
      changed: { reference: { ...manifest.reference, features: { none: sketch } } },
      message: /reference.features.none: is not a feature/,
    },
    {
      fault: 'a sketch with falling edges',
      changed: { reference: { ...manifest.reference, score: { ...sketch, edges: [2, 1] } } },
      message: /reference.score: must have rising edges/,
    },
    {
      fault: 'a falling calibration',
      changed: { calibration: { ...isotonic, probabilities: [1, 0] } },
      message: /calibration: must not have falling/,
    },
    {
      fault: 'a calibration with a score twice',
      changed: { calibration: { ...isotonic, scores: [1, 1] } },
      message: /calibration: must have rising scores/,
    },
    {
      fault: 'a platt that turns scores around',
      changed: { calibration: { method: 'platt', slope: -1, offset: 0 } },
      message: /slope/,
    },
  ])('with $fault', ({ changed, message }) => {
    expect(() => parseManifest(JSON.stringify({ ...manifest, ...changed }))).toThrow(message)
  })

  test('with all its faults named together', () => {
    const faulty = { ...manifest, id: 'x', seed: 0.5, author: '' }
    expect(() => parseManifest(JSON.stringify(faulty))).toThrow(/id: .*author: .*seed: /)
  })

  test('that is not JSON', () => {
    expect(() => parseManifest('{')).toThrow('bundle.json is not JSON.')
  })
})
