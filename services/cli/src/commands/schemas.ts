import { STREAMS } from '@sluicebox/event/records'
import { checkStream, type SchemaFinding } from '@sluicebox/registry/streams/check'
import { SCHEMAS_DIR } from '@sluicebox/registry/streams/folder'
import { pullStream } from '@sluicebox/registry/streams/pull'
import { pushStream, type Pushed, type PushedSchema } from '@sluicebox/registry/streams/push'
import { COMPATIBILITY_LEVEL, openServer, type SchemaServer } from '@sluicebox/registry/streams/server'
import { subjectPrefixOf } from '@sluicebox/stream/config'
import type { Command } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { UsageError } from '../options.ts'
import { readConfig } from '../read-config.ts'
import { paint, print, table, tell } from '../terminal.ts'
import { addEventSchemas } from './event-schemas.ts'

interface CommonOptions {
  readonly config?: string
  readonly registry?: string
  readonly schemas?: string
  readonly json?: true
}

export function addSchemas(program: Command): void {
  const schemas = program
    .command('schemas')
    .description('schemas: of events in folders, and of the streams in a schema registry')
  addEventSchemas(schemas)

  common(schemas.command('push'))
    .description('registers the schemas of all streams, and sets the compatibility of their subjects')
    .option('--dry-run', 'report what would be registered, and change nothing')
    .addHelpText(
      'after',
      `
Run it before you start the processes of a new release. It leaves registered schemas unchanged, so you can run it again
at any time. It sets each subject to ${COMPATIBILITY_LEVEL}, then registers released versions before the current one: the
registry itself refuses a schema that would break readers. Ends with 1 when the registry refuses one.

Examples:
  $ sluicebox schemas push --registry http://localhost:8081
  $ sluicebox schemas push --config sluicebox.yaml --dry-run`,
    )
    .action(async (options: CommonOptions & { dryRun?: true }) => {
      const { server, ...folder } = open(options)
      const pushed: Pushed[] = []
      for (const stream of STREAMS)
        pushed.push(await pushStream(server, stream, { ...folder, dryRun: options.dryRun === true }))
      const refused = pushed.flatMap(({ schemas }) => schemas.filter(({ outcome }) => outcome === 'refused'))
      if (options.json) printEach(pushed)
      else showPushed(pushed, refused, options.dryRun === true)
      if (refused.length > 0) process.exitCode = EXIT.failed
    })

  common(schemas.command('check'))
    .description('compares the schemas of this release with what the registry holds')
    .addHelpText(
      'after',
      `
Ends with 1 when a schema is missing or incompatible with those that the registry holds, or when a subject would accept
incompatible schemas.

Examples:
  $ sluicebox schemas check
  $ sluicebox schemas check --registry http://localhost:8081 --json`,
    )
    .action(async (options: CommonOptions) => {
      const { server, ...folder } = open(options)
      const findings: SchemaFinding[] = []
      for (const stream of STREAMS) findings.push(...(await checkStream(server, stream, folder)))
      if (options.json) printEach(findings)
      else
        for (const { subject, fault, advice } of findings)
          print(`${paint('red', subject)}: ${fault}. ${advice}`)
      if (findings.length > 0) process.exitCode = EXIT.failed
      else if (options.json === undefined) tell(`${server.url} holds the schemas of all streams`)
    })

  common(schemas.command('pull'))
    .description('writes the schemas that the registry holds into a folder, for comparison')
    .requiredOption('--out <dir>', 'where to write: <dir>/avro, laid out as the schemas that ship')
    .addHelpText(
      'after',
      `
Example:
  $ sluicebox schemas pull --out pulled && diff -r schemas/avro pulled/avro`,
    )
    .action(async (options: CommonOptions & { out: string }) => {
      const { server, ...folder } = open(options)
      const files: string[] = []
      for (const stream of STREAMS)
        files.push(...(await pullStream(server, stream, { ...folder, outDir: options.out })))
      if (options.json) printEach(files)
      else for (const file of files) print(file)
      if (files.length > 0) return
      throw new Error(
        `${server.url} holds none of the streams' schemas under subjects such as ${folder.subjectPrefix}raw-value. Register them: sluicebox schemas push`,
      )
    })
}

function common(command: Command): Command {
  return command
    .option('--config <file>', 'the configuration file')
    .option('--registry <url>', 'address of the registry, instead of registry.url')
    .option('--schemas <dir>', 'folder of the schemas, instead of those that ship')
    .option('--json', 'one JSON value per line')
}

function open(options: CommonOptions): { server: SchemaServer; subjectPrefix: string; dir: string } {
  const { registry, log } = readConfig({ registry: { url: options.registry } }, options.config)
  const { url } = registry
  if (url === undefined)
    throw new UsageError(
      'no schema registry is configured: give --registry URL, or registry.url in the configuration. Without one the schemas that ship are used, and there is nothing to register.',
    )
  return {
    server: openServer({ ...registry, url }),
    subjectPrefix: subjectPrefixOf(log),
    dir: options.schemas ?? SCHEMAS_DIR,
  }
}

function printEach(values: readonly unknown[]): void {
  for (const value of values) print(JSON.stringify(value))
}

function showPushed(pushed: readonly Pushed[], refused: readonly PushedSchema[], isDry: boolean): void {
  for (const { subject, levelBefore } of pushed)
    if (levelBefore !== null)
      tell(
        `${subject}: compatibility ${isDry ? 'would be' : 'was'} set to ${COMPATIBILITY_LEVEL} (before: ${levelBefore})`,
      )
  const rows = pushed.flatMap(({ schemas }) =>
    schemas.map(({ subject, schema, version, id, outcome }) => [
      subject,
      schema,
      version === null ? '-' : String(version),
      id === null ? '-' : String(id),
      outcome,
    ]),
  )
  print(table([['subject', 'schema', 'version', 'id', 'what happened'], ...rows]))
  for (const { subject, schema, why } of refused) tell(`${subject}: ${schema} is refused: ${why}`)
}
