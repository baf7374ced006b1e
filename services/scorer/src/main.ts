import { join } from 'node:path'
import { loadProcessConfig, runProcess } from '@sluicebox/runtime/process'
import { openFolderStore } from '@sluicebox/store/folder'
import { openEmbeddedLog } from '@sluicebox/stream/embedded/log'
import { scorerConfig } from './config.ts'
import { loadScoringBundle, SHIPPED_BUNDLE } from './scoring-bundle.ts'
import { startScorer } from './start.ts'

const config = loadProcessConfig({ scorer: scorerConfig }, process.argv[2], process.env)
await runProcess('scorer', config, async ({ logger, metrics, signal, serveAdmin }) => {
  const bundle = await loadScoringBundle(config.scorer.bundle ?? SHIPPED_BUNDLE, config.scorer.trustedKeys)
  await using log = await openEmbeddedLog({ dir: join(config.dataDir, 'log') })
  const store = await openFolderStore(join(config.dataDir, 'snapshots'))
  let restoring = 0
  await using _admin = await serveAdmin(() =>
    restoring === 0
      ? { ok: true }
      : { ok: false, reason: `restoring the sessions of ${restoring} partitions` },
  )
  const onRestoring = (partitionCount: number): void => void (restoring = partitionCount)
  await startScorer({ log, store, bundle, config: config.scorer, logger, metrics, signal, onRestoring })
})
