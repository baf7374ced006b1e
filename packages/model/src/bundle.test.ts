import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadBundle, writeBundle } from './bundle.ts'
import { exampleDraft } from './testing/example-draft.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluicebox-bundle-'))
})
afterEach(() => rm(dir, { recursive: true }))

test('a written bundle loads, scores and decides', async () => {
  const id = await writeBundle(dir, exampleDraft(['events', 'carts']))
  const bundle = await loadBundle(dir)
  expect(bundle.id).toBe(id)
  const raw = bundle.model.score(Float64Array.of(2, 4))
  expect(raw).toBe(2)
  expect(bundle.calibrate(raw)).toBeCloseTo(0.8808, 4)
  expect([bundle.decide(0.4999), bundle.decide(0.5)]).toEqual([false, true])
})
