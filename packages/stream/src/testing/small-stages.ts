import type { InputRecord, OutputRecord } from '../log.ts'
import { Unresolved } from '../driver/stage.ts'
import type { Part, StageInstance, StageSpec } from './delivery.ts'
import { createRandom } from '@sluicebox/event/random'

// Two small stages that work like the real ones: a splitter without state, which needs schemas from a registry, and a
// counter with state, which numbers the events of each key.

/** What a source appends. */
export interface Sent {
  readonly id: string
  /** The schema that the splitter needs first. */
  readonly ref: string
  readonly events: readonly { readonly key: string; readonly isGood: boolean }[]
}

/** An event in `good` or `bad`, with its source coordinates in `raw`. */
export interface SplitEvent {
  readonly source: readonly [partition: number, position: string, index: number]
  readonly id: string
}

export interface Numbered {
  readonly source: readonly [partition: number, position: string]
  readonly key: string
  readonly n: number
}

export function makeSources(seed: number): Part[][] {
  const random = createRandom(seed)
  return Array.from({ length: 2 }, (_, source) =>
    Array.from({ length: 5 + random.below(25) }, (_, number): Part => {
      const id = `${source}.${number}`
      const key = `key ${random.below(6)}`
      const sent: Sent = {
        id,
        ref: `schema ${random.below(3)}`,
        events: Array.from({ length: random.below(4) }, () => ({ key, isGood: random.chance(0.8) })),
      }
      return { id, stream: 'raw', records: [{ key, value: toJson(sent) }] }
    }),
  )
}

export const SPLITTER: StageSpec = {
  group: 'splitter',
  input: 'raw',
  outputs: { good: 'good', bad: 'bad' },
  workers: 2,
  create(): StageInstance {
    const known = new Set<string>()
    const absent = new Set<string>()
    return {
      learn: ref => known.add(ref),
      learnAbsent: ref => absent.add(ref),
      stage: {
        start: () => undefined,
        process(_, { records, partition }) {
          const sent = records.map(record => fromJson(record) as Sent)
          const missing = sent.map(({ ref }) => ref).filter(ref => !known.has(ref) && !absent.has(ref))
          if (missing.length > 0) throw new Unresolved([...new Set(missing)])
          const out = { good: [] as OutputRecord[], bad: [] as OutputRecord[] }
          for (const [at, { id, ref, events }] of sent.entries())
            for (const [index, { key, isGood }] of events.entries()) {
              const event: SplitEvent = { source: [partition, `${records[at]!.position}`, index], id }
              out[isGood && !absent.has(ref) ? 'good' : 'bad'].push({ key, value: toJson(event) })
            }
          return out
        },
      },
    }
  },
}

interface Counts {
  /** The number of events of each key. */
  readonly counts: Record<string, number>
  /** The latest source by partition of `raw`. An event up to it was counted before. */
  readonly seen: Record<string, string>
}

export const COUNTER: StageSpec = {
  group: 'counter',
  input: 'good',
  outputs: { scored: 'scored' },
  workers: 2,
  create: (): StageInstance => ({
    learn() {},
    learnAbsent() {},
    stage: {
      start: (): Counts => ({ counts: {}, seen: {} }),
      process(state, batch) {
        const { counts, seen } = state as Counts
        const scored: OutputRecord[] = []
        for (const record of batch.records) {
          const [partition, position, index] = (fromJson(record) as SplitEvent).source
          const place = `${position.padStart(12, '0')} ${index}`
          if (place <= (seen[partition] ?? '')) continue
          seen[partition] = place
          const key = record.key!
          const n = (counts[key] = (counts[key] ?? 0) + 1)
          const numbered: Numbered = { source: [batch.partition, `${record.position}`], key, n }
          scored.push({ key, value: toJson(numbered) })
        }
        return { scored }
      },
      snapshots: {
        version: '1',
        save: state => toJson(state),
        restore(_, bytes) {
          const { counts, seen } = JSON.parse(Buffer.from(bytes).toString()) as Partial<Counts>
          if (counts === undefined || seen === undefined)
            throw new Error('the bytes are not a state of the counter')
          return { counts, seen }
        },
      },
    },
  }),
}

function toJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

function fromJson({ value }: InputRecord): unknown {
  return JSON.parse(Buffer.from(value).toString())
}
