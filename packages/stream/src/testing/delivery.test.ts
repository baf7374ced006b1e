// The promises that every stage makes, on the simulated log: small stages, hundreds of runs, each with its own faults.
import { describe, expect, test } from 'vitest'
import { partitionOf } from '../partitioner.ts'
import type { InputRecord } from '../log.ts'
import { deliver, FAULTS, type Bugs, type Delivered, type Faults, type Part } from './delivery.ts'
import { COUNTER, makeSources, SPLITTER, type Numbered, type Sent, type SplitEvent } from './small-stages.ts'

const SEEDS = 300
const PARTITIONS = 3

describe('delivery', () => {
  test.each([
    ['every record is processed exactly once where commits are atomic', { atomicCommits: true }],
    ['repeats are identical where commits are not atomic', { atomicCommits: false }],
    [
      'every record is processed exactly once without faults',
      { lostAnswers: 0, kills: 0, rebalances: 0, outages: 0, damages: 0, eagerSnapshots: 0 },
    ],
  ] as const)('%s', async (_, changed) => {
    const faults = { ...FAULTS, ...changed }
    let kills = 0
    for (let seed = 1; seed <= SEEDS; seed++) {
      const run = await runSmall(seed, faults)
      expect({ seed, found: run.found }).toEqual({ seed, found: [] })
      kills += run.delivered.kills
    }
    if (faults.kills > 0) expect(kills).toBeGreaterThan(SEEDS)
    else expect(kills).toBe(0)
  })

  test('is the same for the same seed', async () => {
    const [one, two] = [await runSmall(5, FAULTS), await runSmall(5, FAULTS)]
    const parts = ({ delivered: { log, steps, kills, accepted } }: typeof one) => ({
      steps,
      kills,
      accepted,
      scored: log.records('scored'),
    })
    expect(parts(one)).toEqual(parts(two))
  })
})

describe('the checks find', () => {
  // A promise that no check covers is not kept by these tests. Each mistake is planted, and its check must find it.
  test.each<[mistake: string, bugs: Bugs, finding: RegExp, changed?: Partial<Faults>]>([
    ['an acknowledgement before the append', { acknowledgesEarly: true }, /^accepted .* is not in raw$/],
    [
      'a position committed before the outputs',
      { positionFirst: true },
      /came out 0 times/,
      { atomicCommits: false },
    ],
    ['commits of former owners', { noFence: true }, /came out [2-9] times/],
    ['a position read before the former owner was fenced', { staleCommitted: true }, /came out [2-9] times/],
    [
      'a state of a later position than the committed one',
      { restoresPastCommitted: true },
      /differs from a replay/,
    ],
    ['a replay that writes', { replayWrites: true }, /^scored.* repeats/],
    ['outputs dropped when a commit is retried', { dropsOutputsOnRetry: true }, /came out 0 times/],
    ['a commit that is made twice', { retriesLostCommits: true }, /came out [2-9] times/],
    ['a damaged snapshot that is used', { trustsSnapshots: true }, /differs from a replay/],
    ['an outage that made events bad', { takesOutageForNo: true }, /came out 0 times/],
    ['outputs in the wrong partition', { mixesPartitions: true }, /is in partition/],
  ])('%s', async (_, bugs, finding, changed) => {
    for (let seed = 1; seed <= 200; seed++) {
      const { found } = await runSmall(seed, { ...FAULTS, ...changed }, bugs)
      if (found.some(each => finding.test(each))) return
    }
    expect.fail('The planted mistake was not found in 200 runs.')
  })
})

async function runSmall(
  seed: number,
  faults: Faults,
  bugs: Bugs = {},
): Promise<{ found: string[]; delivered: Delivered }> {
  const sources = makeSources(seed)
  const delivered = await deliver(seed, { sources, stages: [SPLITTER, COUNTER] }, faults, bugs)
  return { found: check(sources.flat(), delivered, faults.atomicCommits), delivered }
}

/** Returns the faults in the streams. It looks at the streams alone, not at how they came about. */
function check(sent: readonly Part[], { log, accepted }: Delivered, isExact: boolean): string[] {
  const found: string[] = []
  const raw = everything(log, 'raw')

  const sentIds = new Set(sent.map(({ id }) => id))
  const rawIds = new Set(raw.map(({ record }) => (parse(record) as Sent).id))
  for (const id of accepted) if (!rawIds.has(id)) found.push(`accepted ${id} is not in raw`)
  for (const id of rawIds) if (!sentIds.has(id)) found.push(`${id} in raw was never sent`)

  // The events of raw, by source coordinates, each in the stream where it belongs.
  const expected = new Set(
    raw.flatMap(({ partition, record }) =>
      (parse(record) as Sent).events.map(
        ({ isGood }, index) => `${isGood ? 'good' : 'bad'} ${partition}/${record.position}/${index}`,
      ),
    ),
  )
  const split = ['good', 'bad'].flatMap(stream =>
    everything(log, stream).map(each => ({
      ...each,
      place: `${stream} ${(parse(each.record) as SplitEvent).source.join('/')}`,
    })),
  )
  found.push(...repeats(split, expected, isExact))

  // The result of one pass over good in order, without any fault.
  for (const [partition, records] of log.records('good').entries()) {
    const counts = new Map<string, number>()
    const seen = new Set<string>()
    const replay: Numbered[] = []
    for (const record of records) {
      const place = (parse(record) as SplitEvent).source.join('/')
      if (seen.has(place)) continue
      seen.add(place)
      const key = record.key!
      const n = (counts.get(key) ?? 0) + 1
      counts.set(key, n)
      replay.push({ source: [partition, `${record.position}`], key, n })
    }
    const scored = log.records('scored')[partition]!.map(record => JSON.stringify(parse(record)))
    const once = [...new Set(scored)]
    if (isExact && once.length < scored.length)
      found.push(`scored/${partition} repeats ${scored.length - once.length}`)
    const wanted = replay.map(each => JSON.stringify(each))
    const differing = wanted.findIndex((each, index) => each !== once[index])
    if (differing !== -1 || once.length !== wanted.length)
      found.push(
        `scored/${partition} differs from a replay at ${differing}: ${once[differing]}, not ${wanted[differing]}`,
      )
  }
  return found
}

function repeats(
  split: readonly { place: string; partition: number; record: InputRecord }[],
  expected: ReadonlySet<string>,
  isExact: boolean,
): string[] {
  const found: string[] = []
  const byPlace = Map.groupBy(split, ({ place }) => place)
  for (const place of expected) {
    const copies = byPlace.get(place) ?? []
    if (copies.length === 0 || (isExact && copies.length > 1))
      found.push(`${place} came out ${copies.length} times`)
    if (new Set(copies.map(({ record }) => Buffer.from(record.value).toString())).size > 1)
      found.push(`${place} came out in several ways`)
  }
  for (const { place, partition, record } of split) {
    if (!expected.has(place)) found.push(`${place} came out of nothing`)
    if (partition !== partitionOf(record.key, PARTITIONS)) found.push(`${place} is in partition ${partition}`)
  }
  return found
}

function everything(log: Delivered['log'], stream: string): { partition: number; record: InputRecord }[] {
  return log.records(stream).flatMap((records, partition) => records.map(record => ({ partition, record })))
}

function parse(record: InputRecord): unknown {
  return JSON.parse(Buffer.from(record.value).toString())
}
