import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EventTime } from '@sluicebox/event/instants'
import { loadBundle, type Bundle } from '@sluicebox/model/bundle/bundle'
import { replayGolden } from '@sluicebox/session/sessions/golden'
import { SESSION_POLICY } from '@sluicebox/session/sessions/policy'
import { parseFeatures } from '@sluicebox/session/features/spec'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MODEL_KINDS, trainerConfig } from './config.ts'
import { buildDataset, describeDataset, type BuildOptions } from './dataset/build.ts'
import { readInfo, tableFiles } from './dataset/info.ts'
import { runEvaluate, runReport } from './judge.ts'
import { event, eventSource, shopEvents } from './testing/events.ts'
import { runDatasetBuild, runTrain, type DatasetBuildParts, type TrainParts } from './trainer.ts'

const dir = mkdtempSync(join(tmpdir(), 'sluicebox-trainer-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const features = parseFeatures([
  { name: 'events', kind: 'count' },
  { name: 'carts', kind: 'count', where: { action: 'add_to_cart' } },
  { name: 'revisits', kind: 'revisits', of: 'product_id' },
  { name: 'price_mean', kind: 'mean', of: 'price' },
  { name: 'view_cart', kind: 'transition', of: 'action', from: 'product_view', to: 'add_to_cart' },
  { name: 'view_view', kind: 'transition', of: 'action', from: 'product_view', to: 'product_view' },
  { name: 'cart_cart', kind: 'transition', of: 'action', from: 'add_to_cart', to: 'add_to_cart' },
  { name: 'cart_view', kind: 'transition', of: 'action', from: 'add_to_cart', to: 'product_view' },
])
const config = trainerConfig.parse({
  dataset: { maturityMs: 600_000 },
  trees: { treesMax: 60 },
  forest: { trees: 30 },
})
const code = { repository: null, commit: null, dirty: null, version: '0.0.0', node: 'v24' }
const words = { command: 'sluicebox train table', code }

function build(outDir: string, changes: Partial<BuildOptions> = {}) {
  return buildDataset({
    source: eventSource([shopEvents(700)]),
    features,
    policy: SESSION_POLICY,
    config: config.dataset,
    outDir: join(dir, outDir),
    command: 'sluicebox dataset build',
    code,
    builtAt: '2026-11-20T12:00:00.000Z',
    ...changes,
  })
}

const bytesIn = (folder: string) =>
  readdirSync(join(dir, folder))
    .sort()
    .map(name => [name, readFileSync(join(dir, folder, name)).toString('base64')])

describe('dataset build', () => {
  test('writes rows, feature list and what they were made of; the same events give the same bytes', async () => {
    const info = await build('once')
    await build('twice')
    expect(readdirSync(join(dir, 'once')).sort()).toEqual(['dataset.json', 'features.yaml', 'rows.parquet'])
    expect(bytesIn('twice')).toEqual(bytesIn('once'))
    expect(await readInfo(join(dir, 'once'))).toEqual(info)
    expect(info).toMatchObject({ goal: 'transaction', maturity_ms: 600_000, events: shopEvents(700).length })
    expect(info.left_out.immature).toBeGreaterThan(0)
    expect(describeDataset(info)[0]).toContain(`${info.rows} rows of ${info.sessions} sessions`)
  })

  test('where batches begin and end changes nothing', async () => {
    const events = shopEvents(700)
    const batches = Array.from({ length: Math.ceil(events.length / 97) }, (_, i) =>
      events.slice(i * 97, (i + 1) * 97),
    )
    await build('whole')
    await build('pieces', { source: eventSource(batches) })
    expect(bytesIn('pieces')).toEqual(bytesIn('whole'))
  })

  test('warns of a feature that was made from the outcome', async () => {
    // A site that shows a banner to visitors who are about to buy.
    const events = shopEvents(400).map(e =>
      e.action === 'transaction'
        ? [
            event({
              at: e.event_time - 1,
              session_id: e.session_id,
              visitor: e.visitor,
              action: 'buy_banner',
            }),
            e,
          ]
        : [e],
    )
    const info = await build('leaky', {
      source: eventSource([events.flat()]),
      features: parseFeatures([
        { name: 'banner', kind: 'count', where: { action: 'buy_banner' } },
        { name: 'events', kind: 'count' },
      ]),
    })
    expect(info.warnings.join()).toContain('the feature banner tells the outcome almost alone (AUC 1.000)')
    expect(info.warnings.join()).not.toContain('events tells')
  })

  test.each([
    { name: 'no event', events: [], message: /there are no events/ },
    { name: 'only young sessions', events: [event({ at: 0 })], message: /lower --maturity/ },
    {
      name: 'only the goal',
      events: [
        event({ at: 0, action: 'transaction' }),
        event({ at: 9e5, session_id: 'x', is_bot: true }),
        event({ at: 9e6, session_id: 'y', action: 'transaction' }),
      ],
      message:
        /none of the 3 events .* To get rows: wait for more .*; keep sessions that look automated with --include-bots$/,
    },
  ])('$name is an error that says what to do, and leaves no rows', async ({ events, message }) => {
    await expect(build('fails', { source: eventSource([events]) })).rejects.toThrow(message)
    expect(readdirSync(join(dir, 'fails'))).toEqual([])
  })

  test('a goal that no session reaches is a warning: the table may still be looked at', async () => {
    const info = await build('no-goal', { policy: { ...SESSION_POLICY, goal: 'subscribe' } })
    expect(info.warnings.join()).toContain('no session reached the goal "subscribe"')
  })
})

describe('features of a table', () => {
  const run = (
    outDir: string,
    changes: Partial<DatasetBuildParts['config']>,
    parts: Partial<DatasetBuildParts> = {},
  ) =>
    runDatasetBuild({
      source: eventSource([shopEvents(300)]),
      config: { ...config.dataset, ...changes },
      policy: SESSION_POLICY,
      outDir: join(dir, outDir),
      command: 'sluicebox dataset build --features auto',
      builtAt: '2026-11-20T12:00:00.000Z',
      code,
      ...parts,
    })

  test('are derived from the events; the list written beside the rows gives the same table again', async () => {
    const derived = await run('derived', { features: 'auto' })
    const names = derived.features.map(feature => feature.name)
    expect(names).toContain('add_to_cart_count')
    expect(names.join()).not.toContain('transaction')
    const again = await run('again', { features: tableFiles(join(dir, 'derived')).features })
    expect(again.features).toEqual(derived.features)
    expect(again.rows_sha256).toBe(derived.rows_sha256)
  })

  test('are not derived from what bots do, unless bots are kept', async () => {
    const bots = Array.from({ length: 50 }, (_, i) =>
      event({ at: i, session_id: `bot${i}`, visitor: `bot${i}`, action: 'crawl', is_bot: true }),
    )
    const source = eventSource([[...bots, ...shopEvents(300)]])
    const names = async (includeBots: boolean) =>
      (await run(`bots-${includeBots}`, { includeBots }, { source })).features.map(feature => feature.name)
    expect(await names(false)).not.toContain('crawl_count')
    expect(await names(true)).toContain('crawl_count')
  })

  test('are at most as many as allowed', async () => {
    expect((await run('few', { featuresMax: 7 })).features).toHaveLength(7)
  })

  test('reports its progress, and stops when the signal aborts', async () => {
    const passes = new Set<string>()
    const stop = new AbortController()
    const progress: DatasetBuildParts['progress'] = ({ pass }) => {
      passes.add(pass)
      if (pass === 'build') stop.abort(new Error('enough'))
    }
    const batches = [shopEvents(300).slice(0, 500), shopEvents(300).slice(500)]
    const running = run('stopped', {}, { source: eventSource(batches), progress, signal: stop.signal })
    await expect(running).rejects.toThrow('enough')
    expect([...passes]).toEqual(['look', 'build'])
    expect(readdirSync(join(dir, 'stopped'))).toEqual([])
  })
})

describe('train, evaluate, report', () => {
  const at = (name: string) => join(dir, name)
  const trainParts = (changes: Partial<TrainParts> = {}): TrainParts => ({
    tableDir: at('table'),
    outDir: at('bundle'),
    config,
    words,
    ...changes,
  })
  const load = (name: string): Promise<Bundle> =>
    loadBundle(at(name), {
      replay: (events, manifest) =>
        replayGolden(events, { features: manifest.features, goal: manifest.label.goal }),
    })
  beforeAll(() => build('table'))

  test.each(MODEL_KINDS)(
    'a %s bundle passes every check of a scorer, and is the same bytes again',
    async kind => {
      const one = await runTrain(trainParts({ outDir: at(`${kind}-1`), config: { ...config, kind } }))
      const other = await runTrain(trainParts({ outDir: at(`${kind}-2`), config: { ...config, kind } }))
      expect(other.id).toBe(one.id)
      expect(bytesIn(`${kind}-2`)).toEqual(bytesIn(`${kind}-1`))
      const bundle = await load(`${kind}-1`)
      expect(bundle.manifest).toMatchObject({
        label: { goal: 'transaction' },
        runtime: kind === 'forest' ? 'trees' : kind,
      })
      expect(bundle.manifest.features).toHaveLength(kind === 'markov' ? 4 : 8)
      const pooled = one.evaluation.moments.at(-1)!
      expect(pooled.measures.roc_auc.value).toBeGreaterThan(0.6)
    },
  )

  test('the folder that a bundle goes to is not part of it', async () => {
    const command = (dir: string) => ({ ...words, command: `sluicebox train table --out ${dir} --seed 1` })
    const one = await runTrain(trainParts({ outDir: at('here'), words: command('here') }))
    const other = await runTrain(trainParts({ outDir: at('there'), words: command("'over there'") }))
    expect(other.id).toBe(one.id)
    expect((await load('here')).manifest.reproduce.command).toBe('sluicebox train table --out DIR --seed 1')
  })

  test('the manifest says what the model was made of and how', async () => {
    await runTrain(trainParts())
    const { manifest } = await load('bundle')
    const info = await readInfo(at('table'))
    expect(manifest.data).toMatchObject({
      rows: info.rows,
      sessions: info.sessions,
      objects: info.source.objects,
    })
    expect(manifest.reproduce).toEqual({ command: 'sluicebox train table', dataset_sha256: info.rows_sha256 })
    expect(manifest.params).toMatchObject({
      kind: 'trees',
      depthMax: 4,
      split_by: 'time',
      row_weight: 'session',
    })
    expect(manifest.created_at).toBe('2026-11-20T12:00:00.000Z')
    expect(manifest.importance[0]!.gain).toBeGreaterThan(0)
    expect(Object.keys(manifest.reference.features)).toEqual(features.map(spec => spec.name))
    expect(manifest.metrics.some(metric => metric.moment === 'after_3' && metric.dataset === 'test')).toBe(
      true,
    )
    expect(existsSync(join(at('bundle'), 'MODEL_CARD.md'))).toBe(true)
  })

  test('the test part of its own table gives the figures of the manifest again', async () => {
    const { evaluation } = await runTrain(trainParts())
    const again = await runEvaluate({ bundle: await load('bundle'), tableDir: at('table') })
    expect(again).toEqual(evaluation)
  })

  test('another table is measured on sessions newer than the training data, or not at all', async () => {
    await runTrain(trainParts())
    const bundle = await load('bundle')
    await build('longer', { source: eventSource([shopEvents(1_400)]) })
    const { sessions } = await runEvaluate({ bundle, tableDir: at('longer') })
    const all = await runEvaluate({ bundle, tableDir: at('longer'), rows: 'all' })
    expect(sessions).toBeGreaterThan(500)
    expect(all.sessions).toBeGreaterThan(sessions + 500)
    await expect(runEvaluate({ bundle, tableDir: at('longer'), rows: 'test' })).rejects.toThrow(
      /on another table/,
    )
    await build('same-time', { source: eventSource([shopEvents(700, 2)]) })
    await expect(runEvaluate({ bundle, tableDir: at('same-time') })).rejects.toThrow(
      /no session of .* began after/,
    )
  })

  test('a table with other features of the same names does not fit', async () => {
    await runTrain(trainParts())
    const changed = features.map(spec =>
      spec.name === 'carts' ? parseFeatures([{ name: 'carts', kind: 'count' }])[0]! : spec,
    )
    await build('changed', { features: changed.slice(0, 6) })
    await expect(runEvaluate({ bundle: await load('bundle'), tableDir: at('changed') })).rejects.toThrow(
      /lacks cart_cart, cart_view, and declares carts in another way/,
    )
  })

  test('the report is one page with the figures', async () => {
    await runTrain(trainParts())
    await runReport({ bundle: await load('bundle'), tableDir: at('table'), outPath: at('report.html') })
    const page = readFileSync(at('report.html'), 'utf8')
    expect(page).toContain('<svg')
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/)
  })

  test('rows that do not match the hash in dataset.json are rejected', async () => {
    await build('other', { source: eventSource([shopEvents(300)]) })
    writeFileSync(tableFiles(at('other')).rows, readFileSync(tableFiles(at('table')).rows))
    await expect(runTrain(trainParts({ tableDir: at('other') }))).rejects.toThrow(/describes other rows/)
    await expect(runTrain(trainParts({ tableDir: at('nowhere') }))).rejects.toThrow(/sluicebox dataset build/)
  })

  test('reports its progress', async () => {
    const iterations: number[] = []
    await runTrain(trainParts({ report: { progress: ({ iteration }) => iterations.push(iteration) } }))
    expect(iterations.slice(0, 3)).toEqual([1, 2, 3])
  })
})

describe.each(MODEL_KINDS)('%s from an archive with values that no shop has', kind => {
  const hostile = parseFeatures([
    ...features,
    ...(['sum', 'std', 'min', 'max', 'first', 'last'] as const).map(each => ({
      name: `price_${each}`,
      kind: each,
      of: 'price',
    })),
    { name: 'elapsed', kind: 'elapsed' },
    { name: 'gap_std', kind: 'gap', stat: 'std' },
  ])
  const prices = [1e300, -1e300, Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, 1e155]

  test('is a bundle that loads, whose record says what does not count', async () => {
    const events = shopEvents(700).map((e, i) => ({
      ...e,
      price: i % 31 === 0 ? prices[(i / 31) % prices.length]! : e.price,
      // Years from now, and before there were computers.
      event_time: (i === 400 ? 8.6e15 : i === 800 ? -8.6e15 : e.event_time) as EventTime,
    }))
    const name = `hostile-${kind}`
    await build(name, { source: eventSource([events]), features: hostile })
    const { trained } = await runTrain({
      tableDir: join(dir, name),
      outDir: join(dir, `${name}-bundle`),
      config: { ...config, kind },
      words,
    })
    const bundle = await loadBundle(join(dir, `${name}-bundle`))
    expect(trained.probability.every(p => p >= 0 && p <= 1)).toBe(true)
    expect(bundle.manifest.limitations.join('\n').includes('count as missing')).toBe(kind === 'linear')
    expect(bundle.manifest.limitations.join('\n')).toContain('2 of')
  })
})
