import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { helpOf, sluicebox, sluiceboxWith } from '../testing/command.ts'
import { schemaText, startFakeIglu, type Answer, type FakeIglu } from '../testing/iglu.ts'
import { openShop, temporaryFolder, writeLines } from '../testing/shop.ts'

const dir = temporaryFolder()
const BASKET = 'iglu:com.acme/basket/jsonschema'
let folders = 0

const folder = (): string => join(dir, `out-${folders++}`)

async function iglu(answers: Readonly<Record<string, Answer>>): Promise<FakeIglu> {
  const fake = await startFakeIglu(answers)
  onTestFinished(() => fake[Symbol.asyncDispose]())
  return fake
}

/** A static registry with these versions of the schema basket. */
function withBaskets(...versions: readonly string[]): Promise<FakeIglu> {
  return iglu(
    Object.fromEntries(
      versions.map(version => [
        `/schemas/com.acme/basket/jsonschema/${version}`,
        schemaText('basket', version),
      ]),
    ),
  )
}

function writeAt(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

test('the help lists the options and shows examples', async () => {
  const added = await helpOf('schemas add')
  expect(added.options).toEqual([
    ...['file', 'missing', 'out', 'replace', 'api-key-file', 'config', 'data', 'dry-run', 'json', 'help'],
  ])
  expect(added.examples).toHaveLength(4)
  expect(await helpOf('schemas lint')).toEqual({
    options: ['config', 'json', 'help'],
    examples: ['sluicebox schemas lint', 'sluicebox schemas lint schemas --json'],
  })
})

test.each<[line: string, says: string]>([
  ['schemas add', "missing required argument 'from'"],
  ['schemas add http://127.0.0.1:1', 'no folder to copy into: give --out DIR, or set enricher.schemaDirs'],
  ['schemas add ftp://acme.test --out x', 'neither an http or https address nor a folder'],
  [
    'schemas add http://me:secret@127.0.0.1:1 a/b/jsonschema --out x',
    'the address holds a name or a password',
  ],
  ['schemas add http://127.0.0.1:1/?key=1 a/b/jsonschema --out x', 'has a query or a fragment'],
  ['schemas add http://127.0.0.1:1 ../b/jsonschema/1-0-0 --out x', 'is not the name of a schema'],
  ['schemas add http://127.0.0.1:1 iglu:a/../jsonschema/1-0-0 --out x', 'is not the name of a schema'],
  ['schemas add http://127.0.0.1:1 iglu:a/b/avro/1-0-0 --out x', 'is not the name of a schema'],
  ['schemas add http://127.0.0.1:1 iglu:a/b/jsonschema/1-0 --out x', 'is not the name of a schema'],
  ['schemas add http://127.0.0.1:1 --file nowhere --out x', "the names in nowhere can't be read"],
  ['schemas add http://127.0.0.1:1 --api-key-file nowhere --out x', "the key in nowhere can't be read"],
  ['schemas lint', 'name a folder, or give enricher.schemaDirs'],
])('%j is wrong usage: %s', async (line, says) => {
  const { code, stdout, stderr } = await sluicebox(line)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(says)
  expect(stderr).not.toContain('secret')
})

describe('schemas add, from a registry', () => {
  test('copies what is named, pins it, and leaves it alone the next time', async () => {
    const { url } = await withBaskets('1-0-0')
    const out = folder()
    const ran = await sluicebox('schemas add', url, `${BASKET}/1-0-0`, '--out', out)
    expect(ran.code).toBe(0)
    expect(ran.stdout).toMatch(/^iglu:com\.acme\/basket\/jsonschema\/1-0-0 +added$/m)
    expect(ran.stderr).toContain(`enricher.schemaDirs: [${out}]`)
    expect(readFileSync(join(out, 'com.acme/basket/1-0-0.json'), 'utf8')).toBe(schemaText('basket', '1-0-0'))
    expect(JSON.parse(readFileSync(join(out, 'sluicebox-schemas.json'), 'utf8'))).toEqual({
      schemas: {
        [`${BASKET}/1-0-0`]: {
          source: url,
          date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      },
    })
    const again = await sluicebox('schemas add --json', url, `${BASKET}/1-0-0`, '--out', out)
    expect(again.code).toBe(0)
    expect(again.json()).toEqual([{ ref: `${BASKET}/1-0-0`, outcome: 'unchanged', detail: '' }])
    expect((await sluicebox('schemas lint', out)).code).toBe(0)
  })

  test('finds the versions of a name without one', async () => {
    const { url, asked } = await withBaskets('1-0-0', '1-0-1', '1-1-0', '3-0-0', '5-0-0')
    const ran = await sluicebox('schemas add --json', url, BASKET, '--out', folder())
    expect(ran.json().map(each => (each as { ref: string }).ref.split('/').at(-1))).toEqual([
      ...['1-0-0', '1-0-1', '1-1-0', '3-0-0', '5-0-0'],
    ])
    expect(asked.length).toBeLessThan(40)
  })

  test('continues after one that is absent, and ends with 1', async () => {
    const { url } = await withBaskets('1-0-1')
    const names = [`${BASKET}/1-0-0`, 'com.acme/bascet/jsonschema', `${BASKET}/1-0-1`]
    const ran = await sluicebox('schemas add --json', url, ...names, '--out', folder())
    expect(ran.code).toBe(1)
    expect(ran.json()).toEqual([
      { ref: `${BASKET}/1-0-0`, outcome: 'absent', detail: `${url} does not have it` },
      { ref: 'iglu:com.acme/bascet/jsonschema/1-0-0', outcome: 'absent', detail: `${url} does not have it` },
      { ref: `${BASKET}/1-0-1`, outcome: 'added', detail: '' },
    ])
  })

  test('writes nothing with --dry-run', async () => {
    const { url } = await withBaskets('1-0-0')
    const out = folder()
    const ran = await sluicebox('schemas add --dry-run', url, BASKET, '--out', out)
    expect(ran.code).toBe(0)
    expect(ran.stderr).toContain('1 schemas would be copied')
    expect(existsSync(out)).toBe(false)
  })

  test('says what changed since, here or there, and replaces it when it is asked to', async () => {
    const { url, answers } = await withBaskets('1-0-0')
    const out = folder()
    const line = ['schemas add --json', url, `${BASKET}/1-0-0`, '--out', out] as const
    await sluicebox(...line)
    answers.set(
      '/schemas/com.acme/basket/jsonschema/1-0-0',
      schemaText('basket', '1-0-0', { type: 'object' }),
    )
    const there = await sluicebox(...line)
    expect(there.code).toBe(1)
    expect(there.json()).toMatchObject([
      { outcome: 'differs', detail: expect.stringContaining('the source has') },
    ])
    const file = join(out, 'com.acme/basket/1-0-0.json')
    writeFileSync(file, schemaText('basket', '1-0-0', { type: 'array' }))
    expect((await sluicebox(...line)).json()).toMatchObject([
      { detail: expect.stringContaining('was edited since') },
    ])
    expect((await sluicebox(...line, '--replace')).json()).toMatchObject([{ outcome: 'replaced' }])
    expect(readFileSync(file, 'utf8')).toContain('"object"')
    expect((await sluicebox(...line)).code).toBe(0)
  })

  test.each<[what: string, text: string, says: string]>([
    ['HTML', '<html>', 'is not JSON'],
    ['another schema', schemaText('bascet', '1-0-0'), 'its place asks for "self": {"name": "basket"}'],
    ['a schema with a fault', schemaText('basket', '1-0-0', { type: 'text' }), 'is not a schema'],
    [
      'more than a schema',
      schemaText('basket', '1-0-0', { description: 'x'.repeat(300_000) }),
      'is larger than',
    ],
  ])('writes nothing of %s', async (_what, text, says) => {
    const { url } = await iglu({ '/schemas/com.acme/basket/jsonschema/1-0-0': text })
    const out = folder()
    const ran = await sluicebox('schemas add --json', url, `${BASKET}/1-0-0`, '--out', out)
    expect(ran.code).toBe(1)
    expect(ran.json()).toMatchObject([{ outcome: 'unusable', detail: expect.stringContaining(says) }])
    expect(existsSync(out)).toBe(false)
  })

  test('copies what an Iglu Server lists, with the key, which goes nowhere else', async () => {
    const other = await iglu({ '/elsewhere': schemaText('basket', '1-0-0') })
    const { url, asked } = await iglu({
      '/api/schemas': JSON.stringify([`${BASKET}/1-0-0`, 'iglu:com.acme/wish/jsonschema/1-0-0']),
      '/api/schemas/com.acme/basket/jsonschema/1-0-0': {
        status: 302,
        headers: { location: `${other.url}/elsewhere` },
      },
      '/api/schemas/com.acme/wish/jsonschema/1-0-0': schemaText('wish', '1-0-0'),
    })
    const out = folder()
    for (const [env, more] of [
      [{ IGLU_API_KEY: 'secret-key' }, []],
      [{}, ['--api-key-file', writeLines(dir, 'key', ['secret-key'])]],
    ] as const) {
      const ran = await sluiceboxWith(env, 'schemas add', url, '--out', out, ...more)
      expect(ran.code).toBe(0)
      expect(ran.stdout + ran.stderr).not.toContain('secret-key')
    }
    expect(readdirSync(join(out, 'com.acme'))).toEqual(['basket', 'wish'])
    expect(readFileSync(join(out, 'sluicebox-schemas.json'), 'utf8')).not.toContain('secret')
    expect(new Set(asked.map(({ apiKey }) => apiKey))).toEqual(new Set(['secret-key']))
    expect(new Set(other.asked.map(({ apiKey }) => apiKey))).toEqual(new Set([undefined]))
  })

  test.each<[what: string, answer: Answer, says: string]>([
    ['asks for a key', { status: 401 }, 'give --api-key-file, or set the variable IGLU_API_KEY'],
    ['is not well', { status: 503 }, 'answers 503'],
    ['redirects in a circle', { status: 301, headers: { location: '' } }, 'redirects more than 3 times'],
    ['redirects to a file', { status: 301, headers: { location: 'file:///etc/passwd' } }, 'not followed'],
  ])('fails where the registry %s, and keeps what was copied before', async (_what, answer, says) => {
    const { url, answers } = await withBaskets('1-0-0')
    answers.set('/schemas/com.acme/basket/jsonschema/1-0-1', answer)
    const out = folder()
    const ran = await sluicebox('schemas add', url, `${BASKET}/1-0-0`, `${BASKET}/1-0-1`, '--out', out)
    expect(ran.code).toBe(1)
    expect(ran.stderr).toContain(says)
    expect(readdirSync(join(out, 'com.acme/basket'))).toEqual(['1-0-0.json'])
    expect(existsSync(join(out, 'sluicebox-schemas.json'))).toBe(true)
  })

  test('fails where nothing listens, and says what to look at', async () => {
    const ran = await sluicebox('schemas add http://127.0.0.1:1', `${BASKET}/1-0-0`, '--out', folder())
    expect(ran.code).toBe(1)
    expect(ran.stderr).toMatch(/can't be read: .*See that the registry runs/)
  })

  test('has to be told the names where there is no list', async () => {
    const { url } = await iglu({ '/schemas': '<html>' })
    const ran = await sluicebox('schemas add', url, '--out', folder())
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain('has no list of its schemas: name them, or use --missing or --file')
  })

  test('copies what events in the log refer to, with --missing, into the first folder of the configuration', async () => {
    const data = await openShop(dir, { bad: 1 })
    const { url } = await iglu({ '/schemas/com.acme/wish/jsonschema/1-0-0': schemaText('wish', '1-0-0') })
    const out = folder()
    mkdirSync(out)
    const config = writeLines(dir, 'missing.yaml', [`enricher: { schemaDirs: [${out}] }`])
    const ran = await sluicebox('schemas add --missing --json', url, '--config', config, '--data', data)
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.json()).toEqual([{ ref: 'iglu:com.acme/wish/jsonschema/1-0-0', outcome: 'added', detail: '' }])
  })
})

describe('schemas add, from a folder', () => {
  test.each(['schemas/com.acme/basket/jsonschema/1-0-0', 'com.acme/basket/1-0-0.json'])(
    'copies %s',
    async path => {
      const from = folder()
      writeAt(join(from, path), schemaText('basket', '1-0-0'))
      writeAt(join(from, dirname(path), '..', 'README.md'), 'Ours.')
      const out = folder()
      const ran = await sluicebox('schemas add --json', from, '--out', out)
      expect(ran.code).toBe(0)
      expect(ran.json()).toEqual([{ ref: `${BASKET}/1-0-0`, outcome: 'added', detail: '' }])
      const names = writeLines(dir, 'names.txt', ['# ours', BASKET, ''])
      const named = await sluicebox('schemas add --json', from, '--file', names, '--out', out)
      expect(named.json()).toEqual([{ ref: `${BASKET}/1-0-0`, outcome: 'unchanged', detail: '' }])
    },
  )

  test('that is not there fails', async () => {
    const ran = await sluicebox('schemas add nowhere --out', folder())
    expect(ran.code).toBe(1)
    expect(ran.stderr).toContain('There is no folder of event schemas at nowhere')
  })
})

test('schemas lint names what is unusable and what is unchecked, and ends with 1 for the first', async () => {
  const own = folder()
  writeAt(join(own, 'com.acme/basket/1-0-0.json'), '{')
  writeAt(join(own, 'com.acme/wish/1-0-0.json'), schemaText('wish', '1-0-0', { pattern: '^(?!x)' }))
  const ran = await sluicebox('schemas lint --json', own)
  expect(ran.code).toBe(1)
  expect(ran.json()).toEqual([
    {
      file: join(own, 'com.acme/basket/1-0-0.json'),
      level: 'unusable',
      reason: expect.stringContaining('not JSON'),
    },
    {
      file: join(own, 'com.acme/wish/1-0-0.json'),
      level: 'unchecked',
      reason: expect.stringContaining('RE2'),
    },
  ])
  const shown = await sluicebox('schemas lint', own)
  expect(shown.stdout).toMatch(/^unusable {2}.*1-0-0\.json: is not JSON/m)
  expect(shown.stderr).toBe('1 schemas can be used\n')
})
