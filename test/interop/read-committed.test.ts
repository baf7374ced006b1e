// Goal: of transactions that others write, side by side and with hostile keys, we read what librdkafka reads, from any offset.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { logConfig } from '@sluicebox/stream/config'
import { openKafkaLog } from '@sluicebox/stream/kafka/log'
import { createTopics } from '@sluicebox/stream/kafka/topics'
import type { Log } from '@sluicebox/stream/log'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serversAvailable } from '@sluicebox/infra/local/available'
import { KAFKA_VERSIONS, startKafka, type LocalKafka } from '@sluicebox/infra/local/kafka/kafka'
import { findPython } from './others.ts'

const INTERLEAVINGS = 40
const SEED = 20
const SCRIPT = join(import.meta.dirname, 'interleave.py')
/** Some reads get several batches, some a few, some one. */
const LIMITS = [
  { recordsMax: 1_000, bytesMax: 1_000_000 },
  { recordsMax: 3, bytesMax: 400 },
  { recordsMax: 1, bytesMax: 1 },
]
const run = promisify(execFile)
const python = await findPython()

interface Interleaving {
  readonly partition: number
  readonly records: readonly (readonly [offset: number, key: string | null, value: string])[]
  readonly end: number
}

describe.skipIf(python === undefined || !(await serversAvailable('kafka'))).each(KAFKA_VERSIONS)(
  'transactions on Kafka %s',
  version => {
    let kafka: LocalKafka
    let log: Log
    let interleavings: readonly Interleaving[]

    beforeAll(async () => {
      // How often the broker looks for transactions whose time is over; 10 s by default.
      const settings = { 'transaction.abort.timed.out.transaction.cleanup.interval.ms': 500 }
      kafka = await startKafka({ version, settings })
      const config = logConfig.parse({
        kind: 'kafka',
        partitions: INTERLEAVINGS,
        kafka: { brokers: kafka.addresses, replicas: 1, inSyncReplicasMin: 1 },
      })
      await createTopics(config, ['raw'])
      log = await openKafkaLog({ config: config.kafka })
      const args = [SCRIPT, kafka.addresses.join(','), `${config.kafka.prefix}raw`, INTERLEAVINGS, SEED]
      const { stdout } = await run(python as string, args.map(String), { maxBuffer: 1 << 28 })
      interleavings = stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as Interleaving)
    }, 300_000)
    afterAll(async () => {
      await log[Symbol.asyncDispose]()
      await kafka.stop()
    })

    test('hold aborted records, and keys of marks in committed ones', () => {
      const records = interleavings.flatMap(interleaving => interleaving.records)
      expect(records.some(([, key]) => key === '\0\0\0\0')).toBe(true)
      const positions = interleavings.reduce((sum, { end }) => sum + end, 0)
      expect(records.length).toBeLessThan(positions / 2)
    })

    test('are read as librdkafka reads them', async () => {
      for (const { partition, records } of interleavings)
        expect({ partition, records: await readFrom(partition, 0, LIMITS[0]!) }).toEqual({
          partition,
          records,
        })
    })

    test('are read so from every offset on, however little is fetched at a time', async () => {
      // The last ones hold transactions that were open side by side until they timed out.
      const some = [...interleavings.slice(0, 3), ...interleavings.slice(-2)]
      for (const { partition, records, end } of some)
        for (let from = 0; from < end; from++)
          expect({ from, records: await readFrom(partition, from, LIMITS[from % LIMITS.length]!) }).toEqual({
            from,
            records: records.filter(([offset]) => offset >= from),
          })
    }, 300_000)

    async function readFrom(partition: number, from: number, limits: (typeof LIMITS)[0]) {
      const read: [number, string | null, string][] = []
      for (let position = BigInt(from); ;) {
        const { records, next } = await log.read('raw', partition, position, limits)
        for (const { position: at, key, value } of records)
          read.push([Number(at), key, Buffer.from(value).toString('hex')])
        if (next === position) return read
        position = next
      }
    }
  },
)
