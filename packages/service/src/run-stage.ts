import type { Codec } from '@sluicebox/event/codec'
import { createLearn } from '@sluicebox/registry/streams/learn'
import type { Logger } from '@sluicebox/runtime/log'
import { drive } from '@sluicebox/stream/driver/drive'
import type { Observe, SnapshotPolicy } from '@sluicebox/stream/driver/options'
import type { Stage } from '@sluicebox/stream/driver/stage'
import type { Log } from '@sluicebox/stream/log'

export interface RunStageParts<State, Output extends string> {
  readonly log: Log
  readonly logger: Pick<Logger, 'info' | 'warn'>
  readonly signal: AbortSignal
  readonly stage: Stage<State, Output>
  readonly group: string
  /** The stream that is read. Each output is written to the stream of its name. */
  readonly input: string
  readonly outputs: readonly Output[]
  readonly config: { readonly batchRecordsMax: number; readonly batchBytesMax: number }
  readonly inputCodec: Codec<object>
  /**
   * The schema that a record of the input was written with, by its id; undefined when the registry does not hold it.
   * Rejects when the registry can't be reached: the partition waits. Without it no other schemas are known.
   */
  readonly fetchSchema: ((id: number) => Promise<string | undefined>) | undefined
  /** Receives the id of a schema that records reference and that is unusable: the stage sends those records to bad. */
  readonly absentSchemas: Set<number>
  readonly snapshots?: SnapshotPolicy
  /** Filled with the state of each partition for as long as this member owns it, for gauges over all of them. */
  readonly states?: Map<number, State>
  /** Called after each batch, for the stage's own metrics. `state` is the state of the partition. */
  readonly onBatch: (state: State, facts: { readonly processMs: number }) => void
  readonly onRestore?: (
    state: State | undefined,
    facts: Parameters<NonNullable<Observe<Output>['onRestore']>>[0],
  ) => void
  readonly onSnapshot?: Observe<Output>['onSnapshot']
  readonly onEnd?: Observe<Output>['onEnd']
}

/**
 * Drives a stage as a service does: keeps the state of each partition for its metrics, fetches the schemas that records were
 * written with, and logs what a partition waits for. Runs until `signal` aborts; rejects when a restart may help.
 */
export async function runStage<State, Output extends string>(
  parts: RunStageParts<State, Output>,
): Promise<void> {
  const { log, logger, signal, stage, group, input, config, inputCodec, fetchSchema, absentSchemas } = parts
  const states = parts.states ?? new Map<number, State>()

  function keep(partition: number, state: State): State {
    states.set(partition, state)
    return state
  }

  const { snapshots } = stage
  const streams = {} as Record<Output, string>
  for (const output of parts.outputs) streams[output] = output
  await drive<State, Output>({
    log,
    stage: {
      ...stage,
      start: partition => keep(partition, stage.start(partition)),
      ...(snapshots === undefined
        ? {}
        : {
            snapshots: {
              ...snapshots,
              restore: (partition, bytes) => keep(partition, snapshots.restore(partition, bytes)),
            },
          }),
    },
    group,
    input,
    outputs: streams,
    limits: { recordsMax: config.batchRecordsMax, bytesMax: config.batchBytesMax },
    signal,
    ...(parts.snapshots === undefined ? {} : { snapshots: parts.snapshots }),
    resolve: createLearn({
      codec: inputCodec,
      fetchSchema,
      onAbsent: (schemaId, why) => {
        absentSchemas.add(schemaId)
        logger.warn(
          { schemaId, why },
          `records in ${input} reference an unusable schema; sending them to bad`,
        )
      },
    }),
    observe: {
      onBatch({ partition, processMs }) {
        const state = states.get(partition)
        if (state !== undefined) parts.onBatch(state, { processMs })
      },
      onRestore: facts => parts.onRestore?.(states.get(facts.partition), facts),
      onUnresolved: ({ partition, refs, attempt, waitMs, error }) =>
        logger.warn(
          { partition, refs, attempt, waitMs, err: error },
          'a partition is waiting for something that could not be fetched; retrying',
        ),
      onSnapshot: facts => parts.onSnapshot?.(facts),
      onSnapshotProblem: ({ partition, error, waitMs }) =>
        logger.warn(
          { partition, err: error, waitMs },
          waitMs === undefined
            ? 'a snapshot could not be read or saved; the log replaces it'
            : 'a partition is waiting for its snapshot: the store can not be reached; retrying',
        ),
      onEnd(end) {
        states.delete(end.partition)
        parts.onEnd?.(end)
      },
    },
  })
}
