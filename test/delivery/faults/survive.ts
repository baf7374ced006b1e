import { expect, inject } from 'vitest'
import type { Load } from '../world/load.ts'
import {
  openWorld,
  type FinishOptions,
  type Finished,
  type World,
  type WorldOptions,
} from '../world/world.ts'

export interface Ordeal extends Partial<WorldOptions>, FinishOptions {
  readonly eventsPerSecond?: number
  /** Workers may end by themselves, and be started again. */
  readonly workersMayEnd?: boolean
}

/** Events that are accepted before anything goes wrong, and again after it. */
const EVENTS_AROUND = 60

/**
 * Runs the pipeline under load, lets `inflict` do what it does, and expects that every promise was held: nothing that
 * the checker finds, nothing that differs from a replay.
 */
export async function survive(
  ordeal: Ordeal,
  inflict: (world: World, load: Load) => Promise<void>,
): Promise<Finished & { readonly endings: readonly string[] }> {
  const { eventsPerSecond = 80, archiveComplete, workersMayEnd = false, ...options } = ordeal
  await using world = await openWorld({ kafka: inject('kafka'), ...options })
  const load = world.load({ eventsPerSecond })
  await load.more(EVENTS_AROUND)
  await inflict(world, load)
  await load.more(EVENTS_AROUND)
  const finished = await world.finish({ archiveComplete: archiveComplete ?? false })

  const { report, replayed } = finished
  const found = [...report.findings, ...replayed.findings].map(({ check, message }) => `${check}: ${message}`)
  expect(found.slice(0, 20)).toEqual([])
  // That nothing is wrong says little where nothing was done.
  expect(report.raw.accepted).toBeGreaterThanOrEqual(2 * EVENTS_AROUND)
  expect(report.scores.scores).toBeGreaterThan(EVENTS_AROUND)
  expect(replayed.compared).toBeGreaterThan(2 * EVENTS_AROUND)
  const endings = world.workers.flatMap(({ name, endings: own }) =>
    own.map(({ code, signal }) => `${name}: ${signal ?? code}`),
  )
  const lastWords = world.workers.flatMap(worker => worker.lastWords())
  if (!workersMayEnd)
    expect(
      endings.filter(ending => !ending.endsWith('SIGKILL')),
      lastWords.join('\n'),
    ).toEqual([])
  expect(Object.entries(finished.exitCodes).filter(([, code]) => code !== 0)).toEqual([])
  return { ...finished, endings }
}
