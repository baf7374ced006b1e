// A process that the tests kill. Several appenders append to `raw` at once and print each append that was acknowledged;
// a member of a consumer group copies `raw` to `copy`. The process ends when its standard input ends.
import { writeSync } from 'node:fs'
import { openEmbeddedLog } from '../embedded/log.ts'
import { createRandom } from '@sluicebox/event/random'

const [dir, name, seed, partitions] = process.argv.slice(2) as [string, string, string, string]
const APPENDERS = 4

const stop = new AbortController()
process.stdin.resume().on('end', () => stop.abort())

const random = createRandom(Number(seed))
await using log = await openEmbeddedLog({ dir, partitions: Number(partitions), pollMs: 5 })

async function appendUntilStopped(appender: number): Promise<void> {
  for (let number = 0; !stop.signal.aborted; number++) {
    const id = `${name}.${appender}.${number}`
    const parts = 1 + random.below(6)
    // Small records share a block, large ones fill several pages, and some records of an append share a partition.
    const records = Array.from({ length: parts }, (_, part) => ({
      key: `key-${random.below(16)}`,
      value: Buffer.from(
        `${id} ${part}/${parts} ${'.'.repeat(random.chance(0.1) ? 30_000 : random.below(400))}`,
      ),
    }))
    await log.append('raw', records)
    writeSync(1, `${id} ${parts}\n`)
  }
}

const copying = log.consume(
  { stream: 'raw', group: 'copier', recordsMax: 50, bytesMax: 100_000, signal: stop.signal },
  async owned => {
    for (let batch = await owned.next(); batch !== undefined; batch = await owned.next()) {
      const copies = batch.records.map(({ key, position }) => ({
        key,
        value: Buffer.from(`${owned.partition}/${position}`),
      }))
      try {
        await owned.commit({ copy: copies }, batch.next)
      } catch (error) {
        // Another process of the test has taken the partition.
        if ((error as Error).constructor.name !== 'FencedError') throw error
        return
      }
    }
  },
)
await Promise.all([
  copying,
  ...Array.from({ length: APPENDERS }, (_, appender) => appendUntilStopped(appender)),
])
