import { z } from 'zod'
import { startAdmin, type AdminServer, type Health } from './admin.ts'
import { ConfigError, loadConfig } from './config.ts'
import { createLogger, LOG_LEVELS, type Logger } from './log.ts'
import { createMetrics, type Registry } from './metrics.ts'
import { stopOnSignal } from './stop.ts'

/** The settings that every process has, besides the sections of the services that it runs. */
export const processSettings = {
  dataDir: z
    .string()
    .min(1)
    .default('data')
    .describe('Where the embedded log, snapshots, the archive and used bundles are kept.'),
  logLevel: z
    .enum(LOG_LEVELS)
    .default('info')
    .describe('The least important level that is logged; anything below it is dropped.'),
  shutdownGraceMs: z
    .int()
    .min(0)
    .default(30_000)
    .describe(
      'How long a process may take to finish what is in flight after SIGTERM. Then it exits with 1, and a restart replays what was not committed.',
    ),
  admin: z
    .strictObject({
      host: z
        .string()
        .default('127.0.0.1')
        .describe('Address for health and metrics. Keep it off the public network.'),
      port: z
        .int()
        .min(0)
        .max(65_535)
        .default(9464)
        .describe('Port for health and metrics; 0 takes any free one.'),
    })
    .prefault({}),
}

export type ProcessConfig = z.output<z.ZodObject<typeof processSettings>>

/**
 * Returns the configuration of a process: from a file, when one is named, and the environment. Ignores the sections and
 * variables of other services, so that all processes can share a file. Throws a `ConfigError` with every fault.
 */
export function loadProcessConfig<Sections extends z.ZodRawShape>(
  sections: Sections,
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): ProcessConfig & z.output<z.ZodObject<Sections>> {
  const schema = z.object({ ...processSettings, ...sections })
  const config = loadConfig(schema, file === undefined ? { env } : { env, file, fileRequired: true })
  return config as ProcessConfig & z.output<z.ZodObject<Sections>>
}

/** What a process gives to the work that it runs. */
export interface ProcessParts {
  readonly logger: Logger
  readonly metrics: Registry
  /** Aborts on SIGTERM or SIGINT: finish what is in flight, then return. */
  readonly signal: AbortSignal
  /** Serves health and metrics. Not ready once the process is stopping, whatever `ready` says. */
  serveAdmin(ready: () => Health): Promise<AdminServer>
  /** Reports why the process ends, and ends it after the grace period at the latest, even if something does not close. */
  giveUp(error: unknown): void
}

export interface ProcessOptions {
  readonly name: string
  readonly config: ProcessConfig
  /** Reports why the process ends. Default: one line of the log. */
  readonly tellFailure?: (error: Error) => void
}

/** Runs `work`, and ends the process: with 0 when `work` returns, with the status of its error when it rejects. */
export async function runProcess(
  { name, config, tellFailure }: ProcessOptions,
  work: (parts: ProcessParts) => Promise<void>,
): Promise<void> {
  const logger = createLogger({ level: config.logLevel, name })
  const metrics = createMetrics()
  const stop = stopOnSignal({ graceMs: config.shutdownGraceMs, logger })
  const { signal } = stop
  let isGivenUp = false

  function giveUp(cause: unknown): void {
    if (isGivenUp) return
    isGivenUp = true
    const error = cause instanceof Error ? cause : new Error(String(cause))
    process.exitCode = exitCodeOf(error)
    if (tellFailure === undefined) logger.fatal({ err: error }, `ending: ${error.message}`)
    else tellFailure(error)
    setTimeout(() => process.exit(), config.shutdownGraceMs).unref()
  }

  try {
    await work({
      logger,
      metrics,
      signal,
      async serveAdmin(ready) {
        const admin = await startAdmin({
          ...config.admin,
          metrics,
          ready: () => (signal.aborted ? { ok: false, reason: 'stopping' } : ready()),
          started: () => true,
        })
        logger.info({ url: admin.url }, 'health and metrics')
        return admin
      },
      giveUp,
    })
    logger.info('stopped')
    stop.finished('done')
  } catch (error) {
    giveUp(error)
    stop.finished('failed')
    // Everything that could be closed is closed. The process does not wait for the rest.
    setTimeout(() => process.exit(), LEFTOVERS_MS).unref()
  }
}

const LEFTOVERS_MS = 1_000

const EXIT_FAILED = 1
const EXIT_CONFIG = 2
const EXIT_STALLED = 70

/** Returns the status with which a process ends after this error. Supervisors and tests tell causes apart by it. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigError) return EXIT_CONFIG
  return error instanceof Error && error.name === 'StalledError' ? EXIT_STALLED : EXIT_FAILED
}
