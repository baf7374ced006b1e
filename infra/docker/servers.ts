// The servers of docker-compose.yml without Docker: the programs that are in their images, with the environment and the
// arguments that are in the file. Each service has a loopback address of its own, so it can use the ports of the file.
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { goProgram } from '../local/fetch/go.ts'
import { prepareKafka } from '../local/kafka/kafka.ts'
import { runProgram, startProcess, untilReady, type ServerProcess } from '../local/process.ts'
import { prepareRegistry } from '../local/registry.ts'
import { VERSITYGW } from '../local/s3.ts'
import { readCompose, type ComposeService } from './compose-file.ts'

export interface Servers {
  /** The address of each service. */
  readonly hosts: Readonly<Record<'kafka' | 'registry' | 's3', string>>
  stop(): Promise<void>
}

/** Starts Kafka, the registry and the store; `net` is the first three parts of their addresses, such as 127.20.1. */
export async function startServers(dir: string, net: string): Promise<Servers> {
  const { services } = readCompose()
  const service = (name: string): ComposeService => services[name] as ComposeService
  const hosts = { kafka: `${net}.2`, registry: `${net}.3`, s3: `${net}.4` }
  const running: ServerProcess[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(running.map(server => server.kill('SIGKILL')))
  }

  /** The environment of a service as arguments of env(1), with addresses for names. */
  function environment(name: string, replace: (text: string) => string = text => text): string[] {
    return Object.entries(service(name).environment ?? {}).map(([key, value]) => {
      const text = replace(String(value)).replaceAll(
        /\b(kafka|registry|s3)(?=:\d)/g,
        host => hosts[host as 'kafka'],
      )
      return `${key}=${text}`
    })
  }

  async function start(name: string, args: readonly string[], probe: () => Promise<void>): Promise<void> {
    const cwd = join(dir, name)
    const command = { name, command: 'env', args, cwd, logFile: join(cwd, 'log') }
    const server = await startProcess(command)
    running.push(server)
    await untilReady(command, server, probe)
  }

  async function startKafka(): Promise<void> {
    const { files } = await prepareKafka()
    const home = join(dir, 'kafka')
    for (const folder of ['default', 'mounted', 'final', 'data'])
      await mkdir(join(home, folder), { recursive: true })
    for (const file of ['server.properties', 'log4j2.yaml', 'tools-log4j2.yaml'])
      await writeFile(join(home, 'default', file), file.endsWith('.yaml') ? '' : '# nothing\n')
    const env = environment('kafka', text =>
      text.replaceAll('://:', `://${hosts.kafka}:`).replace('/var/lib/kafka/data', join(home, 'data')),
    )
    // The image does the same: it makes a file of the environment and formats the folder, then starts the broker.
    const java = [...env, 'java', '-Xmx512m', '-XX:+UseSerialGC', '-cp', join(files, '*')]
    const folders = ['-D', 'default', '-M', 'mounted', '-F', 'final']
    await runProgram('env', [...java, 'kafka.docker.KafkaDockerWrapper', 'setup', ...folders], { cwd: home })
    const port = Number(service('kafka').healthcheck?.test.at(-1))
    await start('kafka', [...java, 'kafka.Kafka', 'final/server.properties'], () =>
      connects(hosts.kafka, port),
    )
  }

  async function startRegistry(): Promise<void> {
    const { files, args: faster } = await prepareRegistry()
    await mkdir(join(dir, 'registry'), { recursive: true })
    const jar = (await readdir(files)).find(file => file.endsWith('-runner.jar')) as string
    const java = ['java', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...faster].concat([
      '-jar',
      join(files, jar),
    ])
    const [, program = '', ...args] = service('registry').healthcheck?.test ?? []
    const check = args.map(arg => arg.replace('127.0.0.1', hosts.registry))
    const env = [...environment('registry'), `QUARKUS_HTTP_HOST=${hosts.registry}`]
    await start('registry', [...env, ...java], async () => {
      await runProgram(program, check, { cwd: dir })
    })
  }

  async function startStore(): Promise<void> {
    const program = await goProgram(VERSITYGW)
    const home = join(dir, 's3')
    for (const folder of ['objects', 'attributes'])
      await mkdir(join(home, 'data', folder), { recursive: true })
    const args = (service('s3').command ?? []).map(arg =>
      arg.replace(/^:(?=\d)/, `${hosts.s3}:`).replace(/^\/data\//, `${home}/data/`),
    )
    const url = (service('s3').healthcheck?.test.at(-1) as string).replace('127.0.0.1', hosts.s3)
    await start('s3', [...environment('s3'), program, ...args], async () => {
      const { ok } = await fetch(url)
      if (!ok) throw new Error(`${url} is not well`)
    })
  }

  try {
    await Promise.all([startStore(), startKafka().then(startRegistry)])
  } catch (error) {
    await stop()
    throw error
  }
  return { hosts, stop }
}

async function connects(host: string, port: number): Promise<void> {
  const socket = connect(port, host)
  try {
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  } finally {
    socket.destroy()
  }
}
