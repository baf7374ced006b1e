// What the scorer promises whatever happens, over a log in a simulation: workers are killed, partitions change owners,
// answers are lost. For each seed the records that were scored are compared with one straight run over the same log.
import { drive } from '@sluicebox/stream/driver/drive'
import type { Log, OutputRecord } from '@sluicebox/stream/log'
import { createSnapshots } from '@sluicebox/stream/driver/snapshots'
import { createSimulatedLog } from '@sluicebox/stream/testing/simulated-log'
import { createSimulation, LostAnswerError, type Process } from '@sluicebox/stream/testing/simulation'
import { SESSION_POLICY } from '@sluicebox/session/sessions/policy'
import { describe, expect, test } from 'vitest'
import { decodeScored, encodeGood, goodRecord, heartbeat, testScorer } from './testing/fixtures.ts'

const PARTITIONS = 2
const RECORDS = 150
const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1)
const STEPS_MAX = 40_000

const policy = {
  ...SESSION_POLICY,
  gapMs: 60_000,
  graceMs: 5_000,
  reopenMs: 120_000,
  eventsMax: 12,
  sessionsMax: 6,
}

interface Flaw {
  /** Keeps a snapshot for a position that is not its own. */
  readonly shiftedSnapshots?: boolean
}

async function run(seed: number, atomicCommits: boolean, flaw: Flaw = {}) {
  const simulation = createSimulation(seed, { lostAnswers: 0.05 })
  const { random } = simulation
  const log = createSimulatedLog(simulation, { partitions: PARTITIONS, atomicCommits, isIrregular: true })
  const objects = new Map<string, Uint8Array>()
  const scorer = testScorer({ policy })
  /** Times that a worker went on from a snapshot. */
  let restored = 0

  async function work(process: Process): Promise<void> {
    const snapshots = createSnapshots({
      get: key => simulation.later(process, {}, () => objects.get(key)),
      put: (key, bytes) =>
        simulation.later(process, { isWrite: true }, () => void objects.set(key, bytes.slice())),
    })
    const store = flaw.shiftedSnapshots
      ? {
          ...snapshots,
          save: (group: string, partition: number, snapshot: Parameters<typeof snapshots.save>[2]) =>
            snapshots.save(group, partition, { ...snapshot, position: snapshot.position + 1n }),
        }
      : snapshots
    await drive({
      log: log.connect(process),
      stage: scorer,
      group: 'scorer',
      input: 'good',
      outputs: { scored: 'scored', bad: 'bad' },
      limits: { recordsMax: 8, bytesMax: 1_000_000 },
      signal: new AbortController().signal,
      snapshots: { store, everyRecords: 5, everyMs: 1e9 },
      world: simulation.worldOf(process),
      observe: { onRestore: ({ hasSnapshot }) => void (restored += hasSnapshot ? 1 : 0) },
    })
  }

  let names = 0
  let workers: Process[] = []
  function startWorker(): void {
    const process = simulation.start(`worker ${names++}`)
    workers.push(process)
    const die = (): void => {
      workers = workers.filter(other => other !== process)
      simulation.kill(process)
    }
    // A lost answer ends the process, as it does the real one: what is in doubt is read again.
    work(process).catch((error: unknown) => {
      if (!(error instanceof LostAnswerError)) throw error
      die()
    })
  }

  const records = makeRecords(random)
  const collector = log.connect(simulation.start('collector'))
  const appending = appendAll(collector, records)
  startWorker()
  startWorker()
  for (let step = 0; step < STEPS_MAX; step++) {
    const isFeeding = step < 1_500
    if (!isFeeding) simulation.calm()
    if (isFeeding && random.chance(0.003) && workers.length > 0) simulation.kill(random.pick(workers))
    workers = workers.filter(({ isAlive }) => isAlive)
    if (isFeeding && random.chance(0.002)) log.rebalance()
    if (workers.length < 2 && random.chance(0.2)) startWorker()
    await simulation.step()
    if (!isFeeding && log.isDrained('scorer', 'good') && log.records('good').flat().length >= RECORDS) break
  }
  await appending

  const straight = log.records('good').map((inPartition, partition) => {
    const batch = { stream: 'good', partition, records: inPartition, next: 0n }
    return scorer.process(scorer.start(partition), batch).scored
  })
  return { written: log.records('scored').flat(), straight: straight.flat(), restored }
}

/** A lost answer is asked again: an event may then be in the log twice, as a client's retry makes it. */
async function appendAll(log: Log, records: readonly OutputRecord[]): Promise<void> {
  for (const record of records) {
    for (let isWritten = false; !isWritten;) {
      try {
        await log.append('good', [record])
        isWritten = true
      } catch (error) {
        if (!(error instanceof LostAnswerError)) throw error
      }
    }
  }
}

function makeRecords(random: { below(n: number): number; chance(p: number): boolean }): OutputRecord[] {
  let at = 1_700_000_000_000
  return Array.from({ length: RECORDS }, (_, i) => {
    at += random.chance(0.1) ? 70_000 : random.below(4_000)
    if (random.chance(0.15))
      return { key: null, value: encodeGood(heartbeat(at)), partition: random.below(PARTITIONS) }
    const visitor = `v${random.below(5)}`
    const record = goodRecord({
      at,
      visitor,
      session_id: random.chance(0.5) ? `s ${visitor}` : null,
      event_id: `e${i}`,
      action: random.chance(0.05) ? 'transaction' : 'page_view',
    })
    return { key: visitor, value: encodeGood(record) }
  })
}

const hexOf = (records: readonly Pick<OutputRecord, 'value'>[]): string[] =>
  records.map(({ value }) => Buffer.from(value).toString('hex')).sort()

describe('with a log that commits outputs and position at once', () => {
  test.each(SEEDS)(
    'every score is written exactly once, as a straight run would have it (seed %d)',
    async seed => {
      const { written, straight } = await run(seed, true)
      expect(straight.length).toBeGreaterThan(RECORDS / 2)
      expect(hexOf(written)).toEqual(hexOf(straight))
      for (const of of Map.groupBy(decodeScored(written), ({ session_id }) => session_id).values())
        expect(of.map(({ n }) => n)).toEqual(of.map((_, i) => i + 1))
    },
  )
})

describe('with a log that commits them one after the other', () => {
  test.each(SEEDS)(
    'every score is written, and what is repeated is the same to the byte (seed %d)',
    async seed => {
      const { written, straight } = await run(seed, false)
      expect([...new Set(hexOf(written))]).toEqual(hexOf(straight))
    },
  )
})

test('workers continue from snapshots in these runs, and one that is a record off would be found out', async () => {
  let found = 0
  for (const seed of SEEDS.slice(0, 10)) {
    expect((await run(seed, true)).restored).toBeGreaterThan(0)
    const { written, straight } = await run(seed, true, { shiftedSnapshots: true })
    if (hexOf(written).join() !== hexOf(straight).join()) found++
  }
  expect(found).toBeGreaterThan(0)
})
