import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '@sluicebox/event/random'
import type { History, Outcome } from '../checker/history.ts'
import { sessionRequests, type Request } from './requests.ts'

// Clients that behave as trackers do: a session's next events go once the last ones are accepted, and what was not
// answered for good is sent again, unchanged. Bounded in rate, in number and in time.

export interface LoadParts {
  /** Where the collectors are; a client goes from one to the next when one fails. */
  readonly urls: readonly string[]
  readonly history: History
  readonly random: Random
  readonly eventsPerSecond: number
  /** Of events that are wrong in themselves. */
  readonly wrongShare: number
  /** Sessions at the same time. */
  readonly clients: number
  /** The load ends by itself after so many. */
  readonly eventsMax: number
}

export interface Load {
  /** Events that were sent so far, answered or not. */
  readonly sent: number
  readonly accepted: number
  /** Requests that were answered 503 so far. */
  readonly unavailable: number
  /** Resolves when so many more events are accepted than now. Rejects when that takes too long. */
  more(events: number): Promise<void>
  /** Resolves when there are no more events to send, or `stop` was called, and everything under way is answered. */
  readonly done: Promise<void>
  /** Begins no more requests, and waits for those under way to be accepted. */
  stop(): Promise<void>
  /** The same without waiting to be accepted: nobody wants to know any more. */
  abandon(): Promise<void>
}

const EVENTS_PER_SESSION = 12
const VISITORS = 40
const LOOK_MS = 20
const MORE_WITHIN_MS = 40_000
/** How long a client waits for an answer. */
export const TIMEOUT_MS = 4_000
const RETRY_MS = 150
/** A request that is not answered for good by then is given up, which a finding will be made of. */
const GIVE_UP_MS = 60_000

export function startLoad(parts: LoadParts): Load {
  const { urls, history, random, eventsPerSecond, clients, eventsMax, wrongShare } = parts
  const stopping = new AbortController()
  const gapMs = (1000 * clients) / eventsPerSecond
  let sessions = 0
  let sent = 0
  let accepted = 0
  let unavailable = 0
  let isAbandoned = false

  async function client(number: number): Promise<void> {
    // Spread over the first gap, so that requests come evenly.
    await pause((gapMs * number) / clients)
    while (!stopping.signal.aborted && sent < eventsMax) {
      const events = 1 + random.below(2 * EVENTS_PER_SESSION)
      const shape = { number: ++sessions, events, visitors: VISITORS, wrongShare }
      for (const request of sessionRequests(shape, random)) {
        if (stopping.signal.aborted || sent >= eventsMax) return
        sent += request.events.length
        const begunAt = performance.now()
        await deliver(request, number)
        await pause(gapMs * request.events.length - (performance.now() - begunAt))
      }
    }
  }

  async function deliver(request: Request, number: number): Promise<void> {
    const { body, contentType, ...line } = request
    history.add({ kind: 'request', ...line })
    const giveUpAt = performance.now() + GIVE_UP_MS
    for (let attempt = number; performance.now() < giveUpAt && !isAbandoned; attempt++) {
      const at = Date.now()
      const begunAt = performance.now()
      const { outcome, status } = await send(urls[attempt % urls.length]!, body, contentType)
      const tookMs = Math.round(performance.now() - begunAt)
      history.add({ kind: 'attempt', request: request.request, at, tookMs, status, outcome })
      if (outcome === 'accepted') accepted += request.events.length
      if (status === 503) unavailable++
      if (outcome === 'accepted' || outcome === 'refused') return
      await sleep(RETRY_MS * (1 + random.next()))
    }
  }

  async function pause(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: stopping.signal }).catch(() => {})
  }

  async function stop(): Promise<void> {
    stopping.abort()
    await done
  }

  const done = Promise.all(Array.from({ length: clients }, (_, number) => client(number))).then(() => {})
  return {
    get sent() {
      return sent
    },
    get accepted() {
      return accepted
    },
    get unavailable() {
      return unavailable
    },
    done,
    async more(events) {
      const wanted = accepted + events
      const until = performance.now() + MORE_WITHIN_MS
      while (accepted < wanted) {
        if (performance.now() > until)
          throw new Error(`${events} more events were not accepted within ${MORE_WITHIN_MS / 1000} s`)
        await sleep(LOOK_MS)
      }
    },
    stop,
    async abandon() {
      isAbandoned = true
      await stop()
    },
  }
}

async function send(
  url: string,
  body: string,
  contentType: string,
): Promise<{ outcome: Outcome; status: number | null }> {
  try {
    const response = await fetch(`${url}/v1/events`, {
      method: 'POST',
      body,
      headers: { 'content-type': contentType },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    // An answer counts when it has come to its end.
    await response.arrayBuffer()
    return { outcome: outcomeOf(response.status), status: response.status }
  } catch (error) {
    return { outcome: isRefusedConnection(error) ? 'unsent' : 'ambiguous', status: null }
  }
}

function outcomeOf(status: number): Outcome {
  if (status >= 200 && status < 300) return 'accepted'
  return status >= 400 && status < 500 && status !== 408 && status !== 429 ? 'refused' : 'ambiguous'
}

function isRefusedConnection(error: unknown): boolean {
  const { cause } = error as { cause?: { code?: string } }
  return cause?.code === 'ECONNREFUSED'
}
