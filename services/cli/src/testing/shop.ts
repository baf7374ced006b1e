import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { blankRaw } from '@sluicebox/event/blank'
import { asCollectedTime } from '@sluicebox/event/instants'
import { folderCodec } from '@sluicebox/registry/streams/folder'
import { dataPaths } from '@sluicebox/service/stores'
import { openEmbeddedLog } from '@sluicebox/stream/embedded/log'
import { afterAll } from 'vitest'
import { sluicebox, type Ran } from './command.ts'

/** When the first visit to the shop begins; one begins each minute. */
export const OPENED_MS = Date.UTC(2026, 10, 20, 9)

const MINUTE_MS = 60_000

/** A folder that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'sluicebox-cli-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** Writes a map that reads the rows of `visits` into the folder and returns its path. */
export function shopMap(dir: string): string {
  return writeLines(dir, 'shop-map.yaml', [
    'format: ndjson',
    'time: { field: time, format: iso }',
    'visitor: visitor_id',
    'session: session_id',
    'action: { field: action, others: keep }',
    'product: product.id',
    'price: product.price',
    'revenue: transaction.revenue',
  ])
}

/** The rows of a recording: visits of two or three events, every third of which ends in a purchase. */
export function visits(count: number): string[] {
  return Array.from({ length: count }, (_, visit) => {
    const at = (second: number): string =>
      new Date(OPENED_MS + visit * MINUTE_MS + second * 1000).toISOString()
    const who = { visitor_id: `visitor-${visit}`, session_id: `session-${visit}` }
    const product = { id: `lamp-${visit % 7}`, price: 5 + (visit % 7) }
    return [
      { ...who, time: at(0), action: 'product_view', product },
      { ...who, time: at(10), action: visit % 3 === 0 ? 'add_to_cart' : 'search', product },
      ...(visit % 3 === 0
        ? [{ ...who, time: at(20), action: 'transaction', transaction: { id: `o-${visit}`, revenue: 9 } }]
        : []),
    ].map(row => JSON.stringify(row))
  }).flat()
}

/** Writes lines into a file of the folder and returns its path. */
export function writeLines(dir: string, name: string, lines: readonly string[]): string {
  const path = join(dir, name)
  writeFileSync(path, lines.map(line => `${line}\n`).join(''))
  return path
}

/** Events of a schema that is unknown, sent by this many visitors after the shop's visits: each becomes bad. */
export async function appendUnknown(data: string, count: number): Promise<void> {
  const codec = folderCodec('raw')
  await using log = await openEmbeddedLog({ dir: dataPaths(data).log })
  await log.append(
    'raw',
    Array.from({ length: count }, (_, i) => ({
      key: `stranger-${i}`,
      value: codec.encode(
        blankRaw({
          collected_at: asCollectedTime(OPENED_MS + 24 * 60 * MINUTE_MS + i),
          collector: 'sluicebox-test',
          visitor: `stranger-${i}`,
          path: '/com.snowplowanalytics.snowplow/tp2',
          content_type: 'application/json',
          body: Buffer.from(JSON.stringify(wish(i))),
        }),
      ),
    })),
  )
}

function wish(i: number): object {
  return {
    schema: 'iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4',
    data: [
      {
        e: 'ue',
        tv: 'test-1',
        p: 'web',
        eid: `33333333-3333-4333-8333-33333333333${i}`,
        ue_pr: JSON.stringify({
          schema: 'iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0',
          data: { schema: 'iglu:com.acme/wish/jsonschema/1-0-0', data: { sku: 'lamp-7' } },
        }),
      },
    ],
  }
}

/** A data directory with the visits, scored and archived, and with this many bad records. */
export async function openShop(dir: string, { visitCount = 6, bad = 0 } = {}): Promise<string> {
  const data = join(dir, 'shop')
  const rows = writeLines(dir, 'visits.ndjson', visits(visitCount))
  succeeded(await sluicebox('import', rows, '--map', shopMap(dir), '--data', data))
  if (bad > 0) await appendUnknown(data, bad)
  succeeded(await sluicebox('drain --close', '--data', data))
  return data
}

/** The run, which must have ended with 0. */
export function succeeded(ran: Ran): Ran {
  if (ran.code !== 0) throw new Error(`ended with ${ran.code}: ${ran.stderr}`)
  return ran
}
