import { asCollectedTime } from '@sluicebox/event/instants'
import type { BadRecord } from '@sluicebox/event/records'
import type { InputRecord } from '@sluicebox/stream/log'

/** The bad record for bytes in good that are no record. Nothing is known of it but where it stands. */
export function undecodable(
  { key, value, position }: InputRecord,
  partition: number,
  why: string,
  processor: string,
): BadRecord {
  return {
    source_partition: partition,
    source_position: position.toString(),
    source_index: 0,
    reason: 'record_undecodable',
    message: `The record of the stream good can't be read: ${why}. It was not scored; find out what wrote it.`,
    errors: [why.slice(0, 500)],
    stage: 'scorer',
    processor,
    schema: null,
    original: value,
    original_format: 'body',
    collected_at: asCollectedTime(0),
    visitor: key ?? '',
    event_id: null,
    request_id: '',
    path: '',
    querystring: null,
    content_type: null,
    ip: null,
    user_agent: null,
    referer: null,
    hostname: null,
    network_user_id: null,
    headers: [],
    privacy: 'none',
    retry_of: null,
  }
}
