import type { GoodRecord } from '@sluicebox/event/records'
import { compileFeatures } from '../features/features.ts'
import { SESSION_POLICY } from './policy.ts'
import { blankSessionEvent } from '../session-event.ts'
import { createSessions } from './sessions.ts'
import { parseFeatures } from '../features/spec.ts'

/**
 * The features at each update of a recorded session, as the scorer computes them with the default session policy.
 * Fields that a recorded event does not have are missing. `features` are declarations as they were read.
 */
export function replayGolden(
  events: readonly Partial<GoodRecord>[],
  { features, goal }: { features: unknown; goal: string },
): Float64Array[] {
  const program = compileFeatures(parseFeatures(features))
  const sessions = createSessions({ policy: { ...SESSION_POLICY, goal }, program })
  const rows: Float64Array[] = []
  for (const event of events)
    sessions.advance(blankSessionEvent(event), moment => {
      if (moment.kind === 'update') rows.push(moment.features.slice())
    })
  return rows
}
