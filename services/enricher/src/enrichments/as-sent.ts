import type { SentEvent } from '@sluicebox/protocol/sent-event'
import type { Columns } from './columns.ts'

type SentColumns =
  | 'app_id'
  | 'platform'
  | 'tracker'
  | 'tracker_namespace'
  | 'event_data'
  | 'language'
  | 'timezone'
  | 'viewport_width'
  | 'viewport_height'
  | 'screen_width'
  | 'screen_height'
  | 'document_width'
  | 'document_height'
  | 'struct_category'
  | 'struct_action'
  | 'struct_label'
  | 'struct_property'
  | 'struct_value'
  | 'simulated'
  | 'notes'

const NO_NOTES: readonly string[] = []

/** Sets the columns that are written as the client sent them, once they are read and checked. */
export function setSent(good: Columns<SentColumns>, { event }: { readonly event: SentEvent }): void {
  good.app_id = event.appId
  good.platform = event.platform
  good.tracker = event.tracker
  good.tracker_namespace = event.trackerNamespace
  good.event_data = dataText(event)
  good.language = event.language
  good.timezone = event.timezone
  good.viewport_width = event.viewportWidth
  good.viewport_height = event.viewportHeight
  good.screen_width = event.screenWidth
  good.screen_height = event.screenHeight
  good.document_width = event.documentWidth
  good.document_height = event.documentHeight
  good.struct_category = event.structCategory
  good.struct_action = event.structAction
  good.struct_label = event.structLabel
  good.struct_property = event.structProperty
  good.struct_value = event.structValue
  good.simulated = event.simulated
  good.notes = event.notes?.map(({ text }) => text) ?? NO_NOTES
}

function dataText(event: SentEvent): string | null {
  if (event.type === 'action') return event.properties === null ? null : JSON.stringify(event.properties)
  return event.type === 'unstruct' && event.event !== null ? JSON.stringify(event.event.data) : null
}
