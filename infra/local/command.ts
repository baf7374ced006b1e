// The command line of `npm run infra`, and what it prints.
import { parseArgs } from 'node:util'
import { KAFKA_VERSIONS, type KafkaVersion } from './kafka/kafka.ts'

const SERVERS = ['kafka', 'registry', 's3'] as const

export type ServerName = (typeof SERVERS)[number]

export interface Command {
  readonly servers: readonly ServerName[]
  readonly brokers: 1 | 3
  readonly kafkaVersion: KafkaVersion
  readonly port: number | undefined
  readonly registryPort: number | undefined
  readonly json: boolean
  readonly restart: boolean
  readonly fetch: boolean
}

/** The servers that run, for printing. */
export interface Running {
  readonly kafka?: { readonly brokers: readonly string[]; readonly pids: readonly number[] }
  readonly registry?: { readonly url: string; readonly pid: number }
  readonly s3?: { readonly url: string; readonly pid: number; readonly env: Readonly<Record<string, string>> }
}

export const USAGE = `Usage: npm run infra -- <server>... [options]

Starts real servers on this machine, without Docker, on 127.0.0.1, and prints what sluicebox.yaml needs.
They run until Ctrl-C; their data goes with them. They are fetched once, from Maven Central and Go's module proxy.

Servers:
  kafka                  Apache Kafka (needs Java 17 or newer; Maven to fetch it)
  registry               Apicurio Registry, a Confluent-compatible schema registry (needs the same)
  s3                     versitygw, a store that speaks S3 (needs Go)

Options:
  --brokers 1|3          Kafka brokers; with three, topics can have three copies (default: 1)
  --kafka-version V      ${KAFKA_VERSIONS.join(' or ')} (default: ${KAFKA_VERSIONS[0]})
  --port N               port of the first broker, the others follow (default: 9092, or free ones if it is taken)
  --registry-port N      port of the registry (default: 8081, or a free one if it is taken)
  --restart              start a broker or the registry again, with its data, when it dies
  --json                 print one line of JSON in place of text
  --fetch                only fetch the servers, so that later starts need no network
  --help                 print this

Examples:
  npm run infra -- kafka registry                 one broker and a registry
  npm run infra -- kafka --brokers 3 --restart    three; kill one with kill -9 and see it come back
  npm run infra -- kafka --kafka-version ${KAFKA_VERSIONS[1]}    the older line
  npm run --silent infra -- kafka --json          nothing but a line of JSON on standard output
`

/**
 * Reads the arguments; undefined means to print the usage. Throws a sentence for the user when an argument is wrong.
 */
export function parseCommand(args: readonly string[]): Command | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      brokers: { type: 'string', default: '1' },
      'kafka-version': { type: 'string', default: KAFKA_VERSIONS[0] },
      port: { type: 'string' },
      'registry-port': { type: 'string' },
      json: { type: 'boolean', default: false },
      restart: { type: 'boolean', default: false },
      fetch: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return undefined
  const servers = SERVERS.filter(name => positionals.includes(name))
  const unknown = positionals.find(name => !SERVERS.some(server => server === name))
  if (unknown !== undefined) throw new Error(`There is no server ${unknown}: name ${SERVERS.join(', ')}.`)
  if (servers.length === 0) throw new Error(`Name at least one server: ${SERVERS.join(', ')}.`)
  const kafkaVersion = KAFKA_VERSIONS.find(version => version === values['kafka-version'])
  if (kafkaVersion === undefined) throw new Error(`--kafka-version must be ${KAFKA_VERSIONS.join(' or ')}.`)
  if (values.brokers !== '1' && values.brokers !== '3') throw new Error('--brokers must be 1 or 3.')
  return {
    servers,
    brokers: values.brokers === '1' ? 1 : 3,
    kafkaVersion,
    port: portOf('--port', values.port),
    registryPort: portOf('--registry-port', values['registry-port']),
    json: values.json,
    restart: values.restart,
    fetch: values.fetch,
  }
}

function portOf(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (!/^\d+$/.test(value) || Number(value) < 1 || Number(value) > 65_000)
    throw new Error(`${option} must be a port between 1 and 65000.`)
  return Number(value)
}

/** Describes the servers that run: addresses, then the fragment of a configuration. */
export function describeRunning(running: Running): string {
  const { kafka, registry, s3 } = running
  const lines = ['']
  if (kafka !== undefined)
    lines.push(...kafka.brokers.map((broker, index) => `kafka     ${broker}  (pid ${kafka.pids[index]})`))
  if (registry !== undefined) lines.push(`registry  ${registry.url}  (pid ${registry.pid})`)
  if (s3 !== undefined) lines.push(`s3        ${s3.url}  (pid ${s3.pid})`)
  lines.push('', 'For sluicebox.yaml:', '', ...configLines(running), '')
  if (s3 !== undefined) {
    lines.push('And for the environment of its processes:', '')
    lines.push(...Object.entries(s3.env).map(([name, value]) => `export ${name}=${value}`), '')
  }
  lines.push('Ctrl-C stops everything and removes the data.', '')
  return lines.join('\n')
}

function configLines({ kafka, registry, s3 }: Running): string[] {
  const lines: string[] = []
  if (kafka !== undefined) {
    lines.push('log:', '  kind: kafka', '  kafka:', `    brokers: ['${kafka.brokers.join(`', '`)}']`)
    // The defaults are those of three brokers.
    if (kafka.brokers.length === 1) lines.push('    replicas: 1', '    inSyncReplicasMin: 1')
  }
  if (registry !== undefined) lines.push('registry:', `  url: ${registry.url}`)
  if (s3 !== undefined)
    lines.push(
      ...['store:', '  kind: s3', '  s3:', '    bucket: sluicebox', `    endpoint: ${s3.url}`],
      ...['    forcePathStyle: true', '    createBucket: true'],
    )
  return lines
}
