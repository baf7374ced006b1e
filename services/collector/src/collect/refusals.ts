import type { Refusal } from '../http/reply.ts'

// The answers to a request of which nothing is stored.

export function wrongContentType(contentType: string): Refusal {
  return {
    status: 415,
    error: 'content_type',
    message: `Events are JSON, not ${contentType.slice(0, 100)}. Send them as application/json or application/x-ndjson.`,
  }
}

export function tooManyEvents(count: number, eventsMax: number): Refusal {
  return {
    status: 413,
    error: 'too_many_events',
    message: `The request holds ${count} events; at most ${eventsMax} are taken at once. Nothing was stored: send them in several requests.`,
    details: { count, eventsMax },
  }
}

export function unreadable(): Refusal {
  return {
    status: 422,
    error: 'unreadable_anonymous',
    message:
      'The request asks for anonymity, but not all of its body can be read, so that identifiers can’t be stripped from it. Nothing was stored.',
  }
}
