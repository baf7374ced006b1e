import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { helpOf, sluicebox } from '../testing/command.ts'
import { openShop, succeeded, temporaryFolder } from '../testing/shop.ts'

const dir = temporaryFolder()
const table = join(dir, 'table')
beforeAll(async () => {
  const data = await openShop(dir, { visitCount: 40 })
  succeeded(await sluicebox('dataset build --maturity 0m --data', data, '--out', table))
})

interface Manifest {
  readonly id: string
  readonly [name: string]: unknown
}

const manifestOf = (bundle: string): Manifest =>
  JSON.parse(readFileSync(join(bundle, 'bundle.json'), 'utf8')) as Manifest

test('the help lists the options and shows examples', async () => {
  expect(await helpOf('train')).toEqual({
    options: [
      ...['out', 'kind', 'seed', 'name', 'model-version', 'description', 'author', 'licence', 'limitation'],
      ...['parent', 'sign', 'config', 'json', 'help'],
    ],
    examples: [
      'sluicebox train table --kind trees --out bundles/mine',
      'sluicebox train table --kind linear --seed 7 --out bundles/simple',
      'SLUICEBOX_TRAINER_TREES_DEPTH_MAX=3 sluicebox train table --out bundles/shallow',
    ],
  })
})

test.each<[line: string, says: string]>([
  ['train', "required option '--out <dir>' not specified"],
  ['train --out bundle', "missing required argument 'table'"],
  ['train table --out', 'argument missing'],
  ['train table --out bundle --kind magic', 'Allowed choices are trees, forest, linear, markov.'],
  ['train table --out bundle --seed -1', 'it must be at least 0.'],
  ['train table --out bundle --seed 1.5', 'it must be a whole number.'],
  ['train table --out bundle --seed 2147483648', 'it must be at most 2147483647.'],
  ['train table --out bundle --config nowhere.yaml', 'there is no such file; give --config the path'],
])('%j is wrong usage: %s', async (line, says) => {
  const { code, stdout, stderr } = await sluicebox(line)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(says)
})

describe('train', () => {
  test.each(['trees', 'linear', 'markov'])(
    'writes a bundle of the kind %s and shows how good it is',
    async kind => {
      const out = join(dir, kind)
      const { code, stdout, stderr } = await sluicebox(`train --kind ${kind}`, table, '--out', out)
      expect(code).toBe(0)
      expect(stdout).toMatch(/^On the test part: \d+ sessions of \d+ visitors/)
      expect(stderr).toContain('figures made from it are mostly chance')
      expect(stderr).toMatch(/\nwrote the bundle [0-9a-f]{12} to .*; next: sluicebox up --bundle .*\n$/)
      expect((await sluicebox('model verify', out)).code).toBe(0)
    },
  )

  test('prints id and evaluation as JSON', async () => {
    const out = join(dir, 'json')
    const ran = await sluicebox('train --kind linear --json', table, '--out', out)
    expect(ran.code).toBe(0)
    expect(ran.json()).toMatchObject([
      { id: manifestOf(out).id, dataset: 'test', seed: 1, moments: expect.any(Array) },
    ])
  })

  test('gives the same model of the same table and seed', async () => {
    const model = async (name: string): Promise<Buffer> => {
      const out = join(dir, name)
      succeeded(await sluicebox('train --kind trees --seed 7', table, '--out', out))
      return readFileSync(join(out, 'model.bin'))
    }
    expect(await model('one')).toEqual(await model('two'))
  })

  test('records name, version, author and limitations as they are given, and the parent', async () => {
    const out = join(dir, 'words')
    const words = {
      ...{ '--name': 'shop', '--model-version': '2.1', '--description': 'Of a test.' },
      ...{ '--author': 'A shop', '--licence': 'CC-BY-4.0', '--limitation': 'Only lamps.' },
    }
    const parent = join(dir, 'linear')
    const args = [table, '--out', out, '--parent', parent, ...Object.entries(words).flat()]
    succeeded(await sluicebox('train --kind linear', ...args))
    expect(manifestOf(out)).toMatchObject({
      ...{ name: 'shop', version: '2.1', description: 'Of a test.', author: 'A shop', licence: 'CC-BY-4.0' },
      limitations: expect.arrayContaining(['Only lamps.']),
    })
    expect(JSON.stringify(manifestOf(out))).toContain(manifestOf(parent).id)
  })

  test('signs with the key that is named', async () => {
    const key = join(dir, 'key.pem')
    const { privateKey } = generateKeyPairSync('ed25519')
    writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }))
    const out = join(dir, 'signed')
    succeeded(await sluicebox('train --kind linear', table, '--out', out, '--sign', key))
    expect((await sluicebox('model verify', out)).code).toBe(0)
  })

  test.each<[what: string, args: () => string[], says: string]>([
    [
      'a folder that is there',
      () => [table, '--out', dir],
      'a bundle never changes, so give --out a new folder',
    ],
    [
      'a table that is not there',
      () => [join(dir, 'nowhere')],
      'Make one with "sluicebox dataset build --out',
    ],
    [
      'a parent that is not there',
      () => [table, '--parent', 'nowhere'],
      'there is no bundle at nowhere: name the',
    ],
    [
      'a key that is not there',
      () => [table, '--sign', join(dir, 'nowhere.pem')],
      'nowhere.pem can\'t be read: there is no such file or folder; make one with "openssl genpkey',
    ],
    ['a key that is a folder', () => [table, '--sign', dir], "can't be read: it is a folder, not a file"],
    [
      'an output in a file',
      () => [table, '--out', join(table, 'dataset.json', 'bundle')],
      'a part of its path is a file, not a folder; name another folder with --out',
    ],
  ])('fails for %s, and writes nothing', async (_what, args, says) => {
    const out = join(dir, 'failed')
    const given = args()
    const { code, stdout, stderr } = await sluicebox(
      'train',
      ...given,
      ...(given.includes('--out') ? [] : ['--out', out]),
    )
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain(says)
    expect(existsSync(out)).toBe(false)
  })
})
