import { join } from 'node:path'
import { loadProcessConfig, runProcess } from '@sluicebox/runtime/process'
import { openFolderStore } from '@sluicebox/store/folder'
import { openEmbeddedLog } from '@sluicebox/stream/embedded/log'
import { startArchiver } from './archiver.ts'
import { archiverConfig } from './config.ts'

const config = loadProcessConfig({ archiver: archiverConfig }, process.argv[2], process.env)
await runProcess('archiver', config, async ({ logger, metrics, signal, serveAdmin }) => {
  await using log = await openEmbeddedLog({ dir: join(config.dataDir, 'log') })
  const store = await openFolderStore(join(config.dataDir, 'archive'))
  await using _admin = await serveAdmin(() => ({ ok: true }))
  await startArchiver({ log, store, config: config.archiver, logger, metrics, signal }).done
})
