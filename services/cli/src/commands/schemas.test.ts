import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SCHEMAS_DIR } from '@sluicebox/registry/streams/folder'
import { describe, expect, onTestFinished, test } from 'vitest'
import { helpOf, sluicebox, sluiceboxWith } from '../testing/command.ts'
import { startFakeRegistry, type FakeRegistry } from '../testing/registry.ts'
import { temporaryFolder, writeLines } from '../testing/shop.ts'

const dir = temporaryFolder()
const SUBJECTS = ['raw-value', 'good-value', 'bad-value', 'scored-value']

async function registry(): Promise<FakeRegistry> {
  const fake = await startFakeRegistry()
  onTestFinished(() => fake[Symbol.asyncDispose]())
  return fake
}

test('the help lists the options and shows examples', async () => {
  expect(await helpOf('schemas push')).toEqual({
    options: ['config', 'registry', 'schemas', 'json', 'dry-run', 'help'],
    examples: [
      'sluicebox schemas push --registry http://localhost:8081',
      'sluicebox schemas push --config sluicebox.yaml --dry-run',
    ],
  })
  expect(await helpOf('schemas check')).toEqual({
    options: ['config', 'registry', 'schemas', 'json', 'help'],
    examples: ['sluicebox schemas check', 'sluicebox schemas check --registry http://localhost:8081 --json'],
  })
  expect(await helpOf('schemas pull')).toEqual({
    options: ['config', 'registry', 'schemas', 'json', 'out', 'help'],
    examples: ['sluicebox schemas pull --out pulled && diff -r schemas/avro pulled/avro'],
  })
})

const UNNAMED = 'no schema registry is configured: give --registry URL, or registry.url in the configuration'
test.each<[line: string, says: string]>([
  ['schemas', 'push [options]'],
  ['schemas delete', "unknown command 'delete'"],
  ['schemas push', UNNAMED],
  ['schemas check', UNNAMED],
  ['schemas pull --out pulled', UNNAMED],
  ['schemas pull', "required option '--out <dir>' not specified"],
  ['schemas check raw', 'too many arguments'],
  ['schemas check --registry localhost', 'must be an http or https address, such as http://registry:8081'],
  ['schemas check --config nowhere.yaml', 'nowhere.yaml: there is no such file; give --config the path'],
])('%j is wrong usage: %s', async (line, says) => {
  const { code, stdout, stderr } = await sluicebox(line)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(says)
})

test.each(['schemas push', 'schemas check', 'schemas pull --out pulled'])(
  '%j fails where the registry can not be reached, and says what to look at',
  async line => {
    const { code, stdout, stderr } = await sluicebox(line, '--registry', 'http://127.0.0.1:1')
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(
      /The schema registry at http:\/\/127\.0\.0\.1:1 can't be reached .*registry\.url is right/,
    )
  },
)

describe('schemas push', () => {
  test('registers the schemas of all streams, and leaves alone what is there', async () => {
    const { url, subjects } = await registry()
    const first = await sluicebox('schemas push --registry', url)
    expect(first.code).toBe(0)
    expect([...subjects.keys()]).toEqual(SUBJECTS)
    expect(first.stdout).toMatch(/^subject +schema +version +id +what happened$/m)
    expect(first.stdout).toMatch(/^raw-value +version 1 +1 +1 +registered$/m)
    expect(first.stderr).toContain(
      'raw-value: compatibility was set to FULL_TRANSITIVE (before: none of its own)',
    )

    const again = await sluicebox('schemas push --registry', url)
    expect(again).toMatchObject({ code: 0, stderr: '' })
    expect(again.stdout).not.toMatch(/ registered$/m)
    expect(again.stdout).toMatch(/^raw-value +version 1 +1 +1 +unchanged$/m)
  })

  test('registers nothing with --dry-run, and says what it would do', async () => {
    const { url, subjects } = await registry()
    const { code, stdout, stderr } = await sluicebox('schemas push --dry-run --registry', url)
    expect(code).toBe(0)
    expect(subjects.size).toBe(0)
    expect(stdout).toMatch(/^scored-value +version 1 +- +- +would be registered$/m)
    expect(stderr).toContain('scored-value: compatibility would be set to FULL_TRANSITIVE')
  })

  test('ends with 1 where the registry refuses a schema, and says which and why', async () => {
    const fake = await registry()
    fake.refused.add('good-value')
    const { code, stdout, stderr } = await sluicebox('schemas push --registry', fake.url)
    expect(code).toBe(1)
    expect(stdout).toMatch(/^good-value +version 1 +- +- +refused$/m)
    expect(stderr).toMatch(/^good-value: version 1 is refused: .*It would break readers\./m)
    expect(fake.subjects.has('scored-value')).toBe(true)
  })

  test('prints one stream a line as JSON', async () => {
    const { url } = await registry()
    const ran = await sluicebox('schemas push --json --registry', url)
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.json()).toMatchObject(
      SUBJECTS.map(subject => ({
        subject,
        levelBefore: 'none of its own',
        schemas: expect.arrayContaining([
          expect.objectContaining({ schema: 'version 1', outcome: 'registered', version: 1 }),
        ]),
      })),
    )
  })

  test('puts the prefix of a Kafka log before the subjects', async () => {
    const { url, subjects } = await registry()
    const config = writeLines(dir, 'prefix.yaml', [
      `registry: { url: ${url} }`,
      'log: { kind: kafka, kafka: { prefix: shop., brokers: ["127.0.0.1:1"] } }',
    ])
    expect((await sluicebox('schemas push --config', config)).code).toBe(0)
    expect([...subjects.keys()]).toEqual(SUBJECTS.map(subject => `shop.${subject}`))
  })
})

describe('schemas check', () => {
  test('ends with 1 and says what to do where schemas are missing', async () => {
    const { url } = await registry()
    const { code, stdout } = await sluicebox('schemas check --registry', url)
    expect(code).toBe(1)
    expect(stdout.trimEnd().split('\n')).toEqual(
      SUBJECTS.map(
        subject =>
          `${subject}: the registry holds no schema under this subject. Register it: sluicebox schemas push`,
      ),
    )
    const ran = await sluiceboxWith({ SLUICEBOX_REGISTRY_URL: url }, 'schemas check --json')
    expect(ran.code).toBe(1)
    expect(ran.json()).toMatchObject(SUBJECTS.map(subject => ({ subject })))
  })

  test('ends with 0 once they are pushed', async () => {
    const { url } = await registry()
    await sluicebox('schemas push --registry', url)
    expect(await sluicebox('schemas check --registry', url)).toMatchObject({
      code: 0,
      stdout: '',
      stderr: `${url} holds the schemas of all streams\n`,
    })
    const ran = await sluicebox('schemas check --json --registry', url)
    expect(ran).toMatchObject({ code: 0, stdout: '', stderr: '' })
  })
})

describe('schemas pull', () => {
  test('writes what was pushed as the schemas that ship are written', async () => {
    const { url } = await registry()
    await sluicebox('schemas push --registry', url)
    const out = join(dir, 'pulled')
    const { code, stdout } = await sluicebox('schemas pull --out', out, '--registry', url)
    expect(code).toBe(0)
    expect(stdout).toContain(join(out, 'avro', 'raw.avsc'))
    for (const name of readdirSync(join(out, 'avro')).filter(each => each.endsWith('.avsc')))
      expect(readFileSync(join(out, 'avro', name), 'utf8')).toBe(
        readFileSync(join(SCHEMAS_DIR, 'avro', name), 'utf8'),
      )
  })

  test('prints the files as JSON, one per line', async () => {
    const { url } = await registry()
    await sluicebox('schemas push --registry', url)
    const ran = await sluicebox('schemas pull --json --out', join(dir, 'json'), '--registry', url)
    expect(ran.code).toBe(0)
    expect(ran.json()).toContain(join(dir, 'json', 'avro', 'scored.avsc'))
  })

  test('fails where the registry holds none of them, and says how to register them', async () => {
    const { url } = await registry()
    mkdirSync(join(dir, 'nothing'))
    const { code, stderr } = await sluicebox('schemas pull --out', join(dir, 'nothing'), '--registry', url)
    expect(code).toBe(1)
    expect(stderr).toContain("holds none of the streams' schemas under subjects such as raw-value")
    expect(stderr).toContain('Register them: sluicebox schemas push')
    expect(readdirSync(join(dir, 'nothing'))).toEqual([])
  })
})
