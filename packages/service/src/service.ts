import { isOnThisMachine } from '@sluicebox/stream/config'
import type { StreamName } from '@sluicebox/event/records'
import type { Health } from '@sluicebox/runtime/admin'
import { createLogger, type Logger } from '@sluicebox/runtime/log'
import type { Registry } from '@sluicebox/runtime/metrics'
import { exitCodeOf, runProcess, type ProcessOptions } from '@sluicebox/runtime/process'
import type { Store } from '@sluicebox/store/store'
import type { Log } from '@sluicebox/stream/log'
import { checkLog } from '@sluicebox/stream/inspect'
import { openLog } from '@sluicebox/stream/open'
import type { ServiceConfig } from './config.ts'
import { createPatience, type Patiently } from './patience.ts'
import { openSchemas, type Schemas } from './schemas.ts'
import { dataPaths, openStore, type StoreName } from './stores.ts'
import { watchLag } from './watch-lag.ts'
import { watchLog, type WatchedLog } from './watch-log.ts'

/** What `runService` gives to the work of a service. */
export interface ServiceParts extends Schemas {
  readonly log: Log
  readonly logger: Logger
  readonly metrics: Registry
  /** Aborts on SIGTERM or SIGINT: finish what is in flight, then return. */
  readonly signal: AbortSignal
  openStore(name: StoreName): Promise<Store>
  /** Address of health and metrics. */
  readonly adminUrl: string
  /** Sets what the readiness probe reports from now on. Before the call it reports that the service is starting. */
  readyWhen(ready: () => Health): void
}

export interface ServiceOptions extends Omit<ProcessOptions, 'config'> {
  readonly config: ServiceConfig
  /** The streams that the service reads or writes. They are checked before it starts. */
  readonly streams: readonly StreamName[]
}

/**
 * Runs a service as a process: opens the log and the schemas that the configuration names, then does `work`. While one of
 * their servers can't be reached, the process waits: it is live and not ready, and its probe names the server.
 */
export function runService(
  options: ServiceOptions,
  work: (parts: ServiceParts) => Promise<void>,
): Promise<void> {
  const { config } = options
  return runProcess(options, async ({ logger, metrics, signal, serveAdmin, giveUp }) => {
    let waiting: string | undefined
    let ready = (): Health => ({ ok: false, reason: waiting ?? 'starting' })
    const watched = watchLog({ logger, metrics })
    await using admin = await serveAdmin(() => {
      const reason = watched.trouble()
      return reason === undefined ? ready() : { ok: false, reason }
    })
    const patiently = createPatience({ logger, signal, onWait: reason => (waiting = reason) })
    try {
      await using log = await openServiceLog(options, { logger, watched, patiently })
      const schemas = await openSchemas(config, patiently)
      try {
        await work({
          ...schemas,
          log: watchLag({ log, metrics }),
          logger,
          metrics,
          signal,
          openStore: name => openStore(config, name, patiently),
          adminUrl: admin.url,
          readyWhen(now) {
            ready = now
          },
        })
      } catch (error) {
        // Before the log closes, which may take long while its servers are away.
        if (error !== signal.reason) giveUp(error)
        throw error
      }
    } catch (error) {
      if (error !== signal.reason) throw error
    }
  })
}

/** The groups of the stages: what they have not read is kept beyond its age while there is room. */
const STAGE_GROUPS = ['archiver', 'enricher', 'scorer']

interface OpenParts {
  readonly logger: Logger
  readonly watched: WatchedLog
  readonly patiently: Patiently
}

/** Checks and opens the log. Rejects with everything that must be fixed before the streams can be used. */
async function openServiceLog(
  { config: { log: config, dataDir }, streams }: ServiceOptions,
  { logger, watched, patiently }: OpenParts,
): Promise<Log> {
  const parts = { config, dir: dataPaths(dataDir).log, heldBy: STAGE_GROUPS, ...watched }
  if (isOnThisMachine(config)) return openLog(parts)
  const findings = await patiently('the log', () => checkLog(config, streams))
  for (const { level, message } of findings) if (level === 'warning') logger.warn(message)
  const errors = findings.filter(({ level }) => level === 'error')
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('; '))
  return patiently('the log', () => openLog(parts))
}

/** The addresses of a process: its own port, if it has one, and the port for health and metrics. */
export interface Urls {
  readonly url?: string
  readonly admin: string
}

/** Everything that a `main.ts` does. An error from before the process starts is also one line of the log. */
export async function runMain(name: string, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    createLogger({ level: 'error', name }).fatal({ err: error }, `ending: ${(error as Error).message}`)
    process.exitCode = exitCodeOf(error)
  }
}
