import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ConfigError, loadConfig } from '@sluicebox/runtime/config'
import { z } from 'zod'
import { ENCODINGS } from './text.ts'
import { timeFormat } from './time-format.ts'

export const MAPS_DIR = join(import.meta.dirname, '../../maps')

const field = z.string().min(1)

/** Where the parts of an event are in a row of a recording. Fields in objects are named with dots: product.id. */
export const mapSchema = z.strictObject({
  format: z
    .enum(['csv', 'ndjson'])
    .describe('csv with a header line, or one JSON object per line (also .jsonl).'),
  encoding: z
    .enum(ENCODINGS)
    .default('utf-8')
    .describe('Encoding of the file. A file with bytes of another encoding is refused.'),
  delimiter: z.string().length(1).default(',').describe('Separates the columns of a csv.'),
  as_is: z
    .boolean()
    .default(false)
    .describe(
      'Each row is an event of POST /v1/events and is kept whole. The map then names only time, visitor and event_id.',
    ),
  rows: field
    .optional()
    .describe(
      'A field that holds a list: each of its items is a row, with the fields around the list added.',
    ),
  time: z
    .strictObject({
      field,
      format: z
        .string()
        .refine(isTimeFormat, {
          error: issue =>
            `"${String(issue.input)}" is not a time format: write iso, epoch_s, epoch_ms, epoch_us, or a pattern such as yyyy-MM-dd HH:mm:ss (quote other letters)`,
        })
        .default('iso'),
    })
    .describe('When the event happened.'),
  visitor: field.describe('The visitor: the key of the stream.'),
  session: field
    .optional()
    .describe('The session; without it, sessions end after 30 minutes without an event.'),
  event_id: field
    .optional()
    .describe('Id of the event; without it, one is made from the content of the row.'),
  action: z
    .strictObject({
      field: field.optional(),
      constant: z.string().optional().describe('The same action for all rows.'),
      values: z.record(z.string(), z.string()).default({}).describe('Translations: view: product_view.'),
      others: z
        .enum(['keep', 'skip', 'refuse'])
        .default('refuse')
        .describe('A name without translation: keep it as the action, skip the row, or refuse the file.'),
    })
    .refine(action => (action.field === undefined) !== (action.constant === undefined), {
      error: 'needs either field or constant',
    }),
  user: field.optional().describe('Id of the customer who is signed in.'),
  product: field.optional(),
  product_name: field.optional(),
  category: field.optional(),
  price: field.optional(),
  quantity: field.optional(),
  currency: field.optional(),
  revenue: field.optional(),
  order: field.optional(),
  page_url: field.optional(),
  page_title: field.optional(),
  referrer: field.optional(),
  page_kind: field.optional(),
  search_term: field.optional(),
  user_agent: field.optional(),
  properties: z
    .record(z.string(), field)
    .default({})
    .describe('Further fields to keep, by the name to keep them under.'),
  constants: z
    .strictObject({
      app_id: z.string().optional(),
      platform: z.string().optional(),
      currency: z.string().optional(),
    })
    .default({})
    .describe('The same for all rows.'),
})

export type RecordingMap = z.infer<typeof mapSchema>

/** The fields of a row that the map names. */
export function mappedFields(map: RecordingMap): string[] {
  const { time, action, properties, constants, format, encoding, delimiter, as_is, ...fields } = map
  return [time.field, action.field, ...Object.values(fields), ...Object.values(properties)].filter(
    name => name !== undefined,
  )
}

function isTimeFormat(format: string): boolean {
  try {
    timeFormat(format)
    return true
  } catch {
    return false
  }
}

/** The map in a file, or one that ships with Sluicebox, by name. Throws with all faults, or with the names of the maps that ship. */
export function loadMap(nameOrPath: string): RecordingMap {
  const shipped = join(MAPS_DIR, `${nameOrPath}.yaml`)
  const file = existsSync(nameOrPath) ? nameOrPath : existsSync(shipped) ? shipped : undefined
  if (file === undefined) {
    const names = readdirSync(MAPS_DIR).map(name => basename(name, '.yaml'))
    throw new ConfigError([
      `--map ${nameOrPath}: there is no such file, and no map of this name ships; give a path or one of ${names.join(', ')}`,
    ])
  }
  return loadConfig(mapSchema, { file })
}
