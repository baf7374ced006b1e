import type { ServiceConfig } from '@sluicebox/service/config'
import { runService, type Urls } from '@sluicebox/service/service'
import { SESSION_FIELDS } from '@sluicebox/session/session-event'
import type { ScorerConfig } from './config.ts'
import { restoringHealth, type Restoring } from './restoring.ts'
import { prepareConfigured } from './scoring-bundle.ts'
import { startScorer } from './start.ts'

/** Runs a scorer as a process. Any number of them share the partitions of `good`. */
export function runScorer(
  config: ServiceConfig & { readonly scorer: ScorerConfig },
  announce?: (urls: Urls) => void,
): Promise<void> {
  return runService({ name: 'scorer', config, streams: ['good', 'scored', 'bad'] }, async parts => {
    const bundle = await prepareConfigured(config.scorer, await parts.openStore('bundles'))
    const store = await parts.openStore('snapshots')
    const [good, scored, bad] = await Promise.all([
      parts.codec('good', { project: SESSION_FIELDS }),
      parts.codec('scored'),
      parts.codec('bad'),
    ])
    let restoring: readonly Restoring[] = []
    parts.readyWhen(() => restoringHealth(restoring))
    announce?.({ admin: parts.adminUrl })
    await startScorer({
      ...parts,
      config: config.scorer,
      bundle,
      store,
      codecs: { good, scored, bad },
      onRestoring: now => (restoring = now),
    })
  })
}
