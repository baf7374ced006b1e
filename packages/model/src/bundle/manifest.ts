import { z } from 'zod'

// bundle.json. Its fields are snake_case, as in the streams; schemas/bundle.json is the same as a JSON Schema, for
// other languages, made from here.

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 as 64 hexadecimal digits')
const instant = z.iso.datetime({ message: 'must be an instant in UTC, like 2026-11-20T15:00:00Z' })
const count = z.int().nonnegative()
const milliseconds = z.int().nonnegative()
const probability = z.number().min(0).max(1)
const line = z.string().min(1).max(1_000)
const text = z.string().max(20_000)

/** A declared feature. Here it needs a name only; packages/session gives meaning to the rest. */
const feature = z.looseObject({ name: z.string().min(1).max(200) })

const sketch = z
  .strictObject({
    count,
    missing: count,
    min: z.number().nullable(),
    max: z.number().nullable(),
    mean: z.number().nullable(),
    edges: z.array(z.number()).max(200),
    counts: z.array(count).max(201),
  })
  .refine(({ edges, counts }) => counts.length === edges.length + 1, 'must have one count more than edges')
  .refine(({ edges }) => isRising(edges), 'must have rising edges')

const metric = z.strictObject({
  name: z.enum([
    'roc_auc',
    'pr_auc',
    'brier',
    'log_loss',
    'calibration_error',
    'precision',
    'recall',
    'lift',
    'positive_rate',
  ]),
  value: z.number().nullable().describe('null where it is not defined, as AUC without a positive'),
  low: z.number().nullable().describe('lower end of the interval, null where there is none'),
  high: z.number().nullable(),
  confidence: probability.describe('of the interval'),
  moment: line.describe('scoring moment: after_1, after_3 … (events), last, pooled'),
  slice: z.strictObject({ feature: line, value: line }).nullable().describe('null: all rows'),
  dataset: z.enum(['train', 'validation', 'test', 'live_replay']),
  rows: count,
  positives: count,
})

const calibration = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('none') }),
  z.strictObject({
    method: z.literal('platt').describe('sigmoid(slope × score + offset)'),
    slope: z.number().nonnegative(),
    offset: z.number(),
  }),
  z
    .strictObject({
      method: z.literal('isotonic').describe('through the points (scores[i], probabilities[i])'),
      interpolation: z.enum(['linear', 'step']),
      scores: z.array(z.number()).min(1).max(10_000),
      probabilities: z.array(probability).min(1).max(10_000),
    })
    .refine(
      points => points.scores.length === points.probabilities.length,
      'must have a probability per score',
    )
    .refine(points => isRising(points.scores), 'must have rising scores')
    .refine(
      points => points.probabilities.every((p, i) => i === 0 || p >= points.probabilities[i - 1]!),
      'must not have falling probabilities',
    ),
])

const part = z.strictObject({
  rows: count,
  sessions: count,
  positives: count.describe('sessions that reached the goal'),
  from: instant.nullable(),
  to: instant.nullable(),
})

/** What the trainer fills in; the rest of the manifest follows from the files. */
const draftShape = {
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, 'must be lower case letters, digits, dots, dashes or underscores'),
  version: z.string().min(1).max(100),
  description: text,
  created_at: instant,
  author: line,
  licence: line.describe('SPDX identifier'),
  features: z.array(feature).min(1).max(65_536).describe('declarations, in the order of the rows'),
  data: z.strictObject({
    source: text.describe('where the events come from, with credit'),
    objects: z
      .array(z.strictObject({ key: line, sha256, bytes: count }))
      .max(200_000)
      .describe('the archive objects that were read'),
    from: instant.nullable(),
    to: instant.nullable(),
    rows: count,
    sessions: count,
    positives: count.describe('sessions that reached the goal'),
  }),
  label: z.strictObject({
    goal: line.describe('the action to be reached'),
    maturity_ms: milliseconds.describe('how long after its last event a session may still change its label'),
    definition: text,
  }),
  split: z.strictObject({
    method: text.describe('how rows were divided, as by visitor and by time'),
    seed: z.int(),
    train: part,
    validation: part.nullable(),
    test: part.nullable(),
  }),
  params: z.record(z.string(), z.json()).describe('hyperparameters'),
  seed: z.int(),
  code: z.strictObject({
    repository: line.nullable(),
    commit: line.nullable(),
    dirty: z.boolean().nullable(),
    version: line.describe('of Sluicebox'),
    node: line,
  }),
  reproduce: z.strictObject({
    command: text.describe('makes the same model.bin from the same data'),
    dataset_sha256: sha256.nullable().describe('of the training table'),
  }),
  metrics: z.array(metric).max(10_000),
  calibration,
  threshold: z.strictObject({ value: probability, chosen_by: text }),
  reference: z.strictObject({
    features: z.record(z.string(), sketch),
    score: sketch.describe('of the raw score'),
    probability: sketch.describe('after calibration'),
  }),
  importance: z
    .array(
      z.strictObject({
        feature: line,
        mean_contribution: z.number().nonnegative(),
        gain: z.number().nullable(),
      }),
    )
    .describe('mean of |contribution| over the test rows; gain of all splits, where the model has splits'),
  explain: z.strictObject({ method: text, reasons_max: count.describe('reasons on a scored record') }),
  intended_use: text,
  out_of_scope: z.array(text),
  limitations: z.array(text),
  sensitive_features: z.array(line),
  parent_id: sha256.nullable().describe('the bundle that this one replaces'),
  comparison: z
    .strictObject({
      bundle_id: sha256,
      metric: line,
      delta: z.number(),
      low: z.number().nullable(),
      high: z.number().nullable(),
      p: probability.nullable(),
    })
    .nullable(),
  not_before: instant.nullable(),
  expires_at: instant.nullable(),
  max_data_age_ms: milliseconds.nullable().describe('how old data.to may become'),
  fallback: z
    .array(
      z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('bundle'), id: sha256 }),
        z.strictObject({ kind: z.literal('probability'), value: probability }),
        z.strictObject({ kind: z.literal('none') }),
      ]),
    )
    .max(10)
    .describe('what to try, in order, when this bundle may not be used'),
}

const manifestShape = {
  format: z.literal('sluicebox-bundle'),
  format_version: z.literal(1),
  id: sha256.describe('of the manifest without id and signature, as canonical JSON: so of all files too'),
  ...draftShape,
  runtime: z.enum(['trees', 'linear', 'markov']),
  feature_hash: sha256.describe('of features, as canonical JSON'),
  files: z.strictObject({ 'model.bin': sha256, 'golden.ndjson': sha256, 'MODEL_CARD.md': sha256 }),
  signature: z
    .strictObject({
      algorithm: z.literal('ed25519'),
      key_id: z.string().regex(/^[0-9a-f]{16}$/),
      value: z.string().regex(/^[A-Za-z0-9+/]{86}==$/, 'must be 64 bytes in base64'),
    })
    .nullable()
    .describe('of the id'),
}

/** The schema of bundle.json: unknown keys are refused. */
export const manifestSchema = named(z.strictObject(manifestShape))
/** The schema of what `writeBundle` is given. */
export const draftSchema = named(z.strictObject(draftShape))

/** The manifest of a bundle. */
export type Manifest = z.infer<typeof manifestSchema>
/** The manifest less what `writeBundle` computes: id, hashes, runtime, signature. */
export type ManifestDraft = z.infer<typeof draftSchema>
export type Metric = z.infer<typeof metric>

/** The manifest in the text of a bundle.json; throws, naming every fault and its place. */
export function parseManifest(json: string): Manifest {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (cause) {
    throw new Error('bundle.json is not JSON.', { cause })
  }
  const result = manifestSchema.safeParse(value)
  if (!result.success) throw new Error(`bundle.json is not a valid manifest. ${describe(result.error)}`)
  return result.data
}

/** The JSON Schema of the manifest: schemas/bundle.json. Rules that span several fields are not in it. */
export function manifestJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(manifestSchema)
  return JSON.stringify({ $schema, title: 'Manifest of a Sluicebox bundle', ...schema })
}

/** All faults that zod found, one per line, each with its place. */
export function describe(error: z.ZodError): string {
  const faults = error.issues.map(issue => `${issue.path.join('.') || 'the whole'}: ${issue.message}`)
  const shown = faults.slice(0, 20)
  return [
    ...shown,
    ...(faults.length > shown.length ? [`and ${faults.length - shown.length} more`] : []),
  ].join('; ')
}

function named<Schema extends z.ZodType<{ features: { name: string }[]; reference: { features: object } }>>(
  schema: Schema,
) {
  return schema.superRefine(({ features, reference }, context) => {
    const names = new Set<string>()
    features.forEach(({ name }, index) => {
      if (names.has(name))
        context.addIssue({
          code: 'custom',
          path: ['features', index, 'name'],
          message: `another feature has the name ${name}`,
        })
      names.add(name)
    })
    for (const name of Object.keys(reference.features))
      if (!names.has(name))
        context.addIssue({
          code: 'custom',
          path: ['reference', 'features', name],
          message: 'is not a feature',
        })
  })
}

function isRising(numbers: readonly number[]): boolean {
  return numbers.every((number, i) => i === 0 || number > numbers[i - 1]!)
}
