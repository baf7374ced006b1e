import { generateKeyPairSync } from 'node:crypto'
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { featureHash, loadBundle, manifestId, writeBundle } from './bundle.ts'
import { sha256 } from '@sluicebox/event/canonical'
import type { GoldenEvent } from './golden.ts'
import type { Manifest } from './manifest.ts'
import { keyId, readPrivateKey, readPublicKey } from './signature.ts'
import { exampleDraft } from '../testing/example-draft.ts'
import { toColumns } from '../testing/example-parameters.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluicebox-bundle-'))
})
afterEach(() => rm(dir, { recursive: true }))

test('a written bundle loads and scores', async () => {
  const id = await writeBundle(dir, exampleDraft(['events', 'carts']))
  const bundle = await loadBundle(dir)
  expect(bundle.id).toBe(id)
  expect(bundle.manifest.feature_hash).toBe(featureHash([{ name: 'events' }, { name: 'carts' }]))
  const raw = bundle.model.score(Float64Array.of(2, 4))
  expect(raw).toBe(2)
  expect(bundle.calibrate(raw)).toBe(bundle.model.probability(2))
})

test('a calibration turns the raw score into the probability', async () => {
  const calibration = { method: 'platt' as const, slope: 0, offset: 0 }
  await writeBundle(dir, exampleDraft(['events'], { manifest: { calibration } }))
  expect((await loadBundle(dir)).calibrate(5)).toBe(0.5)
})

test('the same draft gives the same bytes, and any other content another id', async () => {
  const [one, same, other, recarded] = ['one', 'same', 'other', 'recarded'].map(name => join(dir, name))
  const id = await writeBundle(one!, exampleDraft())
  expect(await writeBundle(same!, exampleDraft())).toBe(id)
  expect(await contentOf(same!)).toEqual(await contentOf(one!))
  expect(await writeBundle(other!, exampleDraft(undefined, { manifest: { seed: 1 } }))).not.toBe(id)
  expect(await writeBundle(recarded!, exampleDraft(undefined, { card: '# Other' }))).not.toBe(id)
})

test('the id does not depend on the order of keys, the hash of features on the order of features', () => {
  const declared = { name: 'a', kind: 'count' }
  expect(featureHash([declared])).toBe(featureHash([{ kind: 'count', name: 'a' }]))
  expect(featureHash([{ name: 'a' }, { name: 'b' }])).not.toBe(featureHash([{ name: 'b' }, { name: 'a' }]))
})

test('an invalid draft is refused before anything is written', async () => {
  const target = join(dir, 'bundle')
  await expect(writeBundle(target, exampleDraft(['a', 'a']))).rejects.toThrow(
    /features.1.name: another feature has the name a/,
  )
  await expect(writeBundle(target, exampleDraft(['a'], { golden: [] }))).rejects.toThrow(/golden/)
  await expect(readdir(target)).rejects.toThrow(/ENOENT/)
})

describe('a bundle is refused', () => {
  beforeEach(() => writeBundle(dir, exampleDraft()))

  test.each(['bundle.json', 'model.bin', 'golden.ndjson', 'MODEL_CARD.md'])('without its %s', async name => {
    await rm(join(dir, name))
    await expect(loadBundle(dir)).rejects.toThrow(
      `The bundle in ${dir} is refused: There is no file ${name} in it.`,
    )
  })

  test('when there is nothing', async () => {
    await expect(loadBundle(join(dir, 'none'))).rejects.toThrow(/neither a folder nor a zip/)
  })

  test.each(['model.bin', 'golden.ndjson', 'MODEL_CARD.md'])(
    'when a byte of its %s was changed',
    async name => {
      const bytes = await readFile(join(dir, name))
      bytes[bytes.length - 1]! ^= 1
      await writeFile(join(dir, name), bytes)
      await expect(loadBundle(dir)).rejects.toThrow(`${name} is not the file that the manifest was made with`)
    },
  )

  test('when its manifest was changed', async () => {
    await rewrite(dir, manifest => ({ ...manifest, licence: 'MIT' }), { keepId: true })
    await expect(loadBundle(dir)).rejects.toThrow(/bundle.json was changed after it was written/)
  })

  test('when its features have another hash than it says', async () => {
    await rewrite(dir, manifest => ({ ...manifest, feature_hash: 'b'.repeat(64) }))
    await expect(loadBundle(dir)).rejects.toThrow(/hash of the feature list/)
  })

  test('when its model is of another kind than it says', async () => {
    await rewrite(dir, manifest => ({ ...manifest, runtime: 'markov' }))
    await expect(loadBundle(dir)).rejects.toThrow(/model.bin holds a model of the kind linear/)
  })

  test('when it declares another number of features than its model takes', async () => {
    await rewrite(dir, manifest => {
      const features = [...manifest.features, { name: 'third' }]
      return { ...manifest, features, feature_hash: featureHash(features) }
    })
    await expect(loadBundle(dir)).rejects.toThrow(/for 2 features, and the bundle declares 3/)
  })

  test('when a file is larger than any can be', async () => {
    await writeFile(join(dir, 'MODEL_CARD.md'), Buffer.alloc(5 * 2 ** 20))
    await expect(loadBundle(dir)).rejects.toThrow(/MODEL_CARD.md has more than 4194304 bytes/)
  })

  test('when a file is a folder, or a link to a device', async () => {
    await rm(join(dir, 'model.bin'))
    await mkdir(join(dir, 'model.bin'))
    await expect(loadBundle(dir)).rejects.toThrow(/no file model.bin/)
    await rm(join(dir, 'model.bin'), { recursive: true })
    await symlink('/dev/zero', join(dir, 'model.bin'))
    await expect(loadBundle(dir)).rejects.toThrow(/no file model.bin/)
  })
})

describe('golden sessions', () => {
  const session: GoldenEvent[] = [{ action: 'page_view' }, { action: 'add_to_cart' }]
  const features = [Float64Array.of(1, NaN), Float64Array.of(2, -0), Float64Array.of(Infinity, 0.1 + 0.2)]
  const golden = [{ session, features }]

  test('are written so that each number comes back with the same bits', async () => {
    await writeBundle(dir, exampleDraft(['events', 'carts'], { golden }))
    const line = JSON.parse(await readFile(join(dir, 'golden.ndjson'), 'utf8')) as { features: unknown }
    expect(line.features).toEqual([
      [1, null],
      [2, '-0'],
      ['Infinity', 0.30000000000000004],
    ])
  })

  test('are replayed with the events and the manifest', async () => {
    const id = await writeBundle(dir, exampleDraft(['events', 'carts'], { golden }))
    const seen: unknown[] = []
    await loadBundle(dir, {
      replay(events, manifest) {
        seen.push(events, manifest.id)
        return features
      },
    })
    expect(seen).toEqual([session, id])
  })

  test('without events are only scored', async () => {
    await writeBundle(dir, exampleDraft(['events', 'carts'], { golden: [{ session: null, features }] }))
    const bundle = await loadBundle(dir, { replay: () => [] })
    expect(bundle.manifest.name).toBe('example')
  })

  test.each([
    {
      fault: 'a feature differs in its last bit',
      replayed: [features[0]!, features[1]!, Float64Array.of(Infinity, 0.3)],
      message: /line 1: feature carts of row 3 is 0.3 here and was 0.30000000000000004 in the bundle/,
    },
    {
      fault: 'a zero has another sign',
      replayed: [features[0]!, Float64Array.of(2, 0), features[2]!],
      message: /feature carts of row 2 is 0 here/,
    },
    {
      fault: 'a value is no longer missing',
      replayed: [Float64Array.of(1, 0), features[1]!, features[2]!],
      message: /feature carts of row 1 is 0 here and was NaN/,
    },
    {
      fault: 'there are fewer moments',
      replayed: features.slice(1),
      message: /3 scoring moments, and its replay gives 2/,
    },
  ])('refuse the bundle when $fault', async ({ replayed, message }) => {
    await writeBundle(dir, exampleDraft(['events', 'carts'], { golden }))
    await expect(loadBundle(dir, { replay: () => replayed })).rejects.toThrow(message)
  })

  test('refuse the bundle when they cannot be replayed', async () => {
    await writeBundle(dir, exampleDraft(['events', 'carts'], { golden }))
    const replay = () => {
      throw new Error('The feature carts has the unknown kind x.')
    }
    await expect(loadBundle(dir, { replay })).rejects.toThrow(/cannot be replayed: The feature carts has/)
  })

  test.each([
    {
      fault: 'a score differs',
      from: '"raw":-0.5',
      to: '"raw":-0.51',
      message: /raw score of row 2 is -0.5 here and was -0.51/,
    },
    {
      fault: 'a probability differs',
      from: '"probability":0.3775406687981454',
      to: '"probability":0.3',
      message: /the probability of row 2/,
    },
    {
      fault: 'a score is gone',
      from: '{"raw":-2,"probability":0.11920292202211755},',
      to: '',
      message: /2 rows of features and 1 scores/,
    },
    { fault: 'a row is short', from: '[1,1]', to: '[1]', message: /row 2 has 1 features; the model takes 2/ },
    { fault: 'a line is not JSON', from: '{"session"', to: '{session', message: /line 1 is not JSON/ },
    {
      fault: 'a line is something else',
      from: '"session"',
      to: '"visit"',
      message: /line 1 is not a golden session/,
    },
  ])('refuse the bundle when $fault', async ({ from, to, message }) => {
    await writeBundle(dir, exampleDraft(['events', 'carts']))
    const file = join(dir, 'golden.ndjson')
    const text = await readFile(file, 'utf8')
    expect(text).toContain(from)
    await writeFile(file, text.replace(from, to))
    const hash = sha256(await readFile(file))
    await rewrite(dir, manifest => ({ ...manifest, files: { ...manifest.files, 'golden.ndjson': hash } }))
    await expect(loadBundle(dir)).rejects.toThrow(message)
  })
})

describe('a signature', () => {
  const pair = () => generateKeyPairSync('ed25519')
  const ours = pair()

  test('by a trusted key is accepted, and says whose it is', async () => {
    await writeBundle(dir, exampleDraft(undefined, { privateKey: ours.privateKey }))
    const { manifest } = await loadBundle(dir, { trustedKeys: [pair().publicKey, ours.publicKey] })
    expect(manifest.signature?.key_id).toBe(keyId(ours.publicKey))
  })

  test('does not change the id', async () => {
    const signed = await writeBundle(
      join(dir, 'signed'),
      exampleDraft(undefined, { privateKey: ours.privateKey }),
    )
    expect(await writeBundle(join(dir, 'unsigned'), exampleDraft())).toBe(signed)
  })

  test('is asked for only where keys are given', async () => {
    await writeBundle(dir, exampleDraft())
    await loadBundle(dir)
    await expect(loadBundle(dir, { trustedKeys: [ours.publicKey] })).rejects.toThrow(/is not signed/)
  })

  test('by another key is refused', async () => {
    await writeBundle(dir, exampleDraft(undefined, { privateKey: pair().privateKey }))
    await expect(loadBundle(dir, { trustedKeys: [ours.publicKey] })).rejects.toThrow(
      /not among the trusted keys/,
    )
  })

  test('of another bundle is refused', async () => {
    await writeBundle(dir, exampleDraft(undefined, { privateKey: ours.privateKey }))
    await rewrite(dir, manifest => ({ ...manifest, version: '2' }))
    await expect(loadBundle(dir, { trustedKeys: [ours.publicKey] })).rejects.toThrow(/not one of the key/)
  })

  test('takes its keys from PEM files, and refuses other kinds of keys', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = {
      private: { type: 'pkcs8', format: 'pem' },
      public: { type: 'spki', format: 'pem' },
    } as const
    await writeFile(join(dir, 'private.pem'), ours.privateKey.export(pem.private))
    await writeFile(join(dir, 'public.pem'), ours.publicKey.export(pem.public))
    await writeFile(join(dir, 'rsa.pem'), rsa.publicKey.export(pem.public))
    expect((await readPrivateKey(join(dir, 'private.pem'))).equals(ours.privateKey)).toBe(true)
    expect((await readPublicKey(join(dir, 'public.pem'))).equals(ours.publicKey)).toBe(true)
    await expect(readPublicKey(join(dir, 'rsa.pem'))).rejects.toThrow(/a key of the type rsa/)
  })
})

test('a bundle of trees keeps its scores through the file', async () => {
  const parameters = {
    kind: 'trees' as const,
    link: 'logit' as const,
    baseline: 0.1,
    trees: [
      toColumns({
        value: 0.2,
        feature: 1,
        threshold: 0.3,
        missingLeft: true,
        left: { value: 0.7 },
        right: { value: -1 / 3 },
      }),
    ],
  }
  const rows = [Float64Array.of(0, NaN), Float64Array.of(0, 0.4)]
  await writeBundle(
    dir,
    exampleDraft(['a', 'b'], { parameters, golden: [{ session: null, features: rows }] }),
  )
  const { model, manifest } = await loadBundle(dir)
  expect(manifest.runtime).toBe('trees')
  expect(rows.map(row => model.score(row))).toEqual([0.1 + 0.7, 0.1 - 1 / 3])
})

/** Changes a manifest and, by default, corrects its id, as a forger would. */
async function rewrite(
  folder: string,
  change: (manifest: Manifest) => Manifest,
  { keepId = false } = {},
): Promise<void> {
  const file = join(folder, 'bundle.json')
  const changed = change(JSON.parse(await readFile(file, 'utf8')) as Manifest)
  await writeFile(file, JSON.stringify(keepId ? changed : { ...changed, id: manifestId(changed) }))
}

async function contentOf(folder: string): Promise<Record<string, Uint8Array>> {
  const names = (await readdir(folder)).sort()
  return Object.fromEntries(
    await Promise.all(
      names.map(async name => [name, new Uint8Array(await readFile(join(folder, name)))] as const),
    ),
  )
}
