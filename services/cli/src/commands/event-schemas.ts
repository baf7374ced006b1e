import { readFileSync } from 'node:fs'
import { copySchemas, type Copied } from '@sluicebox/registry/catalogue/copy'
import { folderSource, registrySource, type SchemaSource } from '@sluicebox/registry/catalogue/source'
import { versionsOf } from '@sluicebox/registry/catalogue/versions'
import { readEventSchemas, type SchemaFinding } from '@sluicebox/registry/events/event-folder'
import { EVENT_SCHEMAS_DIR } from '@sluicebox/registry/events/events'
import { schemasIn } from '@sluicebox/registry/events/other-files'
import { parseRef, refOf, type SchemaName } from '@sluicebox/registry/events/reference'
import type { Command } from 'commander'
import { openStreams } from '../data.ts'
import { EXIT } from '../exit-codes.ts'
import { missingSchemas } from '../inspect/missing-schemas.ts'
import { UsageError } from '../options.ts'
import { readConfig, type Config } from '../read-config.ts'
import { paint, print, table, tell } from '../terminal.ts'

/** Schemas that one run may copy. */
const SCHEMAS_MAX = 5_000
const KEY_VARIABLE = 'IGLU_API_KEY'

interface AddOptions {
  readonly config?: string
  readonly data?: string
  readonly out?: string
  readonly file?: string
  readonly missing?: true
  readonly apiKeyFile?: string
  readonly replace?: true
  readonly dryRun?: true
  readonly json?: true
}

/** Adds the commands that concern the schemas of events, which are files in folders. */
export function addEventSchemas(schemas: Command): void {
  schemas
    .command('add')
    .description('copies schemas of events from an Iglu registry or a folder into your own folder')
    .argument('<from>', 'address of an Iglu registry, static or a server, or a folder')
    .argument('[name...]', 'iglu:vendor/name/jsonschema/1-0-0; without a version, all that are found')
    .option('--file <file>', 'a file with further names, one per line')
    .option('--missing', 'copy the schemas that events in the log refer to and that no folder holds')
    .option('--out <dir>', 'folder to copy into (default: the first of enricher.schemaDirs)')
    .option('--replace', 'overwrite schemas whose text differs')
    .option('--api-key-file <file>', `file with the key of an Iglu Server (or the variable ${KEY_VARIABLE})`)
    .option('--config <file>', 'the configuration file (default: sluicebox.yaml, if it exists)')
    .option('--data <dir>', 'the data directory, for --missing (default: data)')
    .option('--dry-run', 'report what would be copied, and write nothing')
    .option('--json', 'one JSON value per line')
    .addHelpText(
      'after',
      `
Each schema is copied once and pinned: a lock file beside them holds its source, date and hash, and a later run says
what differs. Without names, everything is copied that the folder or the server lists; a static registry has no list.
Restart the enrichers afterwards. Ends with 1 when a schema is absent, unusable or different; the others are copied.

Examples:
  $ sluicebox schemas add https://iglu.acme.com/api --api-key-file key --out schemas
  $ sluicebox schemas add https://registry.acme.com iglu:com.acme/basket/jsonschema
  $ sluicebox schemas add https://registry.acme.com --missing --dry-run
  $ sluicebox schemas add ../iglu-central com.acme/basket/jsonschema/1-0-0 --out schemas`,
    )
    .action(add)

  schemas
    .command('lint')
    .description("reports which of your schemas of events can't be used at all or in part, and why")
    .argument('[dir...]', 'folders (default: enricher.schemaDirs)')
    .option('--config <file>', 'the configuration file (default: sluicebox.yaml, if it exists)')
    .option('--json', 'one JSON value per line')
    .addHelpText(
      'after',
      `
Ends with 1 when a file is unusable.

Examples:
  $ sluicebox schemas lint
  $ sluicebox schemas lint schemas --json`,
    )
    .action(lint)
}

async function add(from: string, names: readonly string[], options: AddOptions): Promise<void> {
  const config = readConfig({ dataDir: options.data }, options.config)
  const outDir = options.out ?? config.enricher.schemaDirs[0]
  if (outDir === undefined)
    throw new UsageError(
      'no folder to copy into: give --out DIR, or set enricher.schemaDirs in the configuration',
    )
  const asked = [...names, ...(options.file === undefined ? [] : readLines(options.file))].map(named)
  const source = open(from, options.apiKeyFile)
  if (options.missing === true) asked.push(...(await inLog(config)).map(named))
  const isAll = names.length === 0 && options.file === undefined && options.missing === undefined
  const wanted = isAll ? await everything(source) : await resolve(source, asked)
  const done: Copied[] = []
  const date = new Date().toISOString().slice(0, 10)
  const { replace = false, dryRun = false } = options
  for await (const each of copySchemas(source, wanted, { outDir, date, replace, dryRun })) {
    done.push(each)
    if (options.json) print(JSON.stringify(each))
  }
  if (options.json === undefined) show(done, outDir, config.enricher.schemaDirs, dryRun)
  if (done.some(({ outcome }) => FAILURES.has(outcome))) process.exitCode = EXIT.failed
}

const FAILURES: ReadonlySet<Copied['outcome']> = new Set(['absent', 'unusable', 'differs'])

function show(done: readonly Copied[], outDir: string, schemaDirs: readonly string[], isDry: boolean): void {
  if (done.length > 0)
    print(
      table([
        ['schema', 'what happened'],
        ...done.map(({ ref, outcome, detail }) => [ref, detail === '' ? outcome : `${outcome}: ${detail}`]),
      ]),
    )
  const copied = done.filter(({ outcome }) => outcome === 'added' || outcome === 'replaced').length
  tell(`${copied} schemas ${isDry ? 'would be' : 'were'} copied into ${outDir}`)
  if (copied > 0 && !schemaDirs.includes(outDir))
    tell(`name it in the configuration: enricher.schemaDirs: [${outDir}]`)
}

function named(text: string): Pick<SchemaName, 'vendor' | 'name'> & { readonly version?: string } {
  const parsed = parseRef(text)
  if (parsed !== undefined) return parsed
  throw new UsageError(
    `${JSON.stringify(text)} is not the name of a schema, such as iglu:com.acme/basket/jsonschema/1-0-0, or the same without the version`,
  )
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .map(line => line.trim())
      .filter(line => line !== '' && !line.startsWith('#'))
  } catch (error) {
    throw new UsageError(`the names in ${file} can't be read: ${(error as Error).message}`)
  }
}

function open(from: string, apiKeyFile: string | undefined): SchemaSource {
  const isAddress = /^[a-z][a-z0-9+.-]*:\/\//i.test(from)
  if (!isAddress) return folderSource(from)
  if (!/^https?:/i.test(from))
    throw new UsageError(`${from} is neither an http or https address nor a folder`)
  const apiKey = readKey(apiKeyFile)
  try {
    return registrySource(from, apiKey === undefined ? {} : { apiKey })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function readKey(file: string | undefined): string | undefined {
  const where = file ?? KEY_VARIABLE
  let key: string | undefined
  try {
    key = (file === undefined ? process.env[KEY_VARIABLE] : readFileSync(file, 'utf8'))?.trim()
  } catch (error) {
    throw new UsageError(`the key in ${where} can't be read: ${(error as Error).message}`)
  }
  if (key !== undefined && !/^[\x21-\x7e]{1,1000}$/.test(key))
    throw new UsageError(`${where} does not hold a key: one is a line of letters, digits and signs`)
  return key
}

async function inLog(config: Config): Promise<string[]> {
  await using streams = await openStreams(config)
  return await missingSchemas(streams)
}

async function everything(source: SchemaSource): Promise<SchemaName[]> {
  const listed = await source.list()
  if (listed === undefined)
    throw new UsageError(`${source.name} has no list of its schemas: name them, or use --missing or --file`)
  return limited(listed)
}

/**
 * Returns the schemas that names refer to, each once. A name without a version refers to every version that is found,
 * and to the first version when none is.
 */
async function resolve(
  source: SchemaSource,
  asked: readonly ReturnType<typeof named>[],
): Promise<SchemaName[]> {
  const found = new Map<string, SchemaName>()
  for (const { vendor, name, version } of asked) {
    const versions =
      version === undefined ? await versionsOf(source, { vendor, name }) : [{ vendor, name, version }]
    for (const schema of versions.length > 0 ? versions : [{ vendor, name, version: '1-0-0' }])
      found.set(refOf(schema), schema)
  }
  return limited([...found.values()])
}

function limited(schemas: SchemaName[]): SchemaName[] {
  if (schemas.length > SCHEMAS_MAX)
    throw new UsageError(
      `${schemas.length} schemas are too many for one run; ${SCHEMAS_MAX} are allowed: name those that you use`,
    )
  return schemas
}

function lint(dirs: readonly string[], options: { config?: string; json?: true }): void {
  const folders = dirs.length > 0 ? dirs : readConfig({}, options.config).enricher.schemaDirs
  if (folders.length === 0)
    throw new UsageError('name a folder, or give enricher.schemaDirs in the configuration')
  const findings: SchemaFinding[] = []
  const report = (finding: SchemaFinding): void => void findings.push(finding)
  const find = schemasIn([...folders, EVENT_SCHEMAS_DIR])
  let usable = 0
  for (const { file, compile } of folders.flatMap(dir => readEventSchemas(dir, find, report)))
    try {
      compile()
      usable++
    } catch (error) {
      report({ file, level: 'unusable', reason: `is not a schema: ${(error as Error).message}` })
    }
  for (const { file, level, reason } of findings)
    print(
      options.json
        ? JSON.stringify({ file, level, reason })
        : `${paint(level === 'unusable' ? 'red' : 'yellow', level)}  ${file}: ${reason}`,
    )
  if (options.json === undefined) tell(`${usable} schemas can be used`)
  if (findings.some(({ level }) => level === 'unusable')) process.exitCode = EXIT.failed
}
