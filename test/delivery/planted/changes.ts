import type { Check } from '../checker/findings.ts'
import type { WorkerKind } from '../world/workers.ts'

// Mistakes that were made elsewhere, or nearly here, each as a small change to the product's text. They are made in the
// memory of a worker when it loads the file; the files stay as they are.

export interface Change {
  /** From the project's root. */
  readonly file: string
  /** Appears in it exactly once. */
  readonly from: string
  readonly to: string
}

export interface Mistake {
  readonly name: string
  readonly says: string
  /** The workers that make it. */
  readonly kind: WorkerKind
  readonly changes: readonly Change[]
  /** The checks that have to see it: one of them at least. */
  readonly caughtBy: readonly Check[]
}

const STREAM = 'packages/stream/src'

export const MISTAKES = {
  acknowledge: {
    says: 'the collector answers before the brokers have',
    kind: 'collector',
    changes: [
      {
        file: 'services/collector/src/raw/raw-sink.ts',
        from: 'const late = setTimeout(say, appendMs, false)',
        to: 'say(true); const late = setTimeout(say, appendMs, false)',
      },
    ],
    caughtBy: ['accepted-in-raw'],
  },
  swallow: {
    says: 'a write that failed counts as done',
    kind: 'collector',
    changes: [
      {
        file: `${STREAM}/kafka/produce/produce.ts`,
        from: `if (answer.status === 'rejected') throw answer.reason`,
        to: `if (answer.status === 'rejected') continue`,
      },
    ],
    caughtBy: ['accepted-in-raw'],
  },
  scatter: {
    says: 'the partition of a record has nothing to do with its key',
    kind: 'collector',
    changes: [
      {
        file: `${STREAM}/kafka/produce/outputs.ts`,
        from: 'named ?? partitionOf(key, partitionCount)',
        to: 'named ?? Math.floor(Math.random() * partitionCount)',
      },
    ],
    caughtBy: ['one-partition'],
  },
  keyless: {
    says: 'the partition of a record is left to kafkajs, whose retries skip some',
    kind: 'collector',
    changes: [
      {
        file: `${STREAM}/kafka/log.ts`,
        from: 'append: (stream, records) => appender.append(names.topic(stream), records),',
        to: `append: async (stream, records) => {
          const { Kafka } = (await import('kafkajs')).default
          const own = ((globalThis as any).keyless ??= { messages: [] })
          own.producer ??= new Kafka({ brokers: [...config.brokers], clientId: config.clientId, logLevel: 0 }).producer()
          own.connected ??= own.producer.connect()
          own.messages.push(...records.map(({ value }) => ({ value: Buffer.from(value) })))
          await own.connected
          await (own.sending ??= new Promise(resolve => setTimeout(resolve, 150)).then(() => {
            own.sending = undefined
            return own.producer.send({ topic: names.topic(stream), acks: -1, messages: own.messages.splice(0) })
          }))
        },`,
      },
    ],
    caughtBy: ['accepted-in-raw'],
  },
  commitFirst: {
    says: 'the position is committed before the outputs are written',
    kind: 'enricher',
    changes: [
      {
        file: `${STREAM}/kafka/consume/consumer.ts`,
        from: 'await transactions.commit(names.byTopic(outputs), next)',
        to: 'await transactions.commit({}, next); await transactions.commit(names.byTopic(outputs), next)',
      },
    ],
    caughtBy: ['out-once'],
  },
  badOutside: {
    says: 'bad events are written outside of the transaction',
    kind: 'enricher',
    changes: [
      {
        file: `${STREAM}/driver/advance.ts`,
        from: `if (mode === 'commit') await owned.commit(byStream(options.outputs, outputs), batch.next)`,
        to: `if (mode === 'commit') {
          const { bad = [], ...others } = byStream(options.outputs, outputs)
          await options.log.append('bad', bad)
          await owned.commit(others, batch.next)
        }`,
      },
    ],
    caughtBy: ['out-once'],
  },
  staleStart: {
    says: 'the position is read before the former owner is shut out',
    kind: 'enricher',
    changes: [
      {
        file: `${STREAM}/kafka/consume/consumer.ts`,
        from: 'const transactions = await beginTransactions(',
        to: 'const committed = await committedOf(shared, groupId, topic); const transactions = await beginTransactions(',
      },
      {
        file: `${STREAM}/kafka/consume/consumer.ts`,
        from: '    const committed = await committedOf(shared, groupId, topic)\n    return',
        to: '    return',
      },
    ],
    caughtBy: ['out-once'],
  },
  unfenced: {
    says: 'each worker has a transactional id of its own',
    kind: 'enricher',
    changes: [
      {
        file: `${STREAM}/kafka/names.ts`,
        from: '`${prefix}${group}-${stream}-${partition}`',
        to: '`${prefix}${group}-${stream}-${partition}-${process.pid}`',
      },
    ],
    caughtBy: ['out-once'],
  },
  restorePast: {
    says: 'a restored state takes in records that nobody has committed',
    kind: 'scorer',
    changes: [
      {
        file: `${STREAM}/driver/recovery.ts`,
        from: 'const [before, rest] = splitAt(batch, committed)',
        to: 'const [before, rest] = splitAt(batch, batch.next)',
      },
    ],
    caughtBy: ['scores-numbered', 'scores-counted'],
  },
  dirtyState: {
    says: 'after a commit that failed the state stays as it was, with what it had seen',
    kind: 'scorer',
    changes: [
      {
        file: 'packages/service/src/run-stage.ts',
        from: 'start: partition => keep(partition, stage.start(partition)),',
        to: 'start: partition => states.get(partition) ?? keep(partition, stage.start(partition)),',
      },
      {
        file: 'packages/service/src/run-stage.ts',
        from: 'restore: (partition, bytes) => keep(',
        to: 'restore: (partition, bytes) => states.get(partition) ?? keep(',
      },
      { file: 'packages/service/src/run-stage.ts', from: 'states.delete(end.partition)', to: '' },
    ],
    caughtBy: ['scores-numbered', 'scores-counted'],
  },
  registryTimeout: {
    says: 'a registry that does not answer counts as one that does not know',
    kind: 'enricher',
    changes: [
      {
        file: 'packages/registry/src/streams/learn.ts',
        from: 'await fetchSchema?.(id)',
        to: 'await fetchSchema?.(id).catch(() => undefined)',
      },
    ],
    caughtBy: ['out-as-expected'],
  },
  randomKey: {
    says: 'the key of an object does not follow from its records',
    kind: 'archiver',
    changes: [
      {
        file: 'services/archiver/src/objects/object-key.ts',
        from: '${time.slice(0, 2)}',
        to: '${String(Math.floor(Math.random() * 24)).padStart(2, "0")}',
      },
    ],
    caughtBy: ['archive-ranges', 'archive-content'],
  },
  movedBoundary: {
    says: 'an object claims one position more than it holds',
    kind: 'archiver',
    changes: [
      {
        file: 'services/archiver/src/partition.ts',
        from: 'const facts = { ...name, end, records',
        to: 'const facts = { ...name, end: end + 1n, records',
      },
    ],
    caughtBy: ['archive-ranges', 'archive-content'],
  },
} as const satisfies Record<string, Omit<Mistake, 'name'>>

export type MistakeName = keyof typeof MISTAKES

/** Where the changes apply to these texts. Throws where one does not: then the product has moved on without it. */
export function applyChanges(name: string, file: string, text: string): string {
  const mistake: Omit<Mistake, 'name'> | undefined = MISTAKES[name as MistakeName]
  if (mistake === undefined) throw new Error(`there is no planted mistake called ${name}`)
  return mistake.changes
    .filter(change => change.file === file)
    .reduce((changed, { from, to }) => {
      const parts = changed.split(from)
      if (parts.length !== 2)
        throw new Error(
          `the planted mistake ${name} does not fit any more: ${file} holds ${parts.length - 1} times: ${from}`,
        )
      return parts.join(to)
    }, text)
}
