import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openEmbeddedLog } from '@sluicebox/stream/embedded/log'
import type { Log } from '@sluicebox/stream/log'

/** Where things are in a data directory. */
export function dataPaths(dataDir: string): {
  log: string
  archive: string
  snapshots: string
  bundles: string
} {
  return {
    log: join(dataDir, 'log'),
    archive: join(dataDir, 'archive'),
    snapshots: join(dataDir, 'snapshots'),
    bundles: join(dataDir, 'bundles'),
  }
}

/** The log in a data directory, for commands that need one that is there already. */
export async function openExistingLog(dataDir: string): Promise<Log> {
  const { log } = dataPaths(dataDir)
  if (!existsSync(log))
    throw new Error(
      `there is no log in ${dataDir}: start one with "sluicebox up --data ${dataDir}" or "sluicebox import", or name another directory with --data`,
    )
  return openEmbeddedLog({ dir: log })
}
