import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { compileFiles } from '@sluicebox/enricher/files/files'
import { readFiles } from '@sluicebox/enricher/files/prepare'
import { STREAMS } from '@sluicebox/event/records'
import { dataPaths } from '@sluicebox/service/stores'
import { isOnThisMachine } from '@sluicebox/stream/config'
import { checkLog } from '@sluicebox/stream/inspect'
import { loadBundle } from '@sluicebox/model/bundle/bundle'
import { loadEventSchemas } from '@sluicebox/registry/events/events'
import { bundlePath, replay } from '@sluicebox/scorer/scoring-bundle'
import type { Command } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { readConfig, type Config } from '../read-config.ts'
import { openStreams } from '../data.ts'
import { paint, print } from '../terminal.ts'

interface Finding {
  readonly check: string
  readonly state: 'ok' | 'warning' | 'fault'
  readonly detail: string
}

const NODE_MAJOR = 24
const FREE_BYTES_MIN = 2 ** 30
const PORT_HINT = 'choose another with --port or collector.port'

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('checks whether this machine can run Sluicebox')
    .option('--config <file>', 'the configuration file')
    .option('--data <dir>', 'the data directory')
    .option('--json', 'one JSON object per line')
    .addHelpText('after', '\nExample:\n  $ sluicebox doctor --data shop')
    .action(async (options: { config?: string; data?: string; json?: true }) => {
      const config = readConfig({ dataDir: options.data }, options.config)
      const findings = await examine(config)
      const marks = {
        ok: paint('green', 'ok'),
        warning: paint('yellow', 'warning'),
        fault: paint('red', 'fault'),
      }
      for (const finding of findings)
        print(
          options.json
            ? JSON.stringify(finding)
            : `${marks[finding.state]}  ${finding.check}: ${finding.detail}`,
        )
      if (findings.some(finding => finding.state === 'fault')) process.exitCode = EXIT.failed
    })
}

async function examine(config: Config): Promise<Finding[]> {
  return [
    checkNode(),
    { check: 'configuration', state: 'ok', detail: 'no fault' },
    checkEventSchemas(config),
    ...checkEnricherFiles(config),
    ...checkDataDir(config.dataDir),
    await checkSpace(config.dataDir),
    ...(await checkLogOf(config)),
    await checkPort('collector.port', config.collector.host, config.collector.port),
    await checkPort('admin.port', config.admin.host, config.admin.port),
    await checkBundle(config),
  ]
}

function checkNode(): Finding {
  const major = Number(process.versions.node.split('.')[0])
  return major >= NODE_MAJOR
    ? { check: 'Node.js', state: 'ok', detail: process.version }
    : {
        check: 'Node.js',
        state: 'fault',
        detail: `${process.version}; ${NODE_MAJOR} or later is needed: run "npm ci", which installs it`,
      }
}

function checkEventSchemas({ enricher: { schemaDirs } }: Config): Finding {
  const check = 'event schemas'
  let unusable = 0
  try {
    const schemas = loadEventSchemas(schemaDirs, ({ level }) => level === 'unusable' && unusable++)
    const detail = `${schemas.list().length} are known`
    if (unusable === 0) return { check, state: 'ok', detail }
    return {
      check,
      state: 'warning',
      detail: `${detail}, and ${unusable} files can't be used: "sluicebox schemas lint" says why`,
    }
  } catch (error) {
    return { check, state: 'fault', detail: (error as Error).message }
  }
}

/** The files that the enricher is to use; nothing where none are named. */
function checkEnricherFiles({ enricher }: Config): Finding[] {
  try {
    const { geo, rates } = compileFiles(readFiles(enricher), enricher)
    return [
      ...(geo === undefined ? [] : [ok('database of addresses', geo.description)]),
      ...(rates === undefined ? [] : [ok('exchange rates', rates.description)]),
    ]
  } catch (error) {
    return [{ check: 'files of the enricher', state: 'fault', detail: (error as Error).message }]
  }
}

const ok = (check: string, detail: string): Finding => ({ check, state: 'ok', detail })

function checkDataDir(dataDir: string): Finding[] {
  try {
    mkdirSync(dataDir, { recursive: true })
    accessSync(dataDir, constants.W_OK)
    return [{ check: 'data directory', state: 'ok', detail: `${dataDir} can be written` }]
  } catch (error) {
    return [
      {
        check: 'data directory',
        state: 'fault',
        detail: `${dataDir} can't be written: ${(error as Error).message}`,
      },
    ]
  }
}

async function checkSpace(dataDir: string): Promise<Finding> {
  if (!existsSync(dataDir)) return { check: 'disk', state: 'warning', detail: `${dataDir} does not exist` }
  const { bavail, bsize } = await statfs(dataDir)
  const free = bavail * bsize
  const detail = `${(free / 2 ** 30).toFixed(1)} GiB free`
  return free >= FREE_BYTES_MIN
    ? { check: 'disk', state: 'ok', detail }
    : { check: 'disk', state: 'warning', detail: `${detail}: the collector refuses events when it is full` }
}

async function checkLogOf(config: Config): Promise<Finding[]> {
  if (isOnThisMachine(config.log) && !existsSync(dataPaths(config.dataDir).log))
    return [{ check: 'log', state: 'ok', detail: 'none yet; "sluicebox up" creates one' }]
  try {
    const problems = (await checkLog(config.log, STREAMS)).map(({ level, message }): Finding => ({
      check: 'log',
      state: level === 'error' ? 'fault' : 'warning',
      detail: message,
    }))
    if (problems.some(({ state }) => state === 'fault')) return problems
    await using streams = await openStreams(config)
    const { log } = streams
    const ends = await log.bounds('raw')
    const kept = ends.reduce((sum, { start, end }) => sum + (end - start), 0n)
    const detail = `${ends.length} partitions, ${kept} records of raw kept`
    return [...problems, { check: 'log', state: 'ok', detail }]
  } catch (error) {
    return [{ check: 'log', state: 'fault', detail: (error as Error).message }]
  }
}

async function checkPort(setting: string, host: string, port: number): Promise<Finding> {
  const server = createServer()
  const problem = await new Promise<NodeJS.ErrnoException | undefined>(resolve => {
    server.once('error', resolve)
    server.listen(port, host, () => resolve(undefined))
  })
  if (problem === undefined) {
    await new Promise(resolve => server.close(resolve))
    return { check: setting, state: 'ok', detail: `${host}:${port} is free` }
  }
  return problem.code === 'EADDRINUSE'
    ? {
        check: setting,
        state: 'warning',
        detail: `${host}:${port} is in use, perhaps by a running pipeline; otherwise ${PORT_HINT}`,
      }
    : { check: setting, state: 'fault', detail: `${host}:${port} can't be listened on: ${problem.message}` }
}

async function checkBundle(config: Config): Promise<Finding> {
  try {
    const bundle = await loadBundle(bundlePath(config.scorer.bundle), { replay })
    return {
      check: 'bundle',
      state: 'ok',
      detail: `${bundle.manifest.name} ${bundle.manifest.version} (${bundle.id.slice(0, 12)}) reproduces its golden sessions`,
    }
  } catch (error) {
    return { check: 'bundle', state: 'fault', detail: (error as Error).message }
  }
}
