import { z } from 'zod'
import { startAdmin, type AdminServer, type Health } from './admin.ts'
import { loadConfig } from './config.ts'
import { createLogger, LOG_LEVELS, type Logger } from './log.ts'
import { createMetrics, type Registry } from './metrics.ts'
import { stopOnSignal } from './stop.ts'

/** The settings that every process has, beside the sections of the services that it runs. */
export const processSettings = {
  dataDir: z
    .string()
    .min(1)
    .default('data')
    .describe('Where the embedded log, snapshots, the archive and used bundles are kept.'),
  logLevel: z.enum(LOG_LEVELS).default('info').describe('Least important messages that are logged.'),
  shutdownGraceMs: z
    .int()
    .min(0)
    .default(30_000)
    .describe('How long a process that is told to stop may take to finish what is in hand.'),
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

type ProcessConfig = z.output<z.ZodObject<typeof processSettings>>

/**
 * The configuration of a process that runs some services: from a file, when one is named, and the environment. Sections
 * and variables of others are left alone, so that all processes can share a file. Throws with every fault.
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
  /** Aborts when the process is told to stop: finish what is in hand, then return. */
  readonly signal: AbortSignal
  /** Serves health and metrics. Not ready once the process is told to stop, whatever `ready` says. */
  serveAdmin(ready: () => Health): Promise<AdminServer>
}

/** Runs `work` until it returns: the process ends with 0, or with 1 and a message in the log when it rejects. */
export async function runProcess(
  name: string,
  config: ProcessConfig,
  work: (parts: ProcessParts) => Promise<void>,
): Promise<void> {
  const logger = createLogger({ level: config.logLevel, name })
  const metrics = createMetrics()
  const stop = stopOnSignal({ graceMs: config.shutdownGraceMs, logger })
  const { signal } = stop
  try {
    await work({
      logger,
      metrics,
      signal,
      serveAdmin: ready =>
        startAdmin({
          ...config.admin,
          metrics,
          ready: () => (signal.aborted ? { ok: false, reason: 'stopping' } : ready()),
          started: () => true,
        }),
    })
    stop.finished('done')
  } catch (error) {
    stop.finished('failed')
    throw error
  }
}
