// Every reason for which the enricher refuses a payload or an event. The codes are a promise: they are labels of a
// metric and what people filter by, so one is never renamed, and a new one gets a line in this table.

export interface ReasonEntry {
  /** Whether the whole request is refused, or one event of it. */
  readonly scope: 'payload' | 'event'
  /** When this happens: a clause that can follow "Refused because". */
  readonly when: string
  /** What to do about it: a sentence. */
  readonly remedy: string
}

const RETRY = 'then send it again with `sluicebox bad retry`'

export const REASONS = {
  record_undecodable: {
    scope: 'payload',
    when: 'the record in raw is not what its schema says, or names a schema that the registry does not hold',
    remedy:
      'A program other than a collector writes to this stream, or a schema was deleted: find the writer. The bytes are kept, but cannot be sent again.',
  },
  path_unsupported: {
    scope: 'payload',
    when: 'no known protocol is served at the path of the request',
    remedy: `Let the tracker post to /com.snowplowanalytics.snowplow/tp2 or /v1/events, or name the path in \`enricher.paths\`, ${RETRY}.`,
  },
  content_type_unsupported: {
    scope: 'payload',
    when: 'the content type of the request is not the one that the protocol at this path uses',
    remedy: `Send application/json; charset=utf-8, or correct the content type, ${RETRY}.`,
  },
  payload_undecodable: {
    scope: 'payload',
    when: 'the body is not text in UTF-8',
    remedy: `Let the client encode the body as UTF-8, or edit the body, ${RETRY}.`,
  },
  query_undecodable: {
    scope: 'payload',
    when: 'the query string is not percent-encoded UTF-8',
    remedy: `Let the client encode every value (encodeURIComponent), or edit the query string, ${RETRY}.`,
  },
  payload_not_json: {
    scope: 'payload',
    when: 'the body is not JSON',
    remedy: `The body was cut off or put together by hand: correct the client, or edit the body, ${RETRY}.`,
  },
  payload_invalid: {
    scope: 'payload',
    when: 'the body is JSON, but not of the shape that holds events',
    remedy: `For tp2 it is {"schema": "iglu:…/payload_data/jsonschema/1-0-4", "data": [event, …]}, for /v1/events an object or an array of objects. Edit the body, ${RETRY}.`,
  },
  payload_schema_unknown: {
    scope: 'payload',
    when: 'the envelope of the body names another schema than payload_data 1-*-*',
    remedy: `Only payload_data holds tracker events: correct the client, or edit the body, ${RETRY}.`,
  },
  payload_empty: {
    scope: 'payload',
    when: 'the request holds no event',
    remedy: 'Nothing is lost. If it comes often, find the client that sends requests without events.',
  },
  events_too_many: {
    scope: 'payload',
    when: 'the body holds more events than one request may',
    remedy: `Let the client send smaller batches, or raise \`enricher.eventsMax\`, ${RETRY}.`,
  },
  event_not_object: {
    scope: 'event',
    when: 'an item of the batch is not a JSON object',
    remedy: `Correct the client, or edit the event, ${RETRY}.`,
  },
  field_missing: {
    scope: 'event',
    when: 'the event lacks a field that it needs',
    remedy: `Set the field in the tracker, or add it to the event, ${RETRY}.`,
  },
  field_unknown: {
    scope: 'event',
    when: 'the event has a field that its protocol does not know',
    remedy: `Correct the name, or put what is your own into an entity (tp2) or under "properties" (/v1/events), ${RETRY}.`,
  },
  field_invalid: {
    scope: 'event',
    when: 'a field of the event does not have the form that it must have',
    remedy: `Correct the tracker, or edit the event, ${RETRY}.`,
  },
  field_too_long: {
    scope: 'event',
    when: 'a field of the event is longer than allowed',
    remedy: `Nothing is cut off silently: shorten the value in the tracker, or edit the event, ${RETRY}.`,
  },
  action_invalid: {
    scope: 'event',
    when: 'the action is not a usable name: 1 to 128 letters, digits, spaces and . - _',
    remedy: `Rename the action in the client, or edit the event, ${RETRY}.`,
  },
  not_json: {
    scope: 'event',
    when: 'a part of the event that must be JSON is not',
    remedy: `Correct the tracker, or edit the event, ${RETRY}.`,
  },
  not_self_describing: {
    scope: 'event',
    when: 'a self-describing event or an entity is not {"schema": "iglu:vendor/name/jsonschema/1-0-0", "data": …} in its wrapper',
    remedy: `Correct the call in the site's code, or edit the event, ${RETRY}.`,
  },
  nested_too_deep: {
    scope: 'event',
    when: 'the data of the event is nested deeper than allowed',
    remedy: `Flatten the data in the site's code, or edit the event, ${RETRY}.`,
  },
  schema_unknown: {
    scope: 'event',
    when: 'no folder of schemas holds the schema that the event names',
    remedy: `Put the schema into a folder of \`enricher.schemaDirs\` (or correct its name and version in the site's code), ${RETRY}.`,
  },
  schema_violation: {
    scope: 'event',
    when: 'the event or one of its entities does not fit its schema',
    remedy: `Correct the site's code, or publish a version of the schema that allows it, ${RETRY}.`,
  },
  too_large: {
    scope: 'event',
    when: 'the event is too large for the stream once it is enriched',
    remedy: `Send less with one event, or raise \`enricher.goodBytesMax\` together with the limit of the log, ${RETRY}.`,
  },
  enrichment_failed: {
    scope: 'event',
    when: 'the enricher itself failed on this event',
    remedy: `This is a fault of Sluicebox, not of the event: please report it with the message. After an update, ${RETRY.replace('then ', '')}.`,
  },
} as const satisfies Readonly<Record<string, ReasonEntry>>

/** Why a payload or an event is bad: a stable code. */
export type BadReason = keyof typeof REASONS
