import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { schemasRoot } from '../events/event-folder.ts'
import { schemasIn } from '../events/other-files.ts'
import { parseSchema, SCHEMA_BYTES_MAX } from '../events/parse-schema.ts'
import { refOf, type SchemaName } from '../events/reference.ts'
import type { SchemaSource } from './source.ts'

/** What happened to one schema. */
export interface Copied {
  readonly ref: string
  /** `differs`: the folder holds another text, and keeps it. `unusable`: nothing was written. */
  readonly outcome: 'added' | 'replaced' | 'unchanged' | 'differs' | 'absent' | 'unusable'
  /** More about it, to be read after the outcome; may be empty. */
  readonly detail: string
}

export interface CopyOptions {
  readonly outDir: string
  /** The date that the lock file records, such as 2026-11-20. */
  readonly date: string
  /** Overwrite a schema whose text differs. */
  readonly replace: boolean
  /** Report what would happen, and write nothing. */
  readonly dryRun: boolean
}

/** What the lock file records of a schema: the source of its text, the date, and the hash of the text. */
interface Pinned {
  readonly source: string
  readonly date: string
  readonly sha256: string
}

/** The file beside the schemas that records what was copied, so that a later run can report what changed. */
export const LOCK_FILE = 'sluicebox-schemas.json'

/** Copies schemas into a folder, each once, and pins their texts. Every file is complete or absent. */
export async function* copySchemas(
  source: SchemaSource,
  wanted: readonly SchemaName[],
  { outDir, date, replace, dryRun }: CopyOptions,
): AsyncGenerator<Copied> {
  const lockFile = join(outDir, LOCK_FILE)
  const pins = readLock(lockFile)
  const root = existsSync(outDir) ? schemasRoot(outDir) : outDir
  for (const schema of wanted) yield await copy(schema)

  async function copy(schema: SchemaName): Promise<Copied> {
    const ref = refOf(schema)
    const text = await source.read(schema)
    if (text === undefined) return { ref, outcome: 'absent', detail: `${source.name} does not have it` }
    if (typeof text !== 'string') return { ref, outcome: 'unusable', detail: text.fault }
    if (Buffer.byteLength(text) > SCHEMA_BYTES_MAX)
      return { ref, outcome: 'unusable', detail: `is larger than ${SCHEMA_BYTES_MAX / 1024} KiB` }
    // The folder grows with each copy, so what it holds is asked again.
    const parsed = parseSchema(text, schema, existsSync(outDir) ? schemasIn([outDir]) : () => undefined)
    if ('faults' in parsed) return { ref, outcome: 'unusable', detail: parsed.faults.join('; ') }
    const file = fileOf(root, schema)
    const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined
    const detail = parsed.gaps.join('; ')
    if (before === text) return { ref, outcome: 'unchanged', detail }
    if (before !== undefined && !replace) return { ref, outcome: 'differs', detail: whose(before, pins[ref]) }
    if (!dryRun) {
      write(file, text)
      pins[ref] = { source: source.name, date, sha256: hash(text) }
      write(lockFile, `${JSON.stringify({ schemas: sorted(pins) }, null, 2)}\n`)
    }
    return { ref, outcome: before === undefined ? 'added' : 'replaced', detail }
  }
}

function whose(text: string, pinned: Pinned | undefined): string {
  if (pinned === undefined)
    return 'the file in the folder was not copied by this command; --replace overwrites it'
  return hash(text) === pinned.sha256
    ? `the source has another text than on ${pinned.date}, when it was copied; --replace takes it`
    : `the file in the folder was edited since ${pinned.date}; --replace overwrites it`
}

/** Returns the file of a schema in either layout; a new schema gets our layout. */
function fileOf(root: string, { vendor, name, version }: SchemaName): string {
  const iglu = join(root, vendor, name, 'jsonschema', version)
  return existsSync(iglu) ? iglu : join(root, vendor, name, `${version}.json`)
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  // A file that an interrupted run left has a name that no schema has.
  writeFileSync(`${file}.part`, text)
  renameSync(`${file}.part`, file)
}

function readLock(file: string): Record<string, Pinned> {
  if (!existsSync(file)) return {}
  try {
    const { schemas } = JSON.parse(readFileSync(file, 'utf8')) as { schemas: Record<string, Pinned> }
    return { ...schemas }
  } catch (error) {
    throw new Error(
      `${file} can't be read: ${(error as Error).message}. Remove it; the next run pins what it copies.`,
      {
        cause: error,
      },
    )
  }
}

function sorted(pins: Readonly<Record<string, Pinned>>): Record<string, Pinned> {
  return Object.fromEntries(Object.entries(pins).sort(([a], [b]) => (a < b ? -1 : 1)))
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
