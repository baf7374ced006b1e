import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { zipSync } from 'fflate'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadBundle, writeBundle } from './bundle.ts'
import { exampleDraft } from '../testing/example-draft.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluicebox-zip-'))
})
afterEach(() => rm(dir, { recursive: true }))

describe('a zip', () => {
  let files: Record<string, Uint8Array>
  beforeEach(async () => {
    await writeBundle(join(dir, 'folder'), exampleDraft())
    files = await contentOf(join(dir, 'folder'))
  })
  const load = async (entries: Record<string, Uint8Array>, level: 0 | 6 = 6) => {
    await writeFile(join(dir, 'bundle.zip'), zipSync(entries, { level }))
    return loadBundle(join(dir, 'bundle.zip'))
  }
  const inFolder = (folder: string) =>
    Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${folder}/${name}`, bytes]))

  test.each([0, 6] as const)('holds the same bundle as the folder, at level %i', async level => {
    expect((await load(files, level)).id).toBe((await loadBundle(join(dir, 'folder'))).id)
  })

  test('may hold its files in one folder, and other files beside them', async () => {
    expect(
      (await load({ ...inFolder('my-bundle'), 'my-bundle/report.html': Buffer.from('x') })).manifest.name,
    ).toBe('example')
  })

  test('writes nothing, whatever its names are', async () => {
    await load({ ...files, '../escaped.txt': Buffer.from('x'), '/tmp/../escaped.txt': Buffer.from('x') })
    expect(await readdir(dir)).toEqual(['bundle.zip', 'folder'])
  })

  test.each([
    { name: 'in deeper folders', folder: 'a/b' },
    { name: 'with backslashes', folder: 'a\\b' },
  ])('with its files $name has no bundle', async ({ folder }) => {
    await expect(load(inFolder(folder))).rejects.toThrow(/no bundle.json in it/)
  })

  test('with a file from elsewhere is refused', async () => {
    const { 'model.bin': model, ...others } = files
    await expect(load({ ...others, 'other/model.bin': model! })).rejects.toThrow(/different folders/)
  })

  test('that inflates beyond a limit is stopped there', async () => {
    const bomb = { ...files, 'MODEL_CARD.md': new Uint8Array(20 * 2 ** 20) }
    await expect(load(bomb)).rejects.toThrow(/MODEL_CARD.md has more than 4194304 bytes/)
  })

  test('that lies about its sizes is stopped too', async () => {
    const zip = zipSync({ ...files, 'MODEL_CARD.md': new Uint8Array(20 * 2 ** 20) })
    const claimed = Buffer.from(Uint32Array.of(20 * 2 ** 20).buffer)
    for (let at = Buffer.from(zip).indexOf(claimed); at >= 0; at = Buffer.from(zip).indexOf(claimed, at + 1))
      zip.set([1, 0, 0, 0], at)
    await writeFile(join(dir, 'lie.zip'), zip)
    await expect(loadBundle(join(dir, 'lie.zip'))).rejects.toThrow(/MODEL_CARD.md has more than/)
  })

  test('with flipped bytes is the same bundle, or is refused', async () => {
    const whole = zipSync(files)
    const { id } = await load(files)
    const flip = fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }))
    await fc.assert(
      fc.asyncProperty(fc.array(flip, { minLength: 1, maxLength: 4 }), async flips => {
        const zip = whole.slice()
        for (const [at, change] of flips) zip[at]! ^= change
        await writeFile(join(dir, 'flipped.zip'), zip)
        const outcome = await loadBundle(join(dir, 'flipped.zip')).then(
          bundle => bundle.id,
          (error: Error) => error.message,
        )
        expect(outcome === id || outcome.includes('is refused: ')).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  test('that is cut, or is not a zip, is refused', async () => {
    const zip = zipSync(files)
    for (const length of [0, 10, 100, zip.length >> 1]) {
      await writeFile(join(dir, 'cut.zip'), zip.subarray(0, length))
      await expect(loadBundle(join(dir, 'cut.zip'))).rejects.toThrow(/is refused/)
    }
    await writeFile(join(dir, 'text.zip'), 'Not a zip at all, but a text that is long enough to look into.')
    await expect(loadBundle(join(dir, 'text.zip'))).rejects.toThrow(/is refused/)
  })
})

async function contentOf(folder: string): Promise<Record<string, Uint8Array>> {
  const names = (await readdir(folder)).sort()
  return Object.fromEntries(
    await Promise.all(
      names.map(async name => [name, new Uint8Array(await readFile(join(folder, name)))] as const),
    ),
  )
}
