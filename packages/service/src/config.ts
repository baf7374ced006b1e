import { registryConfig } from '@sluicebox/registry/config'
import { loadProcessConfig, type ProcessConfig } from '@sluicebox/runtime/process'
import { storeConfig } from '@sluicebox/store/config'
import { logConfig } from '@sluicebox/stream/config'
import type { z } from 'zod'

/** The sections that every service has besides its own: where streams, objects and schemas are. */
export const serviceSettings = { log: logConfig, registry: registryConfig, store: storeConfig }

export type ServiceConfig = ProcessConfig & z.output<z.ZodObject<typeof serviceSettings>>

/** The configuration of a service that is a process of its own. Throws with every fault. */
export function loadServiceConfig<Sections extends z.ZodRawShape>(
  sections: Sections,
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): ServiceConfig & z.output<z.ZodObject<Sections>> {
  const config = loadProcessConfig({ ...serviceSettings, ...sections }, file, env)
  return config as ServiceConfig & z.output<z.ZodObject<Sections>>
}
