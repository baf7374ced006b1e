import { startArchiver } from '@sluicebox/archiver/archiver'
import { archiverConfig } from '@sluicebox/archiver/config'
import { verifyArchive } from '@sluicebox/archiver/verify-archive'
import { enricherConfig } from '@sluicebox/enricher/config'
import { startEnricher } from '@sluicebox/enricher/start'
import { startScorer } from '@sluicebox/scorer/start'
import { scorerConfig, policyOf } from '@sluicebox/scorer/config'
import { createScorer } from '@sluicebox/scorer/scorer'
import { scoringBundle } from '@sluicebox/scorer/testing/fixtures'
import { folderCodec } from '@sluicebox/registry/folder'
import { openFolderStore } from '@sluicebox/store/folder'
import { openEmbeddedLog } from '@sluicebox/stream/embedded/log'
import { Registry } from 'prom-client'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { enricherStage } from './replay.ts'
import { verifyScores } from './verify.ts'
import { appendHeartbeats, newestCollected } from './import.ts'
const dir = process.argv[2] as string
const log = await openEmbeddedLog({ dir: dir + '/log' })
const store = await openFolderStore(dir + '/archive')
const snapshots = await openFolderStore(dir + '/snapshots')
const bundle = scoringBundle()
const stop = new AbortController()
const logger = { info() {}, warn: console.error, error: console.error } as never
const metrics = new Registry()
const ec = enricherConfig.parse({}),
  sc = scorerConfig.parse({})
const codec = folderCodec('raw')
const newest = await newestCollected(log, codec)
await appendHeartbeats(newest + Math.max(sc.gapMs, sc.graceMs) + 1, { log, codec, collector: 'x' })
const end = (s: string) => log.bounds(s).then(b => b.map(x => x.end).join())
const t0 = performance.now()
const d = monitorEventLoopDelay({ resolution: 2 })
d.enable()
const stages = [
  startEnricher({ log, config: ec, logger, metrics, signal: stop.signal }),
  startScorer({ log, config: sc, bundle, store: snapshots, logger, metrics, signal: stop.signal }),
]
const archiver = startArchiver({
  log,
  store,
  config: archiverConfig.parse({}),
  logger,
  metrics,
  signal: stop.signal,
})
while (
  (await log.committed('enricher', 'raw')).join() !== (await end('raw')) ||
  (await log.committed('scorer', 'good')).join() !== (await end('good'))
)
  await new Promise(r => setTimeout(r, 20))
const t1 = performance.now()
await archiver.drain()
const t2 = performance.now()
stop.abort()
await Promise.all(stages)
await archiver.done
console.log(
  'stages ms',
  Math.round(t1 - t0),
  'archive tail ms',
  Math.round(t2 - t1),
  'max loop ms',
  Math.round(d.max / 1e6),
)
const t3 = performance.now()
const report = await verifyArchive(store)
console.log(report.streams, report.faults.length, 'verifyArchive ms', Math.round(performance.now() - t3))
const t4 = performance.now()
const scorer = createScorer({
  bundle,
  policy: policyOf(sc),
  goodCodec: folderCodec('good'),
  scoredCodec: folderCodec('scored'),
  badCodec: folderCodec('bad'),
})
const v = await verifyScores({
  store,
  enricher: enricherStage(ec),
  scorers: new Map([[bundle.id, scorer]]),
  codecs: {
    raw: folderCodec('raw'),
    good: folderCodec('good'),
    bad: folderCodec('bad'),
    scored: folderCodec('scored'),
  },
})
console.log(JSON.stringify(v).slice(0, 1500), 'verifyScores ms', Math.round(performance.now() - t4))
await log[Symbol.asyncDispose]()
