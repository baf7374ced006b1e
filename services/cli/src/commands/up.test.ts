import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { helpOf, sluicebox } from '../testing/command.ts'
import { startProcess } from '../testing/process.ts'
import { temporaryFolder, writeLines } from '../testing/shop.ts'

const dir = temporaryFolder()

test('the help lists the options and shows examples', async () => {
  expect(await helpOf('up')).toEqual({
    options: ['data', 'port', 'host', 'admin-port', 'bundle', 'config', 'verbose', 'json', 'help'],
    examples: ['sluicebox up', 'sluicebox up --data shop --bundle bundles/mine --port 9000'],
  })
})

test.each<[line: string, says: string]>([
  ['up shop', 'too many arguments'],
  ['up --port x', 'it must be a number.'],
  ['up --port 80.5', 'it must be a whole number.'],
  ['up --port -1', 'it must be at least 0.'],
  ['up --port 65536', 'it must be at most 65535.'],
  ['up --admin-port 65536', 'it must be at most 65535.'],
  ['up --adminport 0', 'Did you mean --admin-port?'],
  ['up --bundle', 'argument missing'],
  ['up --config nowhere.yaml', 'nowhere.yaml: there is no such file; give --config the path'],
])('%j is wrong usage: %s', async (line, says) => {
  const { code, stdout, stderr } = await sluicebox(line)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(says)
})

test('a wrong configuration ends it before anything is opened: every fault has its line', async () => {
  const config = writeLines(dir, 'wrong.yaml', ['collector: { prot: 1 }', 'logLevel: loud'])
  const { code, stderr } = await sluicebox('up --config', config, '--data', join(dir, 'never'))
  expect(code).toBe(2)
  expect(stderr).toContain(
    `${config}:1: collector.prot: there is no such setting; did you mean collector.port?`,
  )
  expect(stderr).toContain(`${config}:2: logLevel: `)
})

describe('up', () => {
  const FREE = 'up --port 0 --admin-port 0'

  test('prints its addresses as JSON once it takes events, and ends with 0 when it is stopped', async () => {
    const running = startProcess(`${FREE} --json`, ['--data', join(dir, 'json')])
    const { url, admin } = JSON.parse(await running.firstLine) as { url: string; admin: string }
    expect((await fetch(`${admin}/health/live`)).status).toBe(200)
    const posted = await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ action: 'product_view', visitor_id: 'visitor-1' }),
    })
    expect([posted.status, await posted.json()]).toEqual([200, expect.objectContaining({ accepted: 1 })])
    expect(await running.stop()).toBe(0)
  })

  test('says where it keeps the data and what to try next', async () => {
    const running = startProcess(FREE, ['--data', join(dir, 'told')])
    expect(await running.firstLine).toBe(`Sluicebox is up. Data is kept in ${join(dir, 'told')}.`)
    expect(await running.stop()).toBe(0)
  })

  test('runs with a schema that is unusable, and names its file and the reason once', async () => {
    const own = join(dir, 'schemas', 'acme', 'poll')
    mkdirSync(own, { recursive: true })
    const file = writeLines(own, '1-0-0.json', ['{'])
    const config = writeLines(dir, 'schemas.yaml', [`enricher: { schemaDirs: [${join(dir, 'schemas')}] }`])
    const running = startProcess(`${FREE} --config`, [config, '--data', join(dir, 'schemaless')])
    expect(await running.firstLine).toContain('Sluicebox is up.')
    expect(await running.stop()).toBe(0)
    expect((await running.ended).stderr.split(file)).toHaveLength(2)
  })

  test('ends with 1 where its port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const args = ['--port', String(port), '--data', join(dir, 'taken')]
    const { code, stderr } = await startProcess('up --admin-port 0', args).ended
    server.close()
    expect(code).toBe(1)
    expect(stderr).toContain('EADDRINUSE')
    expect(stderr).toContain(String(port))
  })
})
