import { setTimeout as sleep } from 'node:timers/promises'
import { createTopicReader, type TopicReader } from '../checker/kafka/client.ts'
import type { KafkaPlace } from './kafka.ts'
import type { Worker, WorkerKind } from './workers.ts'

/** Workers that read a stream. */
export type ReadKind = Exclude<WorkerKind, 'collector'>

/** Waits for what the workers have committed. */
export interface Progress {
  /**
   * Resolves when the workers of a kind have committed past all that is in their stream now, and no transaction is open in
   * it; answers the positions, by partition. Rejects, and says where they stand, when that takes too long.
   */
  caughtUp(kind: ReadKind, withinMs?: number): Promise<readonly bigint[]>
}

export interface ProgressParts {
  readonly kafka: KafkaPlace
  readonly prefix: string
  readonly workers: readonly Worker[]
}

const INPUTS = { enricher: 'raw', scorer: 'good', archiver: 'raw' } as const
const LOOK_MS = 100
const WITHIN_MS = 60_000

export function watchProgress({ kafka, prefix, workers }: ProgressParts): Progress {
  return {
    async caughtUp(kind, withinMs = WITHIN_MS) {
      const [topic, group] = [`${prefix}${INPUTS[kind]}`, `${prefix}${kind}-${INPUTS[kind]}`]
      const reader = createTopicReader(kafka.directAddresses)
      const until = performance.now() + withinMs
      try {
        const wanted = await endsOf(reader, topic)
        for (;;) {
          const behind = findBehind(wanted, await reader.committed(group, topic))
          if (behind.length === 0) return wanted
          if (performance.now() > until)
            throw new Error(stuck(`the ${kind} has not come through ${topic}`, behind))
          await sleep(LOOK_MS)
        }
      } finally {
        reader.close()
      }
    },
  }

  function stuck(what: string, behind: readonly string[]): string {
    const logs = workers.map(
      ({ name, endings, logTail }) => `--- ${name} (ended ${endings.length} times):\n${logTail()}`,
    )
    return [`${what} in time: ${behind.join(', ')}`, ...logs].join('\n')
  }

  /** Behind the last record that can be seen, once no transaction is open. */
  async function endsOf(reader: TopicReader, topic: string): Promise<bigint[]> {
    for (const until = performance.now() + WITHIN_MS; ;) {
      const partitions = await reader.readTopic(topic)
      const open = partitions.filter(({ stableEnd, end }) => stableEnd < end)
      if (open.length === 0) return partitions.map(({ records }) => (records.at(-1)?.offset ?? -1n) + 1n)
      if (performance.now() > until)
        throw new Error(
          stuck(
            `transactions have not ended in ${topic}`,
            open.map(({ partition, stableEnd }) => `partition ${partition} from ${stableEnd}`),
          ),
        )
      await sleep(LOOK_MS)
    }
  }
}

function findBehind(wanted: readonly bigint[], committed: readonly bigint[]): string[] {
  return wanted.flatMap((end, partition) => {
    const reached = committed[partition]!
    return reached >= end ? [] : [`partition ${partition} at ${reached} of ${end}`]
  })
}
