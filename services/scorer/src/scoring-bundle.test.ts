import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asCollectedTime, type EventTime } from '@sluicebox/event/instants'
import { writeBundle, type BundleDraft } from '@sluicebox/model/bundle/bundle'
import { exampleDraft } from '@sluicebox/model/testing/example-draft'
import { replayGolden } from '@sluicebox/session/sessions/golden'
import { expect, onTestFinished, test } from 'vitest'
import { prepareBundle } from './scoring-bundle.ts'

const features = [
  { name: 'events', kind: 'count' },
  { name: 'carts', kind: 'count', where: { action: 'add_to_cart' } },
]
const session = [
  { event_id: 'a', action: 'page_view', collected_at: asCollectedTime(0), event_time: 0 as EventTime },
  { event_id: 'b', action: 'add_to_cart', collected_at: asCollectedTime(9), event_time: 9 as EventTime },
]
const golden = [{ session, features: replayGolden(session, { features, goal: 'buy' }) }]
const manifest = {
  features,
  label: { goal: 'buy', maturity_ms: 0, definition: 'The session has a purchase.' },
  not_before: '2026-01-01T00:00:00Z',
  expires_at: '2027-01-01T00:00:00Z',
}

test('a bundle brings what scoring needs, its features compiled', async () => {
  const bundle = await prepareBundle(await written({ manifest, golden }))
  expect(bundle).toMatchObject({
    name: 'example@1',
    goal: 'buy',
    threshold: 0.5,
    reasonsMax: 5,
    notBefore: Date.UTC(2026, 0, 1),
    expiresAt: Date.UTC(2027, 0, 1),
  })
  expect(bundle.program.names).toEqual(['events', 'carts'])
  expect(bundle.model.featureCount).toBe(2)
})

test('a bundle expires as well when its data has become too old', async () => {
  const data = { ...exampleDraft().manifest.data, to: '2026-06-01T00:00:00Z' }
  const dir = await written({ manifest: { ...manifest, data, max_data_age_ms: 1_000 }, golden })
  expect((await prepareBundle(dir)).expiresAt).toBe(Date.UTC(2026, 5, 1) + 1_000)
})

test('a bundle without dates may always be used', async () => {
  const dir = await written({ manifest: { ...manifest, not_before: null, expires_at: null }, golden })
  expect(await prepareBundle(dir)).toMatchObject({ notBefore: -Infinity, expiresAt: Infinity })
})

test('a bundle whose golden session gives other features here is refused', async () => {
  const other = [{ session, features: [Float64Array.of(1, 0), Float64Array.of(2, 2)] }]
  await expect(prepareBundle(await written({ manifest, golden: other }))).rejects.toThrow(
    'feature carts of row 2 is 1 here and was 2 in the bundle',
  )
})

test('a bundle with a feature that cannot be computed is refused', async () => {
  const dir = await written({ manifest: { ...manifest, features: [{ name: 'events' }, { name: 'carts' }] } })
  await expect(prepareBundle(dir)).rejects.toThrow('features[0] (events): kind: is not there')
})

test('with trusted keys a bundle must be signed by one of them', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const keyFile = join(tempDir(), 'key.pem')
  writeFileSync(keyFile, publicKey.export({ type: 'spki', format: 'pem' }))
  const signed = await written({ manifest, golden, privateKey })
  expect((await prepareBundle(signed, [keyFile])).goal).toBe('buy')
  await expect(prepareBundle(await written({ manifest, golden }), [keyFile])).rejects.toThrow('refused')
  const noKey = join(tempDir(), 'none.pem')
  writeFileSync(noKey, 'nothing')
  await expect(prepareBundle(signed, [noKey])).rejects.toThrow("can't be read")
})

async function written(
  replaced: Omit<Partial<BundleDraft>, 'manifest'> & { manifest: Partial<BundleDraft['manifest']> },
) {
  const dir = tempDir()
  await writeBundle(dir, exampleDraft(['events', 'carts'], replaced))
  return dir
}

function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'bundle-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}
