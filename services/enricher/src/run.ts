import type { ServiceConfig } from '@sluicebox/service/config'
import { runService, type Urls } from '@sluicebox/service/service'
import type { EnricherConfig } from './config.ts'
import { prepareFiles } from './files/prepare.ts'
import { startEnricher } from './start.ts'

/** Runs an enricher as a process. Any number of them share the partitions of `raw`. */
export function runEnricher(
  config: ServiceConfig & { readonly enricher: EnricherConfig },
  announce?: (urls: Urls) => void,
): Promise<void> {
  return runService({ name: 'enricher', config, streams: ['raw', 'good', 'bad'] }, async parts => {
    const files = await prepareFiles(config.enricher, () => parts.openStore('bundles'))
    const [raw, good, bad] = await Promise.all([parts.codec('raw'), parts.codec('good'), parts.codec('bad')])
    parts.readyWhen(() => ({ ok: true }))
    announce?.({ admin: parts.adminUrl })
    await startEnricher({ ...parts, config: config.enricher, files, codecs: { raw, good, bad } })
  })
}
