import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { helpOf, sluicebox, sluiceboxWith, type Environment } from '../testing/command.ts'
import { shopMap, succeeded, temporaryFolder, visits, writeLines } from '../testing/shop.ts'

const dir = temporaryFolder()
/** Ports that are free whatever else runs on the machine. */
const env: Environment = { SLUICEBOX_COLLECTOR_PORT: '0', SLUICEBOX_ADMIN_PORT: '0' }

interface Finding {
  readonly check: string
  readonly state: 'ok' | 'warning' | 'fault'
  readonly detail: string
}

async function findings(more: Environment, ...args: readonly string[]): Promise<Map<string, Finding>> {
  const ran = await sluiceboxWith({ ...env, ...more }, 'doctor --json', ...args)
  return new Map((ran.json() as Finding[]).map(finding => [finding.check, finding]))
}

test('the help lists the options and shows an example', async () => {
  expect(await helpOf('doctor')).toEqual({
    options: ['config', 'data', 'json', 'help'],
    examples: ['sluicebox doctor --data shop'],
  })
})

test.each<[line: string, says: string]>([
  ['doctor --fix', "unknown option '--fix'"],
  ['doctor shop', 'too many arguments'],
  ['doctor --config nowhere.yaml', 'nowhere.yaml: there is no such file; give --config the path'],
])('%j is wrong usage: %s', async (line, says) => {
  const { code, stdout, stderr } = await sluicebox(line)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(says)
})

describe('doctor', () => {
  test('ends with 0 where nothing keeps Sluicebox from running, and says what it looked at', async () => {
    const { code, stdout, stderr } = await sluiceboxWith(env, 'doctor --data', join(dir, 'fresh'))
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^ok {2}Node\.js: v\d+/),
      'ok  configuration: no fault',
      expect.stringMatching(/^ok {2}event schemas: \d+ are known$/),
      expect.stringMatching(/^ok {2}data directory: .*fresh can be written$/),
      expect.stringMatching(/^(ok|warning) {2}disk: \d+\.\d GiB free/),
      'ok  log: none yet; "sluicebox up" creates one',
      'ok  collector.port: 127.0.0.1:0 is free',
      'ok  admin.port: 127.0.0.1:0 is free',
      expect.stringMatching(/^ok {2}bundle: shop-example .* reproduces its golden sessions$/),
    ])
  })

  test('says what the files of the enricher hold, or what is wrong with them', async () => {
    const rates = writeLines(dir, 'rates.csv', ['date,currency,rate', '2026-11-20,USD,1.25'])
    const geo = join(import.meta.dirname, '../../../enricher/src/testing/geo/small.mmdb')
    const settings = [
      'enricher:',
      `  geo: { database: ${geo} }`,
      `  currency: { base: EUR, ratesFile: ${rates} }`,
    ]
    const config = writeLines(dir, 'files.yaml', settings)
    const found = await findings({}, '--config', config, '--data', join(dir, 'fresh'))
    expect(found.get('database of addresses')?.detail).toMatch(/^Example-City, built on /)
    expect(found.get('exchange rates')?.detail).toBe('1 currency against EUR, 2026-11-20 to 2026-11-20')

    writeLines(dir, 'rates.csv', ['date,currency,rate', '2026-11-20,USD,0'])
    const faulty = await findings({}, '--config', config, '--data', join(dir, 'fresh'))
    expect(faulty.get('files of the enricher')).toMatchObject({
      state: 'fault',
      detail: expect.stringContaining('rates.csv: line 2 has the rate "0"'),
    })
  })

  test('prints one finding a line as JSON', async () => {
    const found = await findings({}, '--data', join(dir, 'fresh'))
    expect([...found.keys()]).toEqual([
      ...['Node.js', 'configuration', 'event schemas', 'data directory', 'disk', 'log'],
      ...['collector.port', 'admin.port', 'bundle'],
    ])
    expect(found.get('configuration')).toEqual({ check: 'configuration', state: 'ok', detail: 'no fault' })
  })

  test('counts what a log keeps', async () => {
    const data = join(dir, 'shop')
    succeeded(
      await sluicebox(
        'import',
        writeLines(dir, 'v.ndjson', visits(1)),
        '--map',
        shopMap(dir),
        '--data',
        data,
      ),
    )
    expect((await findings({}, '--data', data)).get('log')).toMatchObject({
      state: 'ok',
      detail: '4 partitions, 3 records of raw kept',
    })
  })

  test('warns of a port that is taken, and says how to choose another', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const ran = await sluiceboxWith({ ...env, SLUICEBOX_COLLECTOR_PORT: String(port) }, 'doctor --json')
    server.close()
    expect(ran.code).toBe(0)
    expect(ran.json()).toContainEqual({
      check: 'collector.port',
      state: 'warning',
      detail: expect.stringMatching(
        / is in use, .*; otherwise choose another with --port or collector\.port$/,
      ),
    })
  })

  test('warns of schemas that are unusable', async () => {
    const own = join(dir, 'schemas', 'acme', 'poll')
    mkdirSync(own, { recursive: true })
    writeLines(own, '1-0-0.json', ['{'])
    const found = await findings({ SLUICEBOX_ENRICHER_SCHEMA_DIRS: JSON.stringify([join(dir, 'schemas')]) })
    expect(found.get('event schemas')).toMatchObject({
      state: 'warning',
      detail: expect.stringContaining('1 files can\'t be used: "sluicebox schemas lint" says why'),
    })
  })

  test.each<[what: string, args: () => string[], more: Environment, check: string, says: string]>([
    [
      'a data directory that is a file',
      () => ['--data', writeLines(dir, 'taken', [])],
      {},
      'data directory',
      "taken can't be written",
    ],
    [
      'a folder of schemas that is not there',
      () => ['--data', join(dir, 'fresh')],
      { SLUICEBOX_ENRICHER_SCHEMA_DIRS: '["nowhere"]' },
      'event schemas',
      'There is no folder of event schemas at nowhere',
    ],
    [
      'a bundle that is not there',
      () => ['--data', join(dir, 'fresh')],
      { SLUICEBOX_SCORER_BUNDLE: 'nowhere' },
      'bundle',
      'there is no bundle at nowhere: name the folder or .zip',
    ],
    [
      'an address of another machine',
      () => ['--data', join(dir, 'fresh')],
      { SLUICEBOX_COLLECTOR_HOST: '192.0.2.1' },
      'collector.port',
      "192.0.2.1:0 can't be listened on",
    ],
    [
      'brokers that do not answer',
      () => ['--data', join(dir, 'fresh')],
      { SLUICEBOX_LOG_KIND: 'kafka', SLUICEBOX_LOG_KAFKA_BROKERS: '["127.0.0.1:1"]' },
      'log',
      'the brokers 127.0.0.1:1 could not be asked',
    ],
  ])('ends with 1 for %s', async (_what, args, more, check, says) => {
    const { code, stdout } = await sluiceboxWith({ ...env, ...more }, 'doctor', ...args())
    expect(code).toBe(1)
    expect(stdout).toContain(`fault  ${check}: `)
    expect(stdout).toContain(says)
    expect((await findings(more, ...args())).get(check)?.state).toBe('fault')
  })
})
