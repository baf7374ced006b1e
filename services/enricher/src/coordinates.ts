import { hash } from 'node:crypto'

/** The source of a record: a record of raw, and the index of this record among those made from it. */
export interface Coordinates {
  readonly partition: number
  /** Decimal. */
  readonly position: string
  readonly index: number
}

/** As `retry_of` has it: partition/position/index. */
export function formatCoordinates({ partition, position, index }: Coordinates): string {
  return `${partition}/${position}/${index}`
}

const COORDINATES = /^(\d{1,9})\/(\d{1,40})\/(\d{1,9})$/

/** Undefined when the text has another form. */
export function parseCoordinates(text: string): Coordinates | undefined {
  const match = COORDINATES.exec(text)
  if (match === null) return undefined
  return { partition: Number(match[1]), position: match[2] as string, index: Number(match[3]) }
}

/**
 * The coordinates of an event when it first arrived. An event that is sent again after a repair keeps them, so its id
 * is the same as in a first pass, no matter how often it is sent.
 */
export function firstCoordinates(own: Coordinates, retryOf: string | null): Coordinates {
  const repaired = retryOf === null ? undefined : parseCoordinates(retryOf)
  return repaired === undefined ? own : { ...repaired, index: repaired.index + own.index }
}

/** An id in the form of a UUID (version 8), always the same for the same coordinates. */
export function eventIdOf(coordinates: Coordinates): string {
  return uuidOf(hash('sha256', `event ${formatCoordinates(coordinates)}`, 'hex'))
}

/** Hexadecimal digits of a hash in the form of a UUID, version 8. */
export function uuidOf(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
