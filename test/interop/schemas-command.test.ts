// `sluicebox schemas` as an operator runs it, against a real registry.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serversAvailable } from '@sluicebox/infra/local/available'
import { startRegistry, type LocalRegistry } from '@sluicebox/infra/local/registry'
import { json, ROOT, sluicebox, succeed } from '../e2e/sluicebox.ts'

test('without a registry there is nothing to do: the message says how to name one', async () => {
  const { code, stderr } = await sluicebox('schemas', 'check')
  expect(code).toBe(2)
  expect(stderr).toContain('give --registry URL, or registry.url in the configuration')
})

describe.skipIf(!(await serversAvailable('registry')))('with a registry', () => {
  let registry: LocalRegistry
  let dir: string
  beforeAll(async () => {
    registry = await startRegistry()
    dir = mkdtempSync(join(tmpdir(), 'schemas-'))
  })
  afterAll(async () => {
    await registry.stop()
    rmSync(dir, { recursive: true })
  })

  /** The same address with another prefix, in a configuration file: each test has subjects of its own. */
  function configFile(prefix: string): string {
    const file = join(dir, `${prefix}.yaml`)
    const log = `log: { kind: kafka, kafka: { prefix: ${prefix}., brokers: ['127.0.0.1:1'] } }`
    writeFileSync(file, `registry: { url: ${registry.url} }\n${log}\n`)
    return file
  }

  test('push registers what is lacking, and leaves alone what is there', async () => {
    const config = ['--config', configFile('shop')]
    const dry = await succeed('schemas', 'push', '--dry-run', ...config)
    expect(dry.stdout).toMatch(/^shop\.raw-value +version 1 +- +- +would be registered$/m)

    const pushed = await succeed('schemas', 'push', ...config)
    expect(pushed.stdout).toMatch(/^shop\.raw-value +version 1 +1 +\d+ +registered$/m)
    expect(pushed.stderr).toContain('shop.raw-value: compatibility was set to FULL_TRANSITIVE')

    const again = await succeed('schemas', 'push', ...config)
    expect(again.stdout).toBe(pushed.stdout.replaceAll('registered', 'unchanged'))
    expect(again.stderr).toBe('')
  })

  test('check finds nothing once they are pushed, and pull gives what was pushed', async () => {
    const config = ['--config', configFile('site')]
    const before = await sluicebox('schemas', 'check', ...config)
    expect(before.code).toBe(1)
    expect(before.stdout).toContain('site.scored-value: the registry holds no schema under this subject')

    await succeed('schemas', 'push', ...config)
    const after = await succeed('schemas', 'check', ...config)
    expect(after.stderr).toContain(`${registry.url} holds the schemas of all streams`)

    const out = join(dir, 'pulled')
    const files = await json<string>('schemas', 'pull', '--out', out, ...config)
    expect(files).toHaveLength(9)
    for (const file of files)
      expect(readFileSync(file, 'utf8')).toBe(readFileSync(file.replace(out, join(ROOT, 'schemas')), 'utf8'))
  })

  test('push ends with 1 when the registry refuses a schema, and still pushes the others', async () => {
    const config = ['--config', configFile('other')]
    await succeed('schemas', 'push', ...config)
    const schemas = join(dir, 'changed')
    cpSync(join(ROOT, 'schemas/avro'), join(schemas, 'avro'), { recursive: true })
    addField(join(schemas, 'avro/good.avsc'), { name: 'shop', type: 'string' })
    addField(join(schemas, 'avro/scored.avsc'), { name: 'shop', type: 'string', default: '' })

    const { code, stdout, stderr } = await sluicebox('schemas', 'push', '--schemas', schemas, ...config)
    expect(code).toBe(1)
    expect(stdout).toMatch(/^other\.good-value +current +- +- +refused$/m)
    expect(stdout).toMatch(/^other\.scored-value +current +2 +\d+ +registered$/m)
    expect(stderr).toContain(
      'other.good-value: current is refused: with version 1, the current schema cannot read',
    )
  })

  test('pull of subjects that are not there says how to get them there', async () => {
    const { code, stderr } = await sluicebox('schemas', 'pull', '--out', dir, '--config', configFile('none'))
    expect(code).toBe(1)
    expect(stderr).toContain('under subjects such as none.raw-value. Register them: sluicebox schemas push')
  })

  test('an address with a path too short is told apart from a registry that holds nothing', async () => {
    const { code, stderr } = await sluicebox('schemas', 'push', '--registry', new URL(registry.url).origin)
    expect(code).toBe(1)
    expect(stderr).toContain(
      'That is not an answer of a schema registry: check that registry.url holds the whole path',
    )
  })
})

function addField(file: string, field: object): void {
  const schema = JSON.parse(readFileSync(file, 'utf8')) as { fields: object[] }
  writeFileSync(file, JSON.stringify({ ...schema, fields: [...schema.fields, field] }))
}
