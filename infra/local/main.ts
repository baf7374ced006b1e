// npm run infra: real servers on this machine, in the foreground.
import { setTimeout as sleep } from 'node:timers/promises'
import { describeRunning, parseCommand, USAGE, type Command } from './command.ts'
import { prepareKafka, startKafka, type LocalKafka } from './kafka/kafka.ts'
import { isFree } from './ports.ts'
import { prepareRegistry, startRegistry, type LocalRegistry } from './registry.ts'
import { startS3, type LocalS3 } from './s3.ts'

const RESTART_AFTER_MS = 2000

interface Servers {
  kafka?: LocalKafka
  registry?: LocalRegistry
  s3?: LocalS3
}

const onProgress = (message: string) => void process.stderr.write(`${message}\n`)
const whenToldToStop = new Promise<'stop'>(resolve => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      resolve('stop')
    })
})

async function main(): Promise<number> {
  const command = parseCommand(process.argv.slice(2))
  if (command === undefined) {
    process.stdout.write(USAGE)
    return 0
  }
  if (command.fetch) {
    await fetchServers(command)
    return 0
  }
  const servers: Servers = {}
  const starting = startServers(command, servers)
  // What has started is ended by its guard when this process goes.
  if ((await Promise.race([starting, whenToldToStop])) === 'stop') return 130
  print(command, servers)
  let stopping = false
  watch(command, servers, () => stopping)
  await whenToldToStop
  stopping = true
  onProgress('Stopping …')
  await Promise.all([servers.kafka?.stop(), servers.registry?.stop(), servers.s3?.stop()])
  return 0
}

async function fetchServers({ servers, kafkaVersion }: Command): Promise<void> {
  if (servers.includes('kafka')) await prepareKafka({ version: kafkaVersion, onProgress })
  if (servers.includes('registry')) await prepareRegistry({ onProgress })
  if (servers.includes('s3')) await (await startS3(onProgress)).stop()
}

async function startServers(command: Command, servers: Servers): Promise<void> {
  const { brokers, kafkaVersion } = command
  onProgress(`Starting ${command.servers.join(', ')} …`)
  const starts = {
    kafka: async () => {
      const port = await usualPort(command.port, 9092, brokers)
      servers.kafka = await startKafka({
        ...{ brokers, version: kafkaVersion, compile: 'full', onProgress },
        ...(port !== undefined && { port }),
      })
    },
    registry: async () => {
      const port = await usualPort(command.registryPort, 8081, 1)
      servers.registry = await startRegistry({ onProgress, ...(port !== undefined && { port }) })
    },
    s3: async () => {
      servers.s3 = await startS3(onProgress)
    },
  }
  await Promise.all(command.servers.map(name => starts[name]()))
}

/** The port that was asked for, else the usual one if it is free. */
async function usualPort(
  asked: number | undefined,
  usual: number,
  count: number,
): Promise<number | undefined> {
  if (asked !== undefined) return asked
  for (let port = usual; port < usual + count; port++) if (!(await isFree(port))) return undefined
  return usual
}

function print(command: Command, { kafka, registry, s3 }: Servers): void {
  const running = {
    ...(kafka && { kafka: { brokers: kafka.addresses, pids: kafka.nodes.map(node => node.pid) } }),
    ...(registry && { registry: { url: registry.url, pid: registry.pid } }),
    ...(s3 && { s3: { url: s3.url, pid: s3.pid, env: s3.env } }),
  }
  process.stdout.write(command.json ? `${JSON.stringify(running)}\n` : describeRunning(running))
}

/** Says when a server dies, and starts it again where that is wanted. */
function watch(command: Command, { kafka, registry }: Servers, stopping: () => boolean): void {
  const follow = async (name: string, server: Pick<LocalRegistry, 'exited' | 'start' | 'pid'>) => {
    for (;;) {
      const { pid } = server
      await server.exited
      if (stopping()) return
      onProgress(`${name} (pid ${pid}) ended.`)
      if (!command.restart) return
      await sleep(RESTART_AFTER_MS)
      if (stopping()) return
      const problem = await server.start().catch((error: unknown) => error)
      onProgress(
        problem instanceof Error ? problem.message : `${name} is back (pid ${server.pid}), with its data.`,
      )
    }
  }
  for (const node of kafka?.nodes ?? []) void follow(`Kafka node ${node.id}`, node)
  if (registry !== undefined) void follow('The schema registry', registry)
}

main().then(
  code => process.exit(code),
  (error: unknown) => {
    onProgress(error instanceof Error ? error.message : String(error))
    process.exit(1)
  },
)
