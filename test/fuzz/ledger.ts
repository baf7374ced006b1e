import { MARKER, type Shape } from './requests.ts'
import type { Answer } from './send.ts'

export interface RawLine {
  readonly kind: string
  readonly partition: number
  readonly position: string
  readonly request_id: string
  readonly visitor: string
  readonly querystring: string | null
}

export interface DerivedLine {
  readonly source_partition: number
  readonly source_position: string
  readonly source_index: number
}

export interface Findings {
  readonly accepted: number
  readonly raw: number
  readonly good: number
  readonly bad: number
  /** The numbers of the requests, or the places of the records. */
  readonly problems: readonly string[]
}

export interface Ledger {
  answered(number: number, shape: Shape, answer: Answer): void
  raw(line: RawLine): void
  derived(stream: 'good' | 'bad', line: DerivedLine): void
  findings(): Findings
}

const ACCEPTED = 1
const REFUSED = 2

/** What was answered to each request, held against what the streams have. */
export function createLedger(count: number): Ledger {
  const outcomes = new Uint8Array(count)
  const inRaw = new Map<number, { readonly request: string; readonly visitors: Set<string> }>()
  const places = new Map<string, number>()
  const derived = new Set<string>()
  const problems: string[] = []
  const counts = { raw: 0, good: 0, bad: 0 }
  return {
    answered(number: number, shape: Shape, answer: Answer): void {
      // The query of an anonymous visitor is stripped, and with it the number: such records are counted by their place only.
      if (shape.kind === 'bytes' || typeof answer !== 'number' || 'sp-anonymous' in shape.headers) return
      const isEvent = shape.method === 'POST' || shape.method === 'GET'
      if (answer === 200 && isEvent) outcomes[number] = ACCEPTED
      else if (answer >= 400 && answer < 500) outcomes[number] = REFUSED
    },
    raw(line: RawLine): void {
      if (line.kind === 'heartbeat') return
      counts.raw++
      places.set(`${line.partition}/${line.position}`, 0)
      const marker = new RegExp(`^${MARKER}=(\\d+)(&|$)`).exec(line.querystring ?? '')
      if (marker === null) return
      const number = Number(marker[1])
      const known = inRaw.get(number)
      if (known === undefined)
        return void inRaw.set(number, { request: line.request_id, visitors: new Set([line.visitor]) })
      // A request is split by visitor: its parts share their request id, and no two of them are of one visitor.
      if (known.request !== line.request_id || known.visitors.has(line.visitor))
        problems.push(`request ${number} is in raw twice`)
      known.visitors.add(line.visitor)
    },
    derived(stream: 'good' | 'bad', line: DerivedLine): void {
      counts[stream]++
      const place = `${line.source_partition}/${line.source_position}`
      const event = `${place}/${line.source_index}`
      if (derived.has(event)) problems.push(`event ${event} came out twice`)
      derived.add(event)
      const outcome = places.get(place)
      if (outcome === undefined) problems.push(`event ${event} of ${stream} comes from nothing in raw`)
      else places.set(place, outcome + 1)
    },
    findings(): Findings {
      for (const [place, events] of places)
        if (events === 0) problems.push(`nothing came out of ${place} of raw`)
      outcomes.forEach((outcome, number) => {
        if (outcome === ACCEPTED && !inRaw.has(number))
          problems.push(`request ${number} was accepted and is lost`)
        if (outcome === REFUSED && inRaw.has(number))
          problems.push(`request ${number} was refused and is in raw`)
      })
      const accepted = outcomes.reduce((sum, outcome) => sum + Number(outcome === ACCEPTED), 0)
      return { accepted, ...counts, problems }
    },
  }
}
