import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { describeRunning, parseCommand } from './command.ts'

describe('arguments', () => {
  test('servers by name, in any order, with defaults', () => {
    expect(parseCommand(['registry', 'kafka'])).toEqual({
      servers: ['kafka', 'registry'],
      brokers: 1,
      kafkaVersion: '4.3.1',
      port: undefined,
      registryPort: undefined,
      json: false,
      restart: false,
      fetch: false,
    })
  })

  test('options', () => {
    const args = 'kafka --brokers 3 --kafka-version 3.9.2 --port 9000 --registry-port 9100 --json --restart'
    expect(parseCommand(args.split(' '))).toMatchObject({
      brokers: 3,
      kafkaVersion: '3.9.2',
      port: 9000,
      registryPort: 9100,
      json: true,
      restart: true,
    })
  })

  test.each(['--help', '-h', 'kafka --help'])('%s asks for the usage', args => {
    expect(parseCommand(args.split(' '))).toBeUndefined()
  })

  test.each([
    ['', 'Name at least one server: kafka, registry, s3.'],
    ['kafka zookeeper', 'There is no server zookeeper'],
    ['kafka --brokers 2', '--brokers must be 1 or 3.'],
    ['kafka --kafka-version 2.8', '--kafka-version must be 4.3.1 or 3.9.2.'],
    ['kafka --port 0', '--port must be a port'],
    ['kafka --port 90000', '--port must be a port'],
    ['kafka --registry-port x', '--registry-port must be a port'],
    ['kafka --jsn', '--jsn'],
  ])('%j: %s', (args, message) => {
    expect(() => parseCommand(args.split(' ').filter(Boolean))).toThrow(message)
  })
})

describe('what is printed', () => {
  const fragment = (text: string) =>
    parse(text.split('For sluicebox.yaml:\n')[1]?.split(/^(?:And|Ctrl-C)/m)[0] as string) as unknown

  test('one broker: one copy of everything', () => {
    const text = describeRunning({
      kafka: { brokers: ['127.0.0.1:9092'], pids: [7] },
      registry: { url: 'http://127.0.0.1:8081/apis/ccompat/v7', pid: 8 },
    })
    expect(text).toContain('127.0.0.1:9092  (pid 7)')
    expect(fragment(text)).toEqual({
      log: { kind: 'kafka', kafka: { brokers: ['127.0.0.1:9092'], replicas: 1, inSyncReplicasMin: 1 } },
      registry: { url: 'http://127.0.0.1:8081/apis/ccompat/v7' },
    })
  })

  test('three brokers, and a store', () => {
    const brokers = ['127.0.0.1:1', '127.0.0.1:2', '127.0.0.1:3']
    const text = describeRunning({
      kafka: { brokers, pids: [1, 2, 3] },
      s3: { url: 'http://127.0.0.1:4', pid: 4, env: { AWS_REGION: 'us-east-1' } },
    })
    expect(fragment(text)).toMatchObject({
      log: { kind: 'kafka', kafka: { brokers } },
      store: { kind: 's3', s3: { endpoint: 'http://127.0.0.1:4', forcePathStyle: true } },
    })
    expect(text).toContain('export AWS_REGION=us-east-1')
  })
})
