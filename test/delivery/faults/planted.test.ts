// That the tests can fail: workers with a mistake planted in them, under the faults that bring it out, and the checker
// has to see it.
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { startRegistry, type LocalRegistry } from '@sluicebox/infra/local/registry'
import { MISTAKES, type MistakeName } from '../planted/changes.ts'
import { startProxiedKafka } from '../world/kafka.ts'
import type { Load } from '../world/load.ts'
import { openWorld, type World, type WorldOptions } from '../world/world.ts'
import { endLate, handOverLate, killAt, nextCommit, strike } from './inflict.ts'
import { sendUnknownSchema } from './unknown-schema.ts'

const PLANT = pathToFileURL(join(import.meta.dirname, '../planted/plant.ts')).href
const ROUNDS = 3

let registry: LocalRegistry
beforeAll(async () => {
  registry = await startRegistry()
})
afterAll(() => registry.stop())

interface Provocation extends Partial<WorldOptions> {
  readonly wrongShare?: number
  /** What brings the mistake out. */
  readonly provoke: (world: World, load: Load) => Promise<void>
}

async function rounds(load: Load, work: () => Promise<void>): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    await work()
    await load.more(15)
  }
}

const PROVOCATIONS: Readonly<Record<Exclude<MistakeName, 'keyless' | 'registryTimeout'>, Provocation>> = {
  acknowledge: {
    provoke: (world, load) => rounds(load, () => killAt(world, 'collector', 'produce', 'cut-request', 50)),
  },
  swallow: {
    provoke: (world, load) => rounds(load, () => strike(world, 'collector', 'produce', 'cut-request')),
  },
  scatter: { provoke: (_, load) => load.more(15) },
  commitFirst: {
    provoke: (world, load) => rounds(load, () => killAt(world, 'enricher', 'produce', 'cut-request')),
  },
  badOutside: {
    wrongShare: 0.5,
    provoke: (world, load) => rounds(load, () => strike(world, 'enricher', 'txnOffsetCommit', 'cut-request')),
  },
  staleStart: { provoke: (world, load) => handOverLate(world, load, 'enricher') },
  unfenced: {
    workers: { enricher: 2 },
    // The transaction must still be open when its end comes.
    config: { log: { kafka: { transactionTimeoutMs: 20_000 } } },
    provoke: world => endLate(world, 'enricher'),
  },
  restorePast: {
    provoke: (world, load) =>
      rounds(load, async () => {
        const [scorer] = world.of('scorer')
        scorer!.kill()
        await load.more(60)
        await nextCommit(world, 'scorer')
      }),
  },
  dirtyState: {
    provoke: (world, load) => rounds(load, () => strike(world, 'scorer', 'txnOffsetCommit', 'cut-request')),
  },
  randomKey: {
    workers: { archiver: 1 },
    config: { archiver: { windowMs: 1_000 } },
    async provoke(world, load) {
      // Long enough for both to close an object.
      await handOverLate(world, load, 'archiver', { lateMs: 1_900, slowMs: 0 })
      await handOverLate(world, load, 'archiver', { lateMs: 1_900, slowMs: 0 })
    },
  },
  movedBoundary: { workers: { archiver: 1 }, provoke: (_, load) => load.more(400) },
}

async function expectCaught(
  name: MistakeName,
  { provoke, wrongShare, ...options }: Provocation,
): Promise<void> {
  const { kind, caughtBy } = MISTAKES[name]
  const nodeArgs = { [kind]: ['--import', `${PLANT}?mistake=${name}`] }
  await using world = await openWorld({ kafka: inject('kafka'), nodeArgs, ...options })
  const load = world.load(wrongShare === undefined ? {} : { wrongShare })
  await load.more(40)
  await provoke(world, load)
  await load.more(20)
  const { report } = await world.finish({ mayStayBehind: true, withinMs: 20_000 })
  expect(world.of(kind)[0]!.logTail(Infinity)).toContain(`planted ${name}`)
  const checks = [...new Set(report.findings.map(({ check }) => check))]
  expect(checks, 'none of these was found').toContainEqual(expect.toBeOneOf([...caughtBy]))
}

test.each(Object.entries(PROVOCATIONS) as [keyof typeof PROVOCATIONS, Provocation][])('%s', expectCaught)

test('registryTimeout', () =>
  expectCaught('registryTimeout', {
    registryUrl: registry.url,
    async provoke(world, load) {
      await sendUnknownSchema(world, registry, async () => load.more(20))
      await world.caughtUp('enricher')
    },
  }))

test('keyless', async () => {
  await using kafka = await startProxiedKafka(3)
  await expectCaught('keyless', {
    kafka: kafka.place,
    provoke: (world, load) => rounds(load, () => strike(world, 'collector', 'produce', 'cut-request')),
  })
})
