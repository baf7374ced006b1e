import type { RequestLine, SentEvent } from '../checker/history.ts'
import type { Random } from '@sluicebox/event/random'

/** A request as a client sends it, again and again until it is answered for good. */
export interface Request extends Omit<RequestLine, 'kind'> {
  readonly body: string
  readonly contentType: string
}

const EVENTS_PER_REQUEST_MAX = 3
const PRODUCTS = 40
const ACTIONS = ['page_view', 'product_view', 'product_view', 'list_view', 'search', 'add_to_cart']

export interface SessionShape {
  /** Of events that are wrong in themselves. */
  readonly wrongShare: number
  readonly number: number
  readonly events: number
  /** How many visitors there are: a visitor's sessions come one after another. */
  readonly visitors: number
}

/**
 * The requests of one session, in order, one event per line. Some events are wrong in themselves and some lines are no
 * JSON: these belong in bad. Some requests are such that the collector has to refuse them.
 */
export function* sessionRequests(
  { number, events, visitors, wrongShare }: SessionShape,
  random: Random,
): Generator<Request> {
  const session = `s${number}`
  const visitor = `v${number % visitors}`
  for (let next = 1, part = 0; next <= events; part++) {
    const count = Math.min(1 + random.below(EVENTS_PER_REQUEST_MAX), events - next + 1)
    const lines = Array.from({ length: count }, (_, index) => {
      const isLast = next + index === events
      const goal = isLast && number % 4 === 0 ? 'transaction' : undefined
      return eventLine({ id: `${session}-e${next + index}`, session, visitor, goal, wrongShare }, random)
    })
    const isRefused = random.chance(0.03)
    yield {
      ...{ request: `${session}-r${part}`, session },
      events: lines.map(({ event }) => event),
      body: lines.map(({ text }) => text).join('\n'),
      contentType: isRefused ? 'text/xml' : 'application/x-ndjson',
    }
    next += count
  }
}

interface EventShape {
  readonly id: string
  readonly session: string
  readonly visitor: string
  readonly goal: string | undefined
  readonly wrongShare: number
}

function eventLine(
  { id, session, visitor, goal, wrongShare }: EventShape,
  random: Random,
): { event: SentEvent; text: string } {
  const head = `{"event_id":"${id}","visitor_id":"${visitor}","session_id":"${session}"`
  const wrong = random.next()
  if (wrong < 0.4 * wrongShare) return { event: { id, expect: 'bad' }, text: `${head},"action": ` }
  if (wrong < wrongShare) return { event: { id, expect: 'bad' }, text: `${head},"action":7}` }
  const action = goal ?? random.pick(ACTIONS)
  const product = { id: `p${random.below(PRODUCTS)}`, price: 5 + random.below(100) }
  return {
    event: { id, expect: 'good' },
    text: `${head},"action":"${action}","product":${JSON.stringify(product)}}`,
  }
}
