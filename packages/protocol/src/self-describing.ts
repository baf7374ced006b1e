import type { BadReason } from './reasons.ts'
import { isFit } from './fit.ts'
import { fromBase64 } from './ids.ts'
import { parseJson } from './json-text.ts'
import { addFault, blame, isObject, note, show, type SelfDescribing, type SentEvent } from './sent-event.ts'
import { dropMember, MINOR_MEMBERS, V1_SCHEMA } from './v1.ts'

/** A fault of data against its schema. */
export interface SchemaError {
  /** JSON pointer to its place. */
  readonly path: string
  readonly keyword: string
  readonly message: string
}

/** What the enricher needs to know about schemas. */
export interface EventSchemas {
  /** Returns undefined when the schema certainly does not exist. */
  validator(ref: string): ((data: unknown) => readonly SchemaError[]) | undefined
  /**
   * The newest known schema of the same name and model as `ref`, which is not known itself; undefined if there is none.
   */
  newest?(ref: string): string | undefined
}

/** What happens to a part that no known schema covers: it is kept as sent and noted, or the event is bad. */
export interface UnknownSchemas {
  /** An entity whose schema is not known, or whose data violates a known one. */
  readonly entity: 'keep' | 'refuse'
  /**
   * A part whose schema has a higher revision or addition than any known one; it is checked against the newest known
   * one.
   */
  readonly version: 'keep' | 'refuse'
  /** The event's own data, whose schema is not known. Data that violates a known schema is always refused. */
  readonly event: 'keep' | 'refuse'
}

export interface EntityLimits {
  readonly unknownSchemas: UnknownSchemas
  readonly depthMax: number
  readonly entitiesMax: number
}

// A REVISION or an ADDITION of a wrapper holds the same data.
const EVENT_WRAPPER = 'iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-'
const CONTEXTS_WRAPPER = 'iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-'
// A vendor does not begin with a dot, so that no request to a registry has a path that leads upwards.
const REFERENCE = /^iglu:(?!\.)[\w.-]{1,128}\/[\w-]{1,128}\/jsonschema\/\d{1,6}-\d{1,6}-\d{1,6}$/

/**
 * Parses and validates the self-describing event and every entity of `event`, and notes their faults. A
 * validator may throw `Unresolved`, which passes through.
 */
export function readSelfDescribing(event: SentEvent, schemas: EventSchemas, limits: EntityLimits): void {
  if (event.type === 'unstruct' && event.event === null) readEvent(event, limits)
  if (event.event !== null) validate(event, event.event, schemas, limits, eventPlace(event), -1)
  if (event.contextsText === null && event.contextsBase64 === null) return
  const entities: SelfDescribing[] = []
  const unvalidated: SelfDescribing[] = []
  const found = { entities, unvalidated }
  if (event.contextsText !== null) addEntities(event, 'co', event.contextsText, found, schemas, limits)
  const decoded = fromBase64(event.contextsBase64)
  if (decoded !== null) addEntities(event, 'cx', decoded, found, schemas, limits)
  event.entities = entities
  if (unvalidated.length > 0) event.unvalidated = unvalidated
}

function eventPlace(event: SentEvent): string {
  if (event.type === 'action') return ''
  if (event.eventText !== null) return 'ue_pr.data'
  return event.eventBase64 === null ? 'data' : 'ue_px.data'
}

function readEvent(event: SentEvent, limits: EntityLimits): void {
  const place = event.eventText === null ? 'ue_px' : 'ue_pr'
  const text = event.eventText ?? fromBase64(event.eventBase64)
  if (text === null) {
    blame(event, 'field_missing', 'ue_pr', 'is missing: a self-describing event (e=ue) needs ue_pr or ue_px')
    return
  }
  const data = parseWrapper(event, place, text, EVENT_WRAPPER, limits)
  if (data !== undefined && isSelfDescribing(event, data, `${place}.data`)) event.event = data
}

function addEntities(
  event: SentEvent,
  place: string,
  text: string,
  { entities, unvalidated }: { entities: SelfDescribing[]; unvalidated: SelfDescribing[] },
  schemas: EventSchemas,
  limits: EntityLimits,
): void {
  const data = parseWrapper(event, place, text, CONTEXTS_WRAPPER, limits)
  if (data === undefined) return
  if (!Array.isArray(data)) {
    blame(event, 'not_self_describing', `${place}.data`, `must be an array of entities, not ${show(data)}`)
    return
  }
  if (data.length + entities.length + unvalidated.length > limits.entitiesMax) {
    const text = `has ${data.length} entities; ${limits.entitiesMax} are allowed`
    blame(event, 'not_self_describing', `${place}.data`, text)
    return
  }
  for (let index = 0; index < data.length; index++) {
    const entity: unknown = data[index]
    // The place is composed only for a fault, because most entities have none.
    if (isEntity(entity)) {
      if (validate(event, entity, schemas, limits, place, index)) entities.push(entity)
      else unvalidated.push(entity)
    } else if (limits.unknownSchemas.entity === 'refuse')
      isSelfDescribing(event, entity, `${place}.data[${index}]`)
    else {
      const isKept = isObject(entity) && typeof entity['schema'] === 'string'
      if (isKept) unvalidated.push(entity as unknown as SelfDescribing)
      const text = `is not an entity with the reference of a schema; ${isKept ? 'kept unvalidated' : 'left out'}`
      note(event, 'entity', `${place}.data[${index}]`, text)
    }
  }
}

/**
 * Returns the data of the wrapper around an event or the entities. Notes a fault and returns undefined when it is not
 * such a wrapper.
 */
function parseWrapper(
  event: SentEvent,
  place: string,
  text: string,
  wrapperPrefix: string,
  limits: EntityLimits,
): unknown {
  const wrapper = parseJson(text)
  if (wrapper === undefined) {
    blame(event, 'not_json', place, 'is not JSON')
    return undefined
  }
  if (!isObject(wrapper) || typeof wrapper['schema'] !== 'string' || wrapper['data'] === undefined) {
    blame(event, 'not_self_describing', place, 'must be an object with schema and data')
    return undefined
  }
  if (!wrapper['schema'].startsWith(wrapperPrefix)) {
    blame(
      event,
      'not_self_describing',
      `${place}.schema`,
      `must be ${wrapperPrefix}*, not ${show(wrapper['schema'])}`,
    )
    return undefined
  }
  return isFit(event, wrapper['data'], place, limits.depthMax) ? wrapper['data'] : undefined
}

function isEntity(value: unknown): value is SelfDescribing {
  return (
    isObject(value) &&
    typeof value['schema'] === 'string' &&
    value['data'] !== undefined &&
    REFERENCE.test(value['schema'])
  )
}

/** Whether `value` is {schema, data} with a reference that can name a schema. Notes a fault if it is not. */
export function isSelfDescribing(event: SentEvent, value: unknown, place: string): value is SelfDescribing {
  if (isEntity(value)) return true
  if (!isObject(value) || typeof value['schema'] !== 'string' || value['data'] === undefined)
    blame(event, 'not_self_describing', place, 'must be an object with schema and data')
  else
    blame(
      event,
      'not_self_describing',
      `${place}.schema`,
      `must be a reference such as iglu:com.example/name/jsonschema/1-0-0, not ${show(value['schema'])}`,
    )
  return false
}

/** Whether a schema covers the data. Otherwise notes a remark or a fault. */
function validate(
  event: SentEvent,
  { schema, data }: SelfDescribing,
  schemas: EventSchemas,
  limits: EntityLimits,
  place: string,
  index: number,
): boolean {
  const { unknownSchemas } = limits
  const errors = schemas.validator(schema)?.(data)
  const [error] = errors ?? NONE
  if (errors !== undefined && error === undefined) return true
  if (error !== undefined && event.type === 'action' && index < 0) {
    const rest = withoutMember(event, data, error)
    if (rest !== undefined) return validate(event, rest, schemas, limits, place, index)
  }
  const where = index < 0 ? place : `${place}.data[${index}]`
  const isEntity = index >= 0
  if (errors === undefined) {
    const newest = schemas.newest?.(schema)
    if (newest !== undefined && unknownSchemas.version === 'keep') {
      const faults = schemas.validator(newest)?.(data) ?? []
      note(
        event,
        'version',
        where,
        `${schema} is not among the schemas; ${faults.length === 0 ? 'it fits' : 'it does not fit'} ${newest}`,
      )
      return faults.length === 0
    }
    if ((isEntity ? unknownSchemas.entity : unknownSchemas.event) === 'keep')
      note(
        event,
        isEntity ? 'entity' : 'event',
        where,
        `${schema} is not among the schemas; kept unvalidated`,
      )
    else blame(event, 'schema_unknown', where, `${schema} is not among the schemas`, schema)
    return false
  }
  if (isEntity && unknownSchemas.entity === 'keep') {
    const [first] = errors
    note(event, 'entity', where, `does not fit ${schema}: ${first!.path} ${first!.message}; kept unvalidated`)
    return false
  }
  for (const error of errors)
    blame(event, reasonOf(schema, error), `${where}${error.path}`, error.message, schema)
  return false
}

const NONE: readonly SchemaError[] = []

/**
 * Returns an event of /v1/events without the faulty member if the fault is minor; else undefined. A validator stops at
 * the first fault, so the caller repeats this.
 */
function withoutMember(event: SentEvent, data: unknown, error: SchemaError): SelfDescribing | undefined {
  const drop = MINOR_MEMBERS.get(error.path)
  if (drop === undefined) return undefined
  const { path, message } = error
  addFault(event, { reason: reasonOf(V1_SCHEMA, error), place: path, text: message, isMinor: true })
  const rest = { schema: V1_SCHEMA, data: dropMember(data, path) }
  event.event = rest
  drop(event, rest.data)
  return rest
}

/**
 * Events of /v1/events have fields, like those of the tracker protocol. For other events the fault is the one that the
 * schema reports.
 */
function reasonOf(schema: string, error: SchemaError): BadReason {
  if (schema !== V1_SCHEMA) return 'schema_violation'
  switch (error.keyword) {
    case 'required':
      return 'field_missing'
    case 'additionalProperties':
      return 'field_unknown'
    case 'maxLength':
      return error.path === '/action' ? 'action_invalid' : 'field_too_long'
    default:
      return error.path === '/action' ? 'action_invalid' : 'field_invalid'
  }
}
