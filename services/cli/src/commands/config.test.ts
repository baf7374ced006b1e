import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { helpOf, sluicebox, sluiceboxWith } from '../testing/command.ts'
import { temporaryFolder, writeLines } from '../testing/shop.ts'

const dir = temporaryFolder()
const good = writeLines(dir, 'good.yaml', ['dataDir: shop', 'collector: { port: 9000 }'])
const wrong = writeLines(dir, 'wrong.yaml', ['logLevel: loud', 'collector:', '  prot: 9000'])

test('the help lists the options and shows examples', async () => {
  expect(await helpOf('config check')).toEqual({
    options: ['config', 'json', 'help'],
    examples: ['sluicebox config check --config sluicebox.yaml'],
  })
  expect(await helpOf('config print')).toEqual({
    options: ['config', 'env', 'json', 'help'],
    examples: ['sluicebox config print > sluicebox.yaml', 'sluicebox config print --env'],
  })
})

test.each<[line: string, says: string]>([
  ['config', 'check [options]'],
  ['config edit', "unknown command 'edit'"],
  ['config check --config', 'argument missing'],
  ['config check good.yaml', 'too many arguments'],
  ['config print --yaml', "unknown option '--yaml'"],
  ['config check --config nowhere.yaml', 'nowhere.yaml: there is no such file; give --config the path'],
  ['config print --config nowhere.yaml', 'nowhere.yaml: there is no such file; give --config the path'],
])('%j is wrong usage: %s', async (line, says) => {
  const { code, stdout, stderr } = await sluicebox(line)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(says)
})

describe('config check', () => {
  test('ends with 0 where all is well', async () => {
    const { code, stdout, stderr } = await sluicebox('config check --config', good)
    expect([code, stdout, stderr]).toEqual([0, '', 'the configuration is good\n'])
  })

  test('ends with 2 and reports every fault: where it is, what it is, what to write instead', async () => {
    const { code, stderr } = await sluicebox('config check --config', wrong)
    expect(code).toBe(2)
    expect(stderr).toContain('error: the configuration has 2 faults:')
    expect(stderr).toContain(`${wrong}:1: logLevel: `)
    expect(stderr).toContain('expected one of "silent"|"error"|"warn"|"info"|"debug" (it is "loud")')
    expect(stderr).toContain(
      `${wrong}:3: collector.prot: there is no such setting; did you mean collector.port?`,
    )
  })

  test('prints the result as JSON, with the same faults and exit code', async () => {
    const well = await sluicebox('config check --json --config', good)
    expect(well).toMatchObject({ code: 0, stderr: '' })
    expect(well.json()).toEqual([{ ok: true, faults: [] }])
    const ran = await sluicebox('config check --json --config', wrong)
    expect(ran).toMatchObject({ code: 2, stderr: '' })
    expect(ran.json()).toEqual([
      {
        ok: false,
        faults: [
          expect.stringContaining(`${wrong}:1: logLevel: `),
          expect.stringContaining(`${wrong}:3: collector.prot: `),
        ],
      },
    ])
  })

  test('reports a folder where a file belongs', async () => {
    const { code, stderr } = await sluicebox('config check --config', dir)
    expect(code).toBe(2)
    expect(stderr).toContain(`${dir}: can't be read: it is a folder, not a file; name a YAML file`)
  })

  test.each<[name: string, value: string, says: string]>([
    ['SLUICEBOX_COLLECTOR_PORT', 'many', 'environment variable SLUICEBOX_COLLECTOR_PORT: collector.port'],
    ['SLUICEBOX_COLLECTOR_PROT', '1', 'did you mean SLUICEBOX_COLLECTOR_PORT?'],
    ['SLUICEBOX_CONFIG', 'nowhere.yaml', 'nowhere.yaml: there is no such file'],
    ['SLUICEBOX_CONFIG', wrong, `${wrong}:1: logLevel`],
  ])('reports what is wrong with the environment variable %s=%s', async (name, value, says) => {
    const { code, stderr } = await sluiceboxWith({ [name]: value }, 'config check')
    expect(code).toBe(2)
    expect(stderr).toContain(says)
  })
})

describe('config print', () => {
  test('prints what is in force as YAML that can be read again', async () => {
    const first = await sluicebox('config print --config', good)
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(parse(first.stdout)).toMatchObject({
      dataDir: 'shop',
      logLevel: 'info',
      collector: { port: 9000 },
    })
    const again = await sluicebox('config print --config', writeLines(dir, 'again.yaml', [first.stdout]))
    expect(again.stdout).toBe(first.stdout)
  })

  test('prints the same as JSON', async () => {
    const { stdout } = await sluicebox('config print --json --config', good)
    expect(JSON.parse(stdout)).toEqual(parse((await sluicebox('config print --config', good)).stdout))
  })

  test('takes a file over the default, and the environment over a file', async () => {
    const env = { SLUICEBOX_CONFIG: good, SLUICEBOX_COLLECTOR_PORT: '9001' }
    const { stdout } = await sluiceboxWith(env, 'config print --json')
    expect(JSON.parse(stdout)).toMatchObject({ dataDir: 'shop', collector: { port: 9001 } })
  })

  test('lists the environment variables with what they set', async () => {
    const { code, stdout } = await sluicebox('config print --env')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^SLUICEBOX_COLLECTOR_PORT  collector\.port \(integer\): \S/m)
    expect(stdout).toMatch(/^SLUICEBOX_LOG_LEVEL  logLevel \(silent \| error \| warn \| info \| debug\): \S/m)
  })

  test('lists them one per line as JSON', async () => {
    const settings = (await sluicebox('config print --env --json')).json()
    expect(settings).toContainEqual(
      expect.objectContaining({
        env: 'SLUICEBOX_COLLECTOR_PORT',
        path: ['collector', 'port'],
        default: 8080,
      }),
    )
    const lines = (await sluicebox('config print --env')).stdout.trimEnd().split('\n')
    expect(settings).toHaveLength(lines.length)
  })
})
