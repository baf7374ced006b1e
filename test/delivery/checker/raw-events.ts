import type { Stored } from './streams.ts'

/** An event as it is in a raw record, at the place that good and bad name as its source. */
export interface RawEvent {
  /** `partition/position/index`. */
  readonly source: string
  /** Undefined for a heartbeat, and for a record that can't be read. */
  readonly id: string | undefined
  /** Whose bytes are not a record, or a time mark of the collector. */
  readonly kind: 'event' | 'heartbeat' | 'unreadable'
  readonly record: Stored
}

const EVENT_ID = /"event_id":"([^"]*)"/

/**
 * The events of raw records. The clients of these tests send one event per line, so that no parser of the product is
 * needed to know what is in a body; a line that is not JSON is an event too.
 */
export function rawEvents(records: readonly Stored[]): RawEvent[] {
  return records.flatMap((record): RawEvent[] => {
    const source = (index: number): string => `${record.partition}/${record.position}/${index}`
    const { fields } = record
    if (fields === undefined) return [{ source: source(0), id: undefined, kind: 'unreadable', record }]
    if (fields['kind'] === 'heartbeat')
      return [{ source: source(0), id: undefined, kind: 'heartbeat', record }]
    const lines = ((fields['body'] as Buffer | null) ?? Buffer.alloc(0))
      .toString()
      .split('\n')
      .filter(line => line.trim() !== '')
    return lines.map((line, index) => ({
      ...{ source: source(index), kind: 'event', record },
      id: EVENT_ID.exec(line)?.[1],
    }))
  })
}
