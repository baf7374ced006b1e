import { existsSync } from 'node:fs'
import { archiverConfig } from '@sluicebox/archiver/config'
import { collectorConfig } from '@sluicebox/collector/config'
import { consoleConfig } from '@sluicebox/console/config'
import { enricherConfig } from '@sluicebox/enricher/config'
import { loadConfig, type Settings } from '@sluicebox/runtime/config'
import { processSettings } from '@sluicebox/runtime/process'
import { scorerConfig } from '@sluicebox/scorer/config'
import { serviceSettings } from '@sluicebox/service/config'
import { trainerConfig } from '@sluicebox/trainer/config'
import { z } from 'zod'

/** The whole configuration: what all share, and a section for each service. */
export const configSchema = z.strictObject({
  ...processSettings,
  ...serviceSettings,
  collector: collectorConfig.prefault({}),
  enricher: enricherConfig,
  scorer: scorerConfig,
  archiver: archiverConfig,
  trainer: trainerConfig,
  console: consoleConfig.prefault({}),
})

export type Config = z.output<typeof configSchema>

const DEFAULT_FILE = 'sluicebox.yaml'

/**
 * The configuration of a command: `--config FILE`, else SLUICEBOX_CONFIG, else sluicebox.yaml where there is one; then
 * the environment, then flags. Throws a `ConfigError` with every fault.
 */
export function readConfig(flags: Settings = {}, file?: string): Config {
  const named = file ?? process.env['SLUICEBOX_CONFIG']
  const path = named ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined)
  return loadConfig(configSchema, {
    env: process.env,
    flags,
    ...(path === undefined ? {} : { file: path, fileRequired: named !== undefined }),
  })
}
