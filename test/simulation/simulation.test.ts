// The promises of the whole pipeline, from accepted requests to scores, over hundreds of runs in a simulation: every
// run has its own traffic and its own crashes, lost answers, takeovers, outages and damaged snapshots.
import { describe, expect, it } from 'vitest'
import { deliver, FAULTS, type Bugs, type Faults } from '@sluicebox/stream/testing/delivery'
import { check } from './checker.ts'
import { ENRICHER, SCORER } from './stages.ts'
import { makeTraffic } from './traffic.ts'

const CHUNK = 25
const CHUNKS = Array.from({ length: 6 }, (_, index) => 1 + index * CHUNK)

async function run(seed: number, faults: Faults, bugs?: Bugs) {
  const traffic = makeTraffic(seed)
  const delivered = await deliver(seed, { ...traffic, stages: [ENRICHER, SCORER] }, faults, bugs)
  return { found: check(traffic, delivered, faults.atomicCommits), delivered }
}

describe.each([
  ['every event and every score is there exactly once, where commits are atomic', true],
  ['every event and every score is there, and repeats are identical, where they are not', false],
])('%s', (_, atomicCommits) => {
  it.each(CHUNKS)('in the runs from %d on', async first => {
    let kills = 0
    let scores = 0
    for (let seed = first; seed < first + CHUNK; seed++) {
      const { found, delivered } = await run(seed, { ...FAULTS, atomicCommits })
      expect({ seed, found }).toEqual({ seed, found: [] })
      kills += delivered.kills
      scores += delivered.log.records('scored').flat().length
    }
    expect(kills).toBeGreaterThan(5 * CHUNK)
    expect(scores).toBeGreaterThan(20 * CHUNK)
  })
})

describe('the checker finds', () => {
  it.each<[mistake: string, bugs: Bugs, finding: RegExp, changed?: Partial<Faults>]>([
    ['an acknowledgement before the append', { acknowledgesEarly: true }, /^accepted .* is not in raw$/],
    [
      'a position committed before the outputs',
      { positionFirst: true },
      /came out 0 times/,
      { atomicCommits: false },
    ],
    ['commits of former owners', { noFence: true }, /came out [2-9] times/],
    ['a position read before the former owner was fenced', { staleCommitted: true }, /came out [2-9] times/],
    ['a state of a later position than the committed one', { restoresPastCommitted: true }, /are numbered/],
    ['a replay that writes', { replayWrites: true }, /are repeated/],
    ['outputs dropped when a commit is tried again', { dropsOutputsOnRetry: true }, /came out 0 times/],
    ['a commit made twice', { retriesLostCommits: true }, /came out [2-9] times/],
    ['an outage that made events bad', { takesOutageForNo: true }, /came out (0 times|in bad)/],
    ['outputs in the wrong partition', { mixesPartitions: true }, /is in the wrong partition/],
  ])('%s', async (_, bugs, finding, changed) => {
    for (let seed = 1; seed <= 100; seed++) {
      const { found } = await run(seed, { ...FAULTS, ...changed }, bugs)
      if (found.some(each => finding.test(each))) return
    }
    expect.fail('The planted mistake was not found in 100 runs.')
  })
})
