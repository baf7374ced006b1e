import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs } from '@sluicebox/stream/backoff'

const BACKOFF = { firstMs: 200, maxMs: 5_000 }

export interface SenderParts {
  /** Address of the collector: http://host:port */
  readonly to: string
  readonly eventsMax?: number
  readonly inFlightMax?: number
  readonly attemptsMax?: number
  readonly fetch?: typeof globalThis.fetch
  readonly wait?: (ms: number) => Promise<void>
  readonly random?: () => number
}

export interface SenderCounts {
  accepted: number
  /** Stored by the collector, but bound for `bad`. */
  bad: number
  requests: number
  retries: number
}

export interface Sender {
  readonly counts: SenderCounts
  /** Takes one event as JSON text; waits while too many requests are in flight. */
  send(json: string): Promise<void>
  /** Sends the events that are still held; resolves when the collector has acknowledged all. */
  flush(): Promise<void>
}

// Events that bring no user agent of their own must not look like those of a bot.
const HEADERS = { 'content-type': 'application/x-ndjson', 'user-agent': 'Mozilla/5.0 (Sluicebox send)' }

/**
 * Creates a sender that posts events to /v1/events as a patient client does: in order, in batches that form while a
 * request is in flight. It retries after 503, 429 or a broken connection, and waits as Retry-After says. Rejects when the
 * collector refuses the events, or does not take them within `attemptsMax` attempts.
 */
export function createSender({
  to,
  eventsMax = 50,
  inFlightMax = 4,
  attemptsMax = 8,
  fetch = globalThis.fetch,
  wait = ms => sleep(ms),
  random = Math.random,
}: SenderParts): Sender {
  const url = new URL('/v1/events', to)
  const counts: SenderCounts = { accepted: 0, bad: 0, requests: 0, retries: 0 }
  const inFlight = new Set<Promise<void>>()
  let held: string[] = []
  let failure: unknown

  async function post(body: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      counts.requests++
      const outcome = await fetch(url, {
        method: 'POST',
        body,
        headers: HEADERS,
      }).then(
        async response => ({ response, text: await response.text() }),
        (error: unknown) => ({ error }),
      )
      if ('response' in outcome && outcome.response.ok) {
        const answer = JSON.parse(outcome.text) as { accepted: number; bad: number }
        counts.accepted += answer.accepted
        counts.bad += answer.bad
        return
      }
      const isPassing =
        'error' in outcome || outcome.response.status === 503 || outcome.response.status === 429
      const why =
        'error' in outcome
          ? describe(outcome.error)
          : `${outcome.response.status} ${outcome.text.slice(0, 300)}`
      if (!isPassing) throw new Error(`${url.href} refused the events: ${why}`)
      if (attempt === attemptsMax)
        throw new Error(`${url.href} did not take the events after ${attempt} attempts: ${why}`)
      counts.retries++
      const retryAfter = 'response' in outcome ? Number(outcome.response.headers.get('retry-after')) : NaN
      await wait(retryAfter > 0 ? retryAfter * 1000 : backoffMs(attempt - 1, BACKOFF, random()))
    }
  }

  function start(): void {
    const body = held.join('\n')
    held = []
    const request: Promise<void> = post(body)
      .catch((error: unknown) => {
        failure ??= error
      })
      .finally(() => inFlight.delete(request))
    inFlight.add(request)
  }

  async function room(): Promise<void> {
    while (inFlight.size >= inFlightMax) await Promise.race(inFlight)
    if (failure !== undefined) throw failure as Error
  }

  return {
    counts,
    async send(json) {
      held.push(json)
      if (held.length >= eventsMax) {
        await room()
        start()
      } else if (inFlight.size < inFlightMax) {
        // Waits one turn, so that events sent in a burst share a request.
        await Promise.resolve()
        if (held.length > 0 && inFlight.size === 0) start()
      }
      if (failure !== undefined) throw failure as Error
    },
    async flush() {
      while (held.length > 0 || inFlight.size > 0) {
        if (held.length > 0) {
          await room()
          start()
        } else await Promise.race(inFlight)
      }
      if (failure !== undefined) throw failure as Error
    },
  }
}

function describe(error: unknown): string {
  const cause = (error as Error).cause
  return cause instanceof Error ? `${(error as Error).message}: ${cause.message}` : String(error)
}
