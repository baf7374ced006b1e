import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { configSchema } from '@sluicebox/cli/read-config'
import { createProgram } from '@sluicebox/cli/program'
import { loadConfig } from '@sluicebox/runtime/config'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { serversAvailable } from '../local/available.ts'
import { goProgram } from '../local/fetch/go.ts'
import { quantity, readCompose, ROOT, type ComposeService } from './compose-file.ts'

const { services, volumes } = readCompose()
const all = Object.entries(services)
const service = (name: string): ComposeService => services[name] as ComposeService
const STAGES = ['collector', 'enricher', 'scorer', 'archiver']
const ours = all.filter(([, { image }]) => image === 'sluicebox:local')
const isOneShot = ({ restart }: ComposeService): boolean => restart === 'no'
const config = loadConfig(configSchema, {
  file: join(ROOT, 'infra/docker/sluicebox.yaml'),
  fileRequired: true,
})
const environment = (name: string): Readonly<Record<string, string | number>> =>
  service(name).environment ?? {}

describe('docker-compose.yml', () => {
  test('has each stage as a service of its own, and what they need', () => {
    expect(Object.keys(services).sort()).toEqual(
      [
        ...STAGES,
        'cli',
        'grafana',
        'kafka',
        'prometheus',
        'proxy',
        'registry',
        's3',
        'schemas',
        'topics',
      ].sort(),
    )
    expect(
      all
        .filter(([, { profiles }]) => profiles !== undefined)
        .map(([name, { profiles }]) => [name, profiles]),
    ).toEqual([
      ['cli', ['tools']],
      ['prometheus', ['observe']],
      ['grafana', ['observe']],
    ])
  })

  test.each(all)(
    '%s takes images that are named exactly, from where Docker looks first',
    (_name, { image, build }) => {
      const base = typeof build === 'object' ? /^FROM (\S+)/m.exec(build.dockerfile_inline)?.[1] : image
      if (build !== undefined) expect(image).toMatch(/^sluicebox(-s3)?:local$/)
      expect(base).toMatch(/^[a-z0-9-]+(\/[a-z0-9-]+)?:(?!latest)(local|v?\d[\w.-]*)$/)
    },
  )

  test.each(all)('%s has no rights that it does not need, and bounds', (_name, it) => {
    expect(it.cap_drop).toEqual(['ALL'])
    expect(it.security_opt).toEqual(['no-new-privileges:true'])
    expect(it.pids_limit).toBeGreaterThan(0)
    expect(quantity(it.mem_limit as string)).toBeGreaterThan(0)
    expect(it.logging).toMatchObject({ options: { 'max-size': expect.any(String) } })
    expect(it.user ?? 'of the image').not.toMatch(/^(0|root)/)
  })

  test.each(all.filter(([name]) => !['kafka', 'registry'].includes(name)))(
    '%s can write to its volumes alone',
    (_name, it) => {
      expect(it.read_only).toBe(true)
    },
  )

  test.each(all)('%s is reached from this machine alone', (_name, { ports = [] }) => {
    expect(ports.filter(port => !/^127\.0\.0\.1:\d+:\d+$/.test(port))).toEqual([])
  })

  test('no port is given out twice, and the health port to nobody', () => {
    const ports = [readCompose(), readCompose('infra/docker/three-brokers.yml')].flatMap(file =>
      Object.values(file.services).flatMap(each => each.ports ?? []),
    )
    expect(new Set(ports.map(port => port.split(':')[1])).size).toBe(ports.length)
    expect(ports.filter(port => port.endsWith(`:${config.admin.port}`))).toEqual([])
  })

  test.each(all)('%s says whether it is well, or ends by itself', (_name, it) => {
    expect(it.healthcheck === undefined).toBe(isOneShot(it))
    expect(isOneShot(it) ? 'CMD' : it.healthcheck?.test[0]).toBe('CMD')
  })

  test.each(all)('%s waits for what it needs until that is ready', (_name, { depends_on = {} }) => {
    for (const [needed, { condition }] of Object.entries(depends_on)) {
      expect(Object.keys(services)).toContain(needed)
      expect(condition).toBe(
        isOneShot(service(needed)) ? 'service_completed_successfully' : 'service_healthy',
      )
    }
  })

  test.each(all)(
    '%s mounts what there is, and changes no file of the repository',
    (_name, { volumes: mounts = [] }) => {
      for (const mount of mounts) {
        const [source = '', , mode] = mount.split(':')
        if (source.startsWith('.')) {
          expect(existsSync(join(ROOT, source)), source).toBe(true)
          expect(mode).toBe('ro')
        } else expect(Object.keys(volumes)).toContain(source)
      }
    },
  )

  test.each(STAGES)('%s can run as often as one likes', name => {
    const it = service(name)
    expect(it).not.toHaveProperty('container_name')
    expect(it.ports).toBeUndefined()
    expect(Object.keys(it.depends_on ?? {})).toEqual(expect.arrayContaining(['topics', 'schemas']))
  })

  test.each(STAGES)('%s is given time to finish what it has in flight', name => {
    expect(quantity(service(name).stop_grace_period as string) * 1000).toBeGreaterThan(config.shutdownGraceMs)
  })

  test.each(ours)('%s runs a command that there is', (_name, { command = [] }) => {
    const program = createProgram()
    const words = command.filter(word => !word.startsWith('-') && !word.startsWith('/'))
    let found = program
    for (const word of words) {
      const next = found.commands.find(each => each.name() === word)
      expect(next?.name()).toBe(word)
      if (next !== undefined) found = next
    }
    const options = command.filter(word => word.startsWith('--') && word !== '--help')
    expect(options.filter(option => !found.options.some(({ long }) => long === option))).toEqual([])
  })
})

describe('the configuration of the services', () => {
  test('names servers as the compose file does', () => {
    expect(environment('kafka')['KAFKA_ADVERTISED_LISTENERS']).toContain(
      `INTERNAL://${config.log.kafka.brokers[0]}`,
    )
    const registry = new URL(config.registry.url as string)
    expect(service('registry').ports?.[0]).toMatch(new RegExp(`:${registry.port}$`))
    const store = new URL(config.store.s3.endpoint as string)
    expect(service('s3').command).toContain(`:${store.port}`)
    expect(Object.keys(services)).toEqual(expect.arrayContaining([registry.hostname, store.hostname]))
  })

  test('fits one broker, and three with the other file', () => {
    const three = readCompose('infra/docker/three-brokers.yml').services
    const copies = (vars: Readonly<Record<string, string | number>>) => [
      Number(vars['KAFKA_DEFAULT_REPLICATION_FACTOR']),
      Number(vars['KAFKA_MIN_INSYNC_REPLICAS']),
    ]
    const { replicas, inSyncReplicasMin } = config.log.kafka
    expect(copies(environment('kafka'))).toEqual([replicas, inSyncReplicasMin])
    expect(copies(three['kafka']?.environment ?? {})).toEqual([3, 2])
    for (const [name] of ours.filter(([each]) => each !== 'schemas')) {
      const env = Object.fromEntries(
        Object.entries(three[name]?.environment ?? {}).map(([key, value]) => [key, String(value)]),
      )
      const { kafka } = loadConfig(configSchema, { env, file: join(ROOT, 'infra/docker/sluicebox.yaml') }).log
      expect(kafka, name).toMatchObject({ replicas: 3, inSyncReplicasMin: 2 })
      expect(kafka.brokers).toHaveLength(3)
    }
  })

  test('keeps the schemas for as long as there are records that need them', () => {
    // The registry makes its topic without a retention, and the broker’s is then the one that counts.
    expect(environment('registry')['APICURIO_STORAGE_KIND']).toBe('kafkasql')
    expect(Number(environment('kafka')['KAFKA_LOG_RETENTION_MS'])).toBe(-1)
  })

  test('lets nothing but the configuration make topics', () => {
    expect(environment('kafka')['KAFKA_AUTO_CREATE_TOPICS_ENABLE']).toBe('false')
  })

  test('shares archive and snapshots among the workers, who have the key to them', () => {
    expect(config.store.kind).toBe('s3')
    for (const name of ['scorer', 'archiver', 'cli']) {
      const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = environment(name)
      const { ROOT_ACCESS_KEY, ROOT_SECRET_KEY } = environment('s3')
      expect([id, secret]).toEqual([ROOT_ACCESS_KEY, ROOT_SECRET_KEY])
    }
    for (const name of ['collector', 'enricher'])
      expect(environment(name)).not.toHaveProperty('AWS_SECRET_ACCESS_KEY')
  })

  test('gives the sessions room within the memory of one scorer that has all partitions', () => {
    const partitions = config.log.partitions ?? 12
    const needed = config.scorer.sessionsMax * 400 * partitions
    expect(needed).toBeLessThan(quantity(service('scorer').mem_limit as string) / 2)
  })

  test('tells the proxy and the collectors of each other', () => {
    const proxy = readFileSync(join(ROOT, 'infra/docker/haproxy.cfg'), 'utf8')
    expect(proxy).toMatch(new RegExp(`server-template \\w+ 1-\\d+ collector:${config.collector.port}$`, 'm'))
    expect(proxy).toContain('option forwardfor')
    expect(config.collector.trustedProxyHops).toBe(1)
    const checkSeconds = Number(/inter (\d+)s fall 1\b/.exec(proxy)?.[1])
    expect(config.collector.drain.announceMs).toBeGreaterThan(2 * checkSeconds * 1000)
  })

  test('is listened to where the others are', () => {
    expect(config.collector.host).toBe('0.0.0.0')
    expect(config.admin.host).toBe('0.0.0.0')
    const { scrape_configs: scrapes } = parse(
      readFileSync(join(ROOT, 'infra/prometheus/prometheus.yml'), 'utf8'),
    ) as { scrape_configs: { dns_sd_configs?: { names: string[]; port: number }[] }[] }
    expect(scrapes.flatMap(scrape => scrape.dns_sd_configs ?? [])).toMatchObject([
      { names: STAGES, port: config.admin.port },
    ])
  })
})

describe.skipIf(!(await serversAvailable('s3')))('Docker’s own reader of compose files', () => {
  const FILES = [['docker-compose.yml'], ['docker-compose.yml', 'infra/docker/three-brokers.yml']]

  test.each(FILES)('understands %s %s', async (...files) => {
    const reader = await goProgram({
      name: 'compose-spec',
      package: 'github.com/compose-spec/compose-go/v2/cmd',
      version: 'v2.16.2',
    })
    const options = { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' } as const
    const project = JSON.parse(execFileSync(reader, ['-format', 'json', ...files], options)) as {
      services: Record<string, Resolved>
    }
    const brokers = Object.entries(project.services).filter(([name]) => name.startsWith('kafka'))
    expect(brokers).toHaveLength(files.length === 1 ? 1 : 3)
    // Each with a number, an address and a volume of its own, and all of the same quorum.
    expect(brokers.map(([, broker]) => setting(broker, 'KAFKA_NODE_ID'))).toEqual(
      brokers.map((_, i) => String(i + 1)),
    )
    for (const [name, broker] of brokers) {
      expect(setting(broker, 'KAFKA_ADVERTISED_LISTENERS')).toContain(`INTERNAL://${name}:19092,`)
      expect(broker.volumes?.map(({ source }) => source)).toEqual([name])
    }
    const quorums = brokers.map(([, broker]) => setting(broker, 'KAFKA_CONTROLLER_QUORUM_VOTERS'))
    expect(new Set(quorums).size).toBe(1)
  })
})

interface Resolved {
  /** By name, or as lines of NAME=value. */
  readonly environment?: Readonly<Record<string, string | number>> | readonly string[]
  readonly volumes?: readonly { readonly source: string }[]
}

function setting({ environment: found = {} }: Resolved, name: string): string | undefined {
  const lines = Array.isArray(found)
    ? (found as readonly string[])
    : Object.entries(found).map(([key, value]) => `${key}=${value}`)
  return lines.find(line => line.startsWith(`${name}=`))?.slice(name.length + 1)
}
