// What was bad for want of a schema is sent again once the schema is there, and comes out as a first pass would have.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { eventually, json, post, succeed, sluicebox, temporaryDir, up, upWith } from './sluicebox.ts'

const EVENT_ID = '33333333-3333-4333-8333-333333333333'
const REF = 'iglu:com.acme/wish/jsonschema/1-0-0'

interface Bad {
  readonly place: string
  readonly reason: string
  readonly is_retried: boolean
  readonly collected_at: number
}

function wish(eventId: string, data: object): object {
  return {
    schema: 'iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4',
    data: [
      {
        e: 'ue',
        tv: 'test-1',
        p: 'web',
        eid: eventId,
        duid: 'visitor-1',
        sid: '44444444-4444-4444-8444-444444444444',
        ue_pr: JSON.stringify({
          schema: 'iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0',
          data: { schema: REF, data },
        }),
      },
    ],
  }
}

test('bad ls, show and retry: repaired by a schema, repaired by hand', async () => {
  const dir = temporaryDir(onTestFinished)
  const data = join(dir, 'data')
  const first = await up(data)
  const tp2 = `${first.url}/com.snowplowanalytics.snowplow/tp2`
  expect((await post(tp2, wish(EVENT_ID, { sku: 'lamp-7' }))).status).toBe(200)
  const listed = await eventually(async () => {
    const found = await json<Bad>('bad', 'ls', '--data', data)
    return found.length === 1 ? found[0] : undefined
  })
  expect(listed).toMatchObject({ reason: 'schema_unknown', is_retried: false })
  expect((await succeed('bad', 'show', listed.place, '--data', data)).stdout).toContain(REF)
  expect(await first.stop()).toBe(0)

  // The schema is published; the site's own folder comes first.
  const schemas = join(dir, 'schemas')
  mkdirSync(join(schemas, 'com.acme/wish'), { recursive: true })
  writeFileSync(
    join(schemas, 'com.acme/wish/1-0-0.json'),
    JSON.stringify({
      $schema: 'http://json-schema.org/draft-07/schema#',
      self: { vendor: 'com.acme', name: 'wish', format: 'jsonschema', version: '1-0-0' },
      type: 'object',
      properties: { sku: { type: 'string', maxLength: 20 } },
      required: ['sku'],
      additionalProperties: false,
    }),
  )
  const second = await upWith({ SLUICEBOX_ENRICHER_SCHEMA_DIRS: `[${schemas}]` }, data)
  await succeed('bad', 'retry', '--reason', 'schema_unknown', '--data', data)
  interface Good {
    readonly event_id: string
    readonly collected_at: number
    readonly session_id: string
  }
  const good = async (eventId: string): Promise<Good> =>
    eventually(async () =>
      (await json<Good>('tail', 'good', '--data', data)).find(event => event.event_id === eventId),
    )
  expect(await good(EVENT_ID)).toMatchObject({
    collected_at: listed.collected_at,
    session_id: '44444444-4444-4444-8444-444444444444',
  })
  // It was sent again: asked once more, there is nothing to do.
  expect((await json<Bad>('bad', 'ls', '--data', data))[0]?.is_retried).toBe(true)
  expect(await json('bad', 'retry', '--all', '--data', data)).toEqual([{ sent: 0, refused: 0 }])

  // An event that is wrong itself: save, edit, send the edited one.
  const otherId = '55555555-5555-4555-8555-555555555555'
  await post(tp2.replace(first.url, second.url), wish(otherId, { skew: 'lamp-7' }))
  const wrong = await eventually(async () =>
    (await json<Bad>('bad', 'ls', '--reason', 'schema_violation', '--data', data)).at(0),
  )
  const original = (await succeed('bad', 'show', wrong.place, '--original', '--data', data)).stdout
  const edited = join(dir, 'event.json')
  writeFileSync(edited, original.replace('skew', 'sku'))
  await succeed('bad', 'retry', wrong.place, '--original', edited, '--data', data)
  expect((await good(otherId)).collected_at).toBe(wrong.collected_at)

  const nowhere = await sluicebox('bad', 'show', '0/999', '--data', data)
  expect(nowhere.code).toBe(1)
  expect(nowhere.stderr).toMatch(/partition 0 of bad/)
  expect(await second.stop()).toBe(0)
})
