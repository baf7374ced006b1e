import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ConfigError, listSettings, loadConfig } from './config.ts'

const schema = z.strictObject({
  collector: z
    .strictObject({
      port: z.number().int().min(0).max(65_535).default(8080).describe('Public port.'),
      cookie: z.strictObject({ name: z.string().default('sp') }).prefault({}),
      paths: z.array(z.string()).default([]),
    })
    .prefault({}),
  dataDir: z.string().default('data'),
})

const dir = mkdtempSync(join(tmpdir(), 'sluicebox-config-'))
afterAll(() => rmSync(dir, { recursive: true }))

function file(text: string): string {
  const path = join(dir, 'sluicebox.yaml')
  writeFileSync(path, text)
  return path
}

function faultsOf(load: () => unknown): readonly string[] {
  try {
    load()
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(fault => fault.replace(dir, ''))
    throw error
  }
  return []
}

describe('loadConfig', () => {
  test('gives defaults when nothing is set', () => {
    expect(loadConfig(schema, {})).toEqual({
      collector: { port: 8080, cookie: { name: 'sp' }, paths: [] },
      dataDir: 'data',
    })
  })

  test('lets flags override the environment, and the environment the file', () => {
    const config = loadConfig(schema, {
      file: file('dataDir: from-file\ncollector:\n  port: 1\n  cookie: { name: from-file }\n'),
      env: { SLUICEBOX_COLLECTOR_PORT: '2', SLUICEBOX_COLLECTOR_COOKIE_NAME: '7', PATH: '/bin' },
      flags: { collector: { port: 3 }, dataDir: undefined },
    })
    expect(config).toEqual({ collector: { port: 3, cookie: { name: '7' }, paths: [] }, dataDir: 'from-file' })
  })

  test('reads a list from an environment variable', () => {
    expect(loadConfig(schema, { env: { SLUICEBOX_COLLECTOR_PATHS: '[/a, /b]' } }).collector.paths).toEqual([
      '/a',
      '/b',
    ])
  })

  test('reports all faults together, each with its place and a suggestion', () => {
    const faults = faultsOf(() =>
      loadConfig(schema, {
        file: file('dataDirr: x\ncollector:\n  port: many\n  cookie:\n    nmae: y\n'),
        env: { SLUICEBOX_COLECTOR_PORT: '2' },
      }),
    )
    expect(faults).toEqual([
      'environment variable SLUICEBOX_COLECTOR_PORT: there is no such setting; did you mean SLUICEBOX_COLLECTOR_PORT?',
      '/sluicebox.yaml:3: collector.port: Invalid input: expected number, received string (it is "many")',
      '/sluicebox.yaml:5: collector.cookie.nmae: there is no such setting; did you mean collector.cookie.name?',
      '/sluicebox.yaml:1: dataDirr: there is no such setting; did you mean dataDir?',
    ])
  })

  test.each([
    ['http://me:hunter2@registry:8081/x', 'http://…@registry:8081/x'],
    ['http://registry:8081/x?token=hunter2', 'http://registry:8081/x?…'],
    ['http://me:hunter2@registry?token=hunter2#a', 'http://…@registry?…'],
  ])('does not repeat what may be secret in %s', (value, shown) => {
    const [fault] = faultsOf(() => loadConfig(schema, { file: file(`collector:\n  port: ${value}\n`) }))
    expect(fault).toContain(`(it is "${shown}")`)
    expect(fault).not.toContain('hunter2')
  })

  test('names the environment variable whose value is wrong', () => {
    expect(faultsOf(() => loadConfig(schema, { env: { SLUICEBOX_COLLECTOR_PORT: '99999' } }))).toEqual([
      expect.stringMatching(/^environment variable SLUICEBOX_COLLECTOR_PORT: collector\.port: Too big/),
    ])
  })

  test.each([
    ['a: [', /sluicebox\.yaml:\d+: is not YAML/],
    ['- a\n- b\n', /must hold settings by section/],
  ])('says where a file is broken: %j', (text, message) => {
    expect(faultsOf(() => loadConfig(schema, { file: file(text) })).join()).toMatch(message)
  })

  test('asks for a file that was named but is not there', () => {
    expect(faultsOf(() => loadConfig(schema, { file: '/nowhere.yaml', fileRequired: true }))).toHaveLength(1)
    expect(loadConfig(schema, { file: '/nowhere.yaml' }).dataDir).toBe('data')
  })
})

test('listSettings names every setting with its environment variable', () => {
  expect(listSettings(schema)).toContainEqual({
    path: ['collector', 'port'],
    env: 'SLUICEBOX_COLLECTOR_PORT',
    type: 'integer',
    default: 8080,
    description: 'Public port.',
  })
  expect(listSettings(schema).map(setting => setting.env)).toEqual([
    'SLUICEBOX_COLLECTOR_PORT',
    'SLUICEBOX_COLLECTOR_COOKIE_NAME',
    'SLUICEBOX_COLLECTOR_PATHS',
    'SLUICEBOX_DATA_DIR',
  ])
})

test('a schema that allows other keys ignores other sections, and reports mistakes in its own', () => {
  const own = z.object({ collector: z.strictObject({ port: z.number().default(1) }).prefault({}) })
  const others = { file: file('scorer:\n  gapMs: 1\n'), env: { SLUICEBOX_SCORER_GAP_MS: '1' } }
  expect(loadConfig(own, others)).toEqual({ collector: { port: 1 } })
  expect(faultsOf(() => loadConfig(own, { env: { SLUICEBOX_COLLECTOR_PROT: '1' } }))).toEqual([
    'environment variable SLUICEBOX_COLLECTOR_PROT: there is no such setting; did you mean SLUICEBOX_COLLECTOR_PORT?',
  ])
})
