import { describe, expect, test } from 'vitest'
import { helpOf, sluicebox } from '../testing/command.ts'
import { temporaryFolder, writeLines } from '../testing/shop.ts'

const dir = temporaryFolder()
const kafka = writeLines(dir, 'kafka.yaml', ['log: { kind: kafka, kafka: { brokers: ["127.0.0.1:1"] } }'])
const EMBEDDED = 'set log.kind to kafka and name the brokers in log.kafka.brokers'

test.each(['create', 'check'])('the help of topics %s lists the options and shows an example', async name => {
  expect(await helpOf(`topics ${name}`)).toEqual({
    options: ['config', 'json', 'help'],
    examples: [`sluicebox topics ${name} --config sluicebox.yaml`],
  })
})

test.each<[line: string, says: string]>([
  ['topics', 'create [options]'],
  ['topics delete', "unknown command 'delete'"],
  ['topics check raw', 'too many arguments'],
  ['topics create --config nowhere.yaml', 'nowhere.yaml: there is no such file; give --config the path'],
  ['topics create', EMBEDDED],
  ['topics check', EMBEDDED],
  ['topics check --json', EMBEDDED],
])('%j is wrong usage: %s', async (line, says) => {
  const { code, stdout, stderr } = await sluicebox(line)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(says)
})

test('brokers that are not named are a wrong configuration', async () => {
  const config = writeLines(dir, 'brokerless.yaml', ['log: { kind: kafka }'])
  const { code, stderr } = await sluicebox('topics check --config', config)
  expect(code).toBe(2)
  expect(stderr).toContain('brokers')
})

describe.each(['topics create', 'topics check'])('%s', line => {
  test.each(['', ' --json'])('fails where no broker can be reached, and names the brokers%s', async json => {
    const { code, stdout, stderr } = await sluicebox(`${line}${json} --config`, kafka)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^error: .*127\.0\.0\.1:1/)
  })
})
