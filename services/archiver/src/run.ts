import type { ServiceConfig } from '@sluicebox/service/config'
import { runService, type Urls } from '@sluicebox/service/service'
import { startArchiver } from './archiver.ts'
import type { ArchiverConfig } from './config.ts'
import { archivedSchemas } from './schemas.ts'

/** Runs an archiver as a process. Any number of archivers share the partitions of the streams. */
export function runArchiver(
  config: ServiceConfig & { readonly archiver: ArchiverConfig },
  announce?: (urls: Urls) => void,
): Promise<void> {
  const { streams } = config.archiver
  return runService({ name: 'archiver', config, streams }, async parts => {
    const store = await parts.openStore('archive')
    const schemas = await archivedSchemas(parts, streams)
    parts.readyWhen(() => ({ ok: true }))
    announce?.({ admin: parts.adminUrl })
    await startArchiver({ ...parts, store, config: config.archiver, schemas }).done
  })
}
