import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { EVENT_SCHEMAS_DIR, loadEventSchemas } from './events.ts'

const ours = loadEventSchemas([])
const WEB_PAGE = 'iglu:com.snowplowanalytics.snowplow/web_page/jsonschema/1-0-0'

interface Fixture {
  readonly good: unknown
  readonly bad: unknown
  /** How the first fault of `bad` reads. */
  readonly fault: string
}

describe('the schemas that ship with Sluicebox', () => {
  test.each(ours.list().map(({ ref, file }) => ({ ref, file })))(
    '$ref takes the good fixture and explains the bad one',
    ({ ref, file }) => {
      const path = join(import.meta.dirname, 'fixtures/events', file.slice(EVENT_SCHEMAS_DIR.length))
      expect(existsSync(path), `write a fixture { good, bad, fault } at ${path}`).toBe(true)
      const fixture = JSON.parse(readFileSync(path, 'utf8')) as Fixture
      const validate = ours.validator(ref)
      expect(validate?.(fixture.good)).toEqual([])
      expect(validate?.(fixture.bad).map(error => error.message)[0]).toContain(fixture.fault)
    },
  )

  test('each describes itself', () => {
    for (const { ref, description } of ours.list()) expect(description, ref).not.toBe('')
  })

  test('a list of them names fields, types and what is required', () => {
    expect(ours.list().find(({ ref }) => ref === WEB_PAGE)?.fields).toEqual([
      { name: 'id', type: 'string', required: true, description: 'Id of the page view, a UUID.' },
    ])
  })
})
