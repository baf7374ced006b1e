import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileProblem } from '@sluicebox/runtime/file-problem'
import { z } from 'zod'

// A training table is a folder: the rows, dataset.json, which says what they were made of, and the feature list to
// edit. The fields of dataset.json are snake_case, as in a bundle's manifest, into which most of them go.

/** The files of a training table that is in the folder `dir`. */
export function tableFiles(dir: string): { rows: string; info: string; features: string } {
  return {
    rows: join(dir, 'rows.parquet'),
    info: join(dir, 'dataset.json'),
    features: join(dir, 'features.yaml'),
  }
}

const count = z.int().nonnegative()

const infoSchema = z.object({
  format: z.literal('sluicebox-dataset'),
  format_version: z.literal(1),
  rows_sha256: z.string(),
  source: z.object({
    description: z.string(),
    objects: z.array(z.object({ key: z.string(), sha256: z.string(), bytes: count })),
  }),
  features: z.array(z.looseObject({ name: z.string(), kind: z.string() })),
  feature_hash: z.string(),
  goal: z.string(),
  policy: z.record(z.string(), z.union([z.number(), z.string()])),
  maturity_ms: count,
  events: count,
  rows: count,
  sessions: count,
  positives: count,
  left_out: z.object({
    immature: count,
    bots: count,
    simulated: count,
    nothing_before_goal: count,
  }),
  rows_after_goal: count,
  from: z.iso.datetime().nullable(),
  to: z.iso.datetime().nullable(),
  warnings: z.array(z.string()),
  built_at: z.iso.datetime(),
  command: z.string(),
  code: z.object({
    repository: z.string().nullable(),
    commit: z.string().nullable(),
    dirty: z.boolean().nullable(),
    version: z.string(),
    node: z.string(),
  }),
})

/** What a training table was made of, and for which goal. */
export type DatasetInfo = z.infer<typeof infoSchema>
/** An archive object, or a file, that events were read from. */
export type SourceObject = DatasetInfo['source']['objects'][number]
/** The version of Sluicebox that made a file. */
export type CodeInfo = DatasetInfo['code']

/** The text of a dataset.json. */
export function writeInfo(info: DatasetInfo): string {
  return `${JSON.stringify(info, null, 2)}\n`
}

/**
 * Reads dataset.json and checks it against the rows beside it. Throws when it is missing or invalid, or describes
 * other rows.
 */
export async function readInfo(dir: string): Promise<DatasetInfo> {
  const { rows, info: path } = tableFiles(dir)
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Error(
      `there is no training table in ${dir}: ${path} can't be read, because ${fileProblem(error)}. Make one with "sluicebox dataset build --out ${dir}"`,
      { cause: error },
    )
  })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Error(`${path} is not JSON: ${(error as Error).message}`, { cause: error })
  }
  const parsed = infoSchema.safeParse(value)
  if (!parsed.success)
    throw new Error(
      `${path} does not describe a training table: ${parsed.error.issues
        .slice(0, 5)
        .map(issue => `${issue.path.join('.')}: ${issue.message}`)
        .join('; ')}`,
    )
  const actual = await fileSha256(rows).catch((error: unknown) => {
    throw new Error(`the training table in ${dir} lacks its rows: ${(error as Error).message}`, {
      cause: error,
    })
  })
  if (actual !== parsed.data.rows_sha256)
    throw new Error(
      `${path} describes other rows than ${rows}: their hashes differ. Build the table again, or keep the files of one build together`,
    )
  return parsed.data
}

/** An instant as dataset.json and manifests have it: ISO 8601 in UTC, null where it is unknown. */
export function instant(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}

/** SHA-256 of a file, in hexadecimal. */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
