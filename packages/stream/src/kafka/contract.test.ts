import { afterAll, beforeAll, describe } from 'vitest'
import { Kafka, logLevel, type Admin } from 'kafkajs'
import { serversAvailable } from '@sluicebox/infra/local/available'
import { KAFKA_VERSIONS, startKafka, type LocalKafka } from '@sluicebox/infra/local/kafka/kafka'
import { testLog } from '../testing/contract/contract.ts'
import type { Log } from '../log.ts'
import { kafkaConfig } from './config.ts'
import { openKafkaLog } from './log.ts'

const PARTITIONS = 2

describe.skipIf(!(await serversAvailable('kafka'))).each(KAFKA_VERSIONS)('on a broker', version => {
  let kafka: LocalKafka
  let admin: Admin

  beforeAll(async () => {
    kafka = await startKafka({ version })
    admin = new Kafka({ brokers: kafka.addresses, logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
  })
  afterAll(async () => {
    await admin?.disconnect()
    await kafka?.stop()
  })

  let runs = 0
  testLog(
    `Kafka ${version}`,
    async () => {
      const prefix = `run-${runs++}.`
      const made = new Map<string, Promise<unknown>>()
      /** Readers see a commit soon after it was acknowledged: when the brokers have marked its end in each partition. */
      const untilSeen = async (stream: string): Promise<void> => {
        const topic = `${prefix}${stream}`
        for (;;) {
          const [all, seen] = await Promise.all([admin.fetchTopicOffsets(topic), handles[0]!.bounds(stream)])
          if (all.every(({ partition, high }) => BigInt(high) === seen[partition]!.end)) return
        }
      }
      const handles: Log[] = []
      const open = async (): Promise<Log> => {
        const log = await openKafkaLog({ config: kafkaConfig.parse({ brokers: kafka.addresses, prefix }) })
        handles.push(log)
        return madeOnFirstUse(log, untilSeen, stream => {
          const topic = `${prefix}${stream}`
          const making =
            made.get(topic) ?? admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }] })
          made.set(topic, making)
          return making
        })
      }
      return {
        log: await open(),
        open,
        close: async () => {
          await Promise.all(handles.map(each => each[Symbol.asyncDispose]()))
        },
      }
    },
    { atomicCommits: true, contiguousPositions: false },
  )
})

/** Kafka has only topics that were created; a test names any it likes. */
function madeOnFirstUse(
  log: Log,
  untilSeen: (stream: string) => Promise<void>,
  make: (stream: string) => Promise<unknown>,
): Log {
  return {
    append: async (stream, records) => {
      await make(stream)
      await log.append(stream, records)
    },
    partitionCount: async stream => {
      await make(stream)
      return log.partitionCount(stream)
    },
    consume: async (options, own) => {
      await make(options.stream)
      await log.consume(options, owned =>
        own({
          partition: owned.partition,
          committed: owned.committed,
          signal: owned.signal,
          next: owned.next,
          seek: owned.seek,
          commit: async (outputs, next) => {
            for (const stream of Object.keys(outputs)) await make(stream)
            await owned.commit(outputs, next)
            for (const stream of Object.keys(outputs)) await untilSeen(stream)
            const isSeen = async (): Promise<boolean> => {
              const committed = await log.committed(options.group, options.stream)
              return committed[owned.partition]! >= next
            }
            while (!(await isSeen()));
          },
        }),
      )
    },
    read: async (stream, ...rest) => {
      await make(stream)
      return log.read(stream, ...rest)
    },
    bounds: async stream => {
      await make(stream)
      return log.bounds(stream)
    },
    committed: async (group, stream) => {
      await make(stream)
      return log.committed(group, stream)
    },
    changed: async (stream, signal) => {
      await make(stream)
      await log.changed(stream, signal)
    },
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  }
}
