import type { SessionEvent } from '@sluicebox/session/session-event'
import type { SourceObject } from './info.ts'

/** Events of one partition, in the order of its log; heartbeats may be among them. */
export interface EventBatch {
  readonly partition: number
  readonly events: readonly SessionEvent[]
}

/** Where events come from: the archive replayed through the enricher, or good records as they are. */
export interface EventSource {
  /** All events from the start, in the same order each time that it is called. */
  batches(): AsyncIterable<EventBatch>
  /** Describes the source, with the credit that its licence asks for. */
  readonly description: string
  /** What was read, once `batches` has come to its end. */
  objects(): readonly SourceObject[]
}
