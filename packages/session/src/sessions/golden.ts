import type { GoodRecord } from '@sluicebox/event/records'
import { compileFeatures } from '../features/features.ts'
import { SESSION_POLICY } from './policy.ts'
import type { SessionEvent } from '../session-event.ts'
import { createSessions } from './sessions.ts'
import { parseFeatures } from '../features/spec.ts'

/**
 * The features at each update of a recorded session, as the scorer computes them with the default session policy.
 * What a recorded event does not say is missing. `features` are declarations as they were read.
 */
export function replayGolden(
  events: readonly Partial<GoodRecord>[],
  { features, goal }: { features: unknown; goal: string },
): Float64Array[] {
  const program = compileFeatures(parseFeatures(features))
  const sessions = createSessions({ policy: { ...SESSION_POLICY, goal }, program })
  const rows: Float64Array[] = []
  for (const event of events)
    sessions.advance({ ...NOTHING, ...event } as SessionEvent, moment => {
      if (moment.kind === 'update') rows.push(moment.features.slice())
    })
  return rows
}

const NOTHING: Omit<SessionEvent, 'collected_at' | 'event_time'> = {
  kind: 'event',
  created_at: null,
  visitor: '',
  event_id: '',
  session_id: null,
  session_index: null,
  action: 'custom',
  page_kind: 'other',
  product_id: null,
  category: null,
  price: null,
  quantity: null,
  revenue: null,
  search_term: null,
  page_path: null,
  referrer_medium: null,
  referrer_source: null,
  mkt_medium: null,
  mkt_source: null,
  mkt_campaign: null,
  browser_name: null,
  os_name: null,
  device_type: null,
  is_bot: false,
  language: null,
  timezone: null,
  viewport_width: null,
  viewport_height: null,
  scroll_y_max: null,
  event_name: '',
  app_id: null,
  platform: null,
  event_data: null,
  simulated: false,
}
