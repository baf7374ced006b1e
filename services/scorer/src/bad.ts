import { blankBad } from '@sluicebox/event/blank'
import type { BadRecord } from '@sluicebox/event/records'
import type { InputRecord } from '@sluicebox/stream/log'

/** The bad record for bytes in good that are not a record. Only its place is known. */
export function undecodable(
  { key, value, position }: InputRecord,
  partition: number,
  why: string,
  processor: string,
): BadRecord {
  return blankBad({
    source_partition: partition,
    source_position: position.toString(),
    source_index: 0,
    reason: 'record_undecodable',
    message: `The record of the stream good can't be read: ${why}. It was not scored; find out what wrote it.`,
    errors: [why.slice(0, 500)],
    stage: 'scorer',
    processor,
    original: value,
    visitor: key ?? '',
  })
}
