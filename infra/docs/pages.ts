// The pages of docs/reference that are made from the code, so that they can't be wrong.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { STREAMS } from '@sluicebox/event/records'
import { EVENT_SCHEMAS_DIR, loadEventSchemas } from '@sluicebox/registry/events/events'
import { SCHEMAS_DIR } from '@sluicebox/registry/streams/folder'
import { COUNTED_FIELDS, NUMBER_FIELDS, TEXT_FIELDS } from '@sluicebox/session/features/fields'
import { describeKinds } from '@sluicebox/session/features/spec'
import { listSettings } from '@sluicebox/runtime/config'
import type { Command } from 'commander'
import type { z } from 'zod'

const NOTE = '<!-- Made from the code by "npm run docs". -->\n'

/** Every setting: key, environment variable, type, default, meaning. */
export function configurationPage(schema: z.ZodType): string {
  const sections = Map.groupBy(listSettings(schema), setting =>
    setting.path.length > 1 ? (setting.path[0] as string) : '',
  )
  const tables = [...sections].map(([section, settings]) =>
    [
      section === '' ? '## For all' : `## ${section}`,
      '',
      '| setting | type | default | meaning |',
      '|---|---|---|---|',
      ...settings.map(
        ({ path, type, default: value, description }) =>
          `| \`${path.join('.')}\` | ${cell(type)} | ${defaultOf(path, value)} | ${cell(description)} |`,
      ),
      '',
    ].join('\n'),
  )
  return `${NOTE}# Configuration

One file, \`sluicebox.yaml\` (or \`--config FILE\`), overridden by environment variables, overridden by flags. The environment variable of
a setting is its path in upper case with underscores: \`collector.limits.bodyBytesMax\` is \`SLUICEBOX_COLLECTOR_LIMITS_BODY_BYTES_MAX\`. Lists are written as
YAML: \`SLUICEBOX_ENRICHER_SCHEMA_DIRS='[schemas]'\`. All faults are reported together, each with its place; an unknown key is a fault.
\`sluicebox config check\` checks, \`sluicebox config print\` shows what is in force.

${tables.join('\n')}`
}

/** A default as a person says it, and as it is written in the file: `64 MiB`, `30 min`. */
export function defaultOf(path: readonly string[], value: unknown): string {
  if (value === undefined) return ''
  const written = `\`${JSON.stringify(value)}\``
  if (typeof value !== 'number' || value === 0) return written
  const name = path.at(-1) ?? ''
  const spoken = /Ms(Max|Min)?$/.test(name)
    ? spokenIn(value, DURATIONS)
    : /[bB]ytes(Max|Min)?$/.test(name)
      ? spokenIn(value, SIZES)
      : undefined
  return spoken === undefined ? written : `${spoken} (${written})`
}

const DURATIONS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const
const SIZES = [
  [2 ** 30, 'GiB'],
  [2 ** 20, 'MiB'],
  [2 ** 10, 'KiB'],
  [1e9, 'GB'],
  [1e6, 'MB'],
] as const

/** In the largest unit that gives a whole number. */
function spokenIn(
  value: number,
  units: readonly (readonly [size: number, unit: string])[],
): string | undefined {
  const [size, unit] = units.find(([size]) => value % size === 0) ?? []
  return size === undefined ? undefined : `${value / size} ${unit}`
}

/** Every command with its arguments, options and examples. */
export function commandsPage(program: Command): string {
  const parts: string[] = []
  const visit = (command: Command, path: string): void => {
    // The width must not depend on the terminal that the page is made in.
    command.configureHelp({ helpWidth: 80 })
    if (command.commands.length > 0) {
      for (const child of command.commands) visit(child, `${path} ${child.name()}`)
      return
    }
    parts.push(
      `## ${path}\n\n${capital(command.description())}.\n\n\`\`\`text\n${command.helpInformation().trim()}\n${afterHelp(command)}\`\`\`\n`,
    )
  }
  for (const child of program.commands) visit(child, child.name())
  return `${NOTE}# Commands

Data goes to standard output, messages to standard error. \`--json\` prints values for programs. Colours follow \`NO_COLOR\`. Exit status: 0
done, 1 failed, 2 the command was not understood.

${parts.join('\n')}`
}

/** The fields of the four streams. */
export function streamsPage(): string {
  const tables = STREAMS.map(stream => {
    const schema = JSON.parse(readFileSync(join(SCHEMAS_DIR, 'avro', `${stream}.avsc`), 'utf8')) as {
      doc: string
      fields: { name: string; type: unknown; doc: string }[]
    }
    return [
      `## ${stream}`,
      '',
      schema.doc,
      '',
      '| field | type | meaning |',
      '|---|---|---|',
      ...schema.fields.map(
        field => `| \`${field.name}\` | ${cell(avroType(field.type))} | ${cell(field.doc)} |`,
      ),
      '',
    ].join('\n')
  })
  return `${NOTE}# Streams

Every record is Avro in Confluent framing: a zero byte, the schema id as four bytes, the Avro body. The key is the visitor. The schemas
are in \`schemas/avro\` and stay fully compatible with all their earlier versions.

${tables.join('\n')}`
}

/** The event and entity schemas that ship. */
export function eventSchemasPage(): string {
  const rows = loadEventSchemas([EVENT_SCHEMAS_DIR])
    .list()
    .toSorted((a, b) => (a.ref < b.ref ? -1 : 1))
    .map(schema => `| \`${schema.ref}\` | ${cell(schema.description)} |`)
  return `${NOTE}# Event schemas

What the enricher validates events and entities against. Put your own into a folder of the same layout, \`<vendor>/<name>/<version>.json\`,
and name it in \`enricher.schemaDirs\`; yours come first.
[Use an Iglu registry](../how-to/use-an-iglu-registry.md) says how they are copied from one.

| schema | meaning |
|---|---|
${rows.join('\n')}
`
}

/** The reasons for which an event goes to bad. */
export function reasonsPage(
  reasons: Readonly<
    Record<string, { readonly scope: string; readonly when: string; readonly remedy: string }>
  >,
): string {
  return `${NOTE}# Reasons in \`bad\`

A payload is a whole request; where one event of it can't be used, the others are kept.

| reason | what is refused | when | what to do |
|---|---|---|---|
${Object.entries(reasons)
  .map(
    ([code, { scope, when, remedy }]) =>
      `| \`${code}\` | ${scope} | ${cell(capital(when))} | ${cell(remedy)} |`,
  )
  .join('\n')}
`
}

/** The names of browsers, systems, devices and bots that an event can carry. */
export function agentsPage({
  browsers,
  systems,
  devices,
  bots,
  kinds,
}: {
  readonly browsers: readonly string[]
  readonly systems: readonly string[]
  readonly devices: readonly string[]
  readonly bots: readonly string[]
  readonly kinds: Readonly<Record<string, string>>
}): string {
  return `${NOTE}# Browsers, systems, devices and bots

The lists are closed: whatever a client sends, these are the only values of the columns of \`good\` can have.
What is not in a list is \`Other\`; without a user agent and client hints the columns are null.
The column \`enricher\` says which edition of the lists an event was read with (\`agents/…\`).

## browser_name

Of a person: ${names(browsers)}.

An app that shows a page has its own name; \`Android WebView\` and \`iOS WebView\` are apps that do not give theirs, and \`App\` is one that sends events itself.

Of a bot: ${names(bots)}.

## os_name

${names(systems)}.

An iPad is \`iOS\`, an Android television and a Quest are \`Android\`, every distribution of Linux is \`Linux\`.

## device_type

${names(devices)}; null when nothing tells.

A browser on Android that does not say Mobile is on a tablet.
An iPad that asks for desktop pages looks like a Mac, and counts as \`desktop\` unless client hints or the tracker of an app say otherwise.

## bot_reason

| reason | the program |
|---|---|
${Object.entries(kinds)
  .map(([kind, meaning]) => `| \`${kind}\` | ${cell(capital(meaning))}. |`)
  .join('\n')}
| \`webdriver\` | Is a browser that says itself that a program drives it. |

A request of an app by okhttp, Dalvik, Dart or CFNetwork is a person's, as long as it does not call itself a bot.

## Client hints

Browsers freeze most of their user agents, so client hints take precedence: the entity \`http_client_hints\` of the tracker, then \`mobile_context\` of an app's tracker, then the headers \`Sec-CH-UA…\` of the request.
The headers count only when the event's user agent is the request's: a server that passes events on has hints of its own.
Made-up brands are ignored, and a user agent that names an app or a browser more exactly than \`Chrome\`, \`Chromium\` or a web view keeps its name.

| hint | what it decides |
|---|---|
| \`Sec-CH-UA\`, \`-Full-Version-List\` | browser and its version |
| \`Sec-CH-UA-Platform\`, \`-Platform-Version\` | system and its version; Windows 11 is 13 and above |
| \`Sec-CH-UA-Mobile\` | phone, tablet or desktop |
| \`Sec-CH-UA-Model\` | tablets, televisions, headsets and consoles that are known by their model |

By default the collector keeps the three that every browser sends to every site: \`Sec-CH-UA\`, \`-Mobile\` and \`-Platform\`.
For the others let the tracker send the entity, or let your pages answer with \`Accept-CH\` and a \`Permissions-Policy\` that names the collector, and add the headers to \`collector.privacy.storedHeaders\`.
The collector sends no \`Accept-CH\` itself: browsers only obey it on pages.
Of anonymous visitors neither the model nor a full version is kept, whatever is configured.
`
}

/** What features can be made of events. */
export function featuresPage(): string {
  const kinds = describeKinds().map(({ kind, description, keys }) => {
    const list = keys.map(
      ({ key, isRequired, description: meaning }) =>
        `\`${key}\`${isRequired ? '' : '?'}${meaning === '' ? '' : ` ${cell(meaning)}`}`,
    )
    return `| \`${kind}\` | ${cell(description)} | ${list.join('<br>')} |`
  })
  return `${NOTE}# Features

A list of these makes up the features of a bundle: see [add a feature](../how-to/features.md). Every one has a \`name\` and a \`kind\`; the other keys are
below, with a question mark where they may be left out. \`where\` filters events. Counts and sums begin at 0; where there is nothing to say a feature is missing.

| kind | what it is, and its state per session | keys |
|---|---|---|
${kinds.join('\n')}

Fields of text (\`where\`, \`of\` of first_touch, sequence, transition, entropy): ${names(TEXT_FIELDS)}.

Fields that can be counted but not read (\`of\` of distinct, revisits, entropy): ${names(COUNTED_FIELDS)}.

Fields of numbers (\`of\` of sum, mean, std, min, max, first, last): ${names(NUMBER_FIELDS)}.
\`price\` and \`revenue\` are those in the base currency where there is one (\`enricher.currency\`), else as they were sent.
`
}

function names(fields: readonly string[]): string {
  return fields.map(field => `\`${field}\``).join(', ')
}

function avroType(type: unknown): string {
  if (typeof type === 'string') return type
  if (Array.isArray(type)) return type.map(avroType).join(' or ')
  const {
    type: name,
    items,
    logicalType,
    fields,
  } = type as {
    type: string
    items?: unknown
    logicalType?: string
    fields?: { name: string }[]
  }
  if (logicalType !== undefined) return logicalType
  if (name === 'array') return `list of ${avroType(items)}`
  return fields === undefined ? name : `{${fields.map(field => field.name).join(', ')}}`
}

function afterHelp(command: Command): string {
  // Commander prints it on an event and offers no way to read it.
  let text = ''
  command.configureOutput({ writeOut: more => (text += more) })
  command.outputHelp()
  return text.slice(command.helpInformation().length)
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)
