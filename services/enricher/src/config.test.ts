import { loadConfig, type ConfigError } from '@sluicebox/runtime/config'
import { loadProcessConfig } from '@sluicebox/runtime/process'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { enricherConfig } from './config.ts'

test('everything has a default', () => {
  expect(enricherConfig.parse(undefined)).toEqual(enricherConfig.parse({}))
})

test('every setting says what it is for', () => {
  const schema = z.toJSONSchema(enricherConfig, { io: 'input', unrepresentable: 'any' }) as Described
  const silent: string[] = []
  const look = (node: Described, path: string): void => {
    for (const [key, child] of Object.entries(node.properties ?? {})) {
      const own = path === '' ? key : `${path}.${key}`
      if ((child.description ?? '') === '') silent.push(own)
      look(child, own)
    }
    if (node.items !== undefined) look(node.items, `${path}[]`)
  }
  look(schema, '')
  expect(silent).toEqual([])
})

interface Described {
  readonly description?: string
  readonly properties?: Readonly<Record<string, Described>>
  readonly items?: Described
}

function faultsOf(enricher: unknown): readonly string[] {
  try {
    loadConfig(z.strictObject({ enricher: enricherConfig }), { flags: { enricher } as never })
    return []
  } catch (error) {
    return (error as ConfigError).faults
  }
}

test.each<[string, unknown, RegExp]>([
  ['an unknown key', { stricct: true }, /stricct/],
  [
    'a setting that is gone',
    { truncateIp: false },
    /enricher\.truncateIp is gone: remove it\..*collector\.privacy\.ipv4PrefixBits/,
  ],
  ['an unknown condition', { rules: [{ when: { url: '/x' }, then: {} }] }, /url/],
  ['a rule without condition', { rules: [{ when: {}, then: {} }] }, /at least one condition/],
  ['a slow pattern', { rules: [{ when: { pathRegex: '(a+)+' }, then: {} }] }, /can take very long/],
  ['a broken pattern', { rules: [{ when: { pathRegex: '(' }, then: {} }] }, /not a regular expression/],
  ['a path without slash', { rules: [{ when: { path: 'x' }, then: {} }] }, /must begin with \//],
  ['an unknown kind of page', { rules: [{ when: { path: '/x' }, then: { pageKind: 'pdp' } }] }, /pageKind/],
  ['a path of three segments', { paths: { 'a/b/c': 'tp2' } }, /paths/],
  ['an unknown protocol', { paths: { 'a/b': 'tp3' } }, /paths/],
])('%s is a fault', (_name, section, fault) => {
  expect(faultsOf(section).join('\n')).toMatch(fault)
})

test('a good section has no faults', () => {
  const rules = [
    {
      when: { event: 'page_view', path: ['/a/:id', '/b/:id'] },
      then: { productId: ['path:id', 'query:id'] },
    },
  ]
  expect(faultsOf({ rules, paths: { 'acme/events': 'tp2' }, campaign: { source: ['src'] } })).toEqual([])
})

test('a process of its own reads its sections from the environment', () => {
  const config = loadProcessConfig({ enricher: enricherConfig }, undefined, {
    SLUICEBOX_ENRICHER_STRICT: 'true',
    SLUICEBOX_ADMIN_PORT: '0',
  })
  expect([config.enricher.strict, config.admin.port, config.dataDir]).toEqual([true, 0, 'data'])
})
