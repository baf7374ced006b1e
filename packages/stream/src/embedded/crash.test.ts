// Kills processes without warning while they append, consume and commit. Afterwards the log must hold everything that
// they acknowledged, and outputs must match committed positions.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { InputRecord } from '../log.ts'
import { partitionOf } from '../partitioner.ts'
import { createRandom } from '@sluicebox/event/random'
import { openEmbeddedLog, type EmbeddedLog } from './log.ts'

const BUSY_PROCESS = join(import.meta.dirname, '../testing/busy-process.ts')
const PARTITIONS = 3

describe('after kill -9', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sluicebox-crash-'))
  })
  afterEach(async () => {
    await rm(dir, { recursive: true })
  })

  test('everything acknowledged is there, in order and without gaps, and outputs match committed positions', async () => {
    const random = createRandom(20261120)
    const acknowledged = new Map<string, number>()
    for (let round = 0; round < 8; round++) {
      const busy = startBusy(dir, `r${round}`, random.below(1e9), acknowledged)
      await busy.untilAcknowledged(1 + random.below(400))
      await busy.kill()
      await check(dir, acknowledged)
    }
    expect(acknowledged.size).toBeGreaterThan(8)
  })

  test('the other processes continue, and no record is lost', async () => {
    const random = createRandom(7)
    const acknowledged = new Map<string, number>()
    let survivor = startBusy(dir, 'first', 1, acknowledged)
    for (let round = 0; round < 4; round++) {
      const other = startBusy(dir, `other${round}`, random.below(1e9), acknowledged)
      await other.untilAcknowledged(1 + random.below(100))
      await survivor.kill()
      // The killed process may have died inside a transaction that the others wait for.
      await other.untilAcknowledged(other.count() + 50)
      survivor = other
    }
    await survivor.stop()
    await check(dir, acknowledged)
  })
})

interface Busy {
  count(): number
  untilAcknowledged(count: number): Promise<void>
  kill(): Promise<void>
  /** Tells the process to end, as a service is told. */
  stop(): Promise<void>
}

function startBusy(dir: string, name: string, seed: number, acknowledged: Map<string, number>): Busy {
  const child = spawn(process.execPath, [BUSY_PROCESS, dir, name, `${seed}`, `${PARTITIONS}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = new Promise<number | null>(resolve => child.on('close', resolve))
  let count = 0
  let onLine = (): void => {}
  const lines = createInterface({ input: child.stdout })
  lines.on('line', line => {
    // A killed process may leave an incomplete last line.
    const [, id, parts] = /^(\S+) (\d)$/.exec(line) ?? []
    if (id === undefined) return
    acknowledged.set(id, Number(parts))
    count++
    onLine()
  })
  return {
    count: () => count,
    untilAcknowledged: wanted =>
      new Promise((resolve, reject) => {
        void exited.then(code => reject(new Error(`${name} ended by itself with ${code}`)))
        onLine = () => {
          if (count >= wanted) resolve()
        }
        onLine()
      }),
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async stop() {
      child.stdin.end()
      expect(await exited).toBe(0)
    },
  }
}

async function check(dir: string, acknowledged: ReadonlyMap<string, number>): Promise<void> {
  await using log = await openEmbeddedLog({ dir, partitions: PARTITIONS })
  const faults: string[] = []
  const found = new Map<string, number>()
  const last = new Map<string, string>()
  for (const { partition, record } of await everything(log, 'raw', faults)) {
    const [id, part] = Buffer.from(record.value).toString().split(' ') as [string, string]
    if (partition !== partitionOf(record.key, PARTITIONS)) faults.push(`${id} is in partition ${partition}`)
    found.set(id, (found.get(id) ?? 0) + 1)
    // Each appender waits for one append before the next, so its records are in order within each partition.
    const [name, appender, number] = id.split('.') as [string, string, string]
    const lane = `${name}.${appender} in ${partition}`
    const at = `${number.padStart(9, '0')} ${part}`
    if (at <= (last.get(lane) ?? '')) faults.push(`${id} comes after ${last.get(lane)}`)
    last.set(lane, at)
  }
  for (const [id, parts] of acknowledged)
    if (found.get(id) !== parts) faults.push(`${id} has ${found.get(id) ?? 0} of ${parts} records`)

  // The copier has copied each record that it has committed, once.
  const copied = (await everything(log, 'copy', faults)).map(({ record }) =>
    Buffer.from(record.value).toString(),
  )
  const committed = await log.committed('copier', 'raw')
  const expected = committed.flatMap((end, partition) =>
    Array.from({ length: Number(end) }, (_, position) => `${partition}/${position}`),
  )
  expect(faults).toEqual([])
  expect(copied.sort()).toEqual(expected.sort())
}

async function everything(
  log: EmbeddedLog,
  stream: string,
  faults: string[],
): Promise<{ partition: number; record: InputRecord }[]> {
  const found: { partition: number; record: InputRecord }[] = []
  for (const [partition, { start, end }] of (await log.bounds(stream)).entries()) {
    let at = start
    while (at < end) {
      const { records } = await log.read(stream, partition, at, { recordsMax: 1000, bytesMax: 1_000_000 })
      for (const record of records) {
        if (record.position !== at)
          faults.push(`${stream}/${partition}/${record.position} is returned at ${at}`)
        found.push({ partition, record })
        at++
      }
      if (records.length === 0) throw new Error(`${stream}/${partition} ends at ${at}, not at ${end}`)
    }
    if (start !== 0n) faults.push(`${stream}/${partition} begins at ${start}`)
  }
  return found
}
