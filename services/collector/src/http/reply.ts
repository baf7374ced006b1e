/** An HTTP response as a value. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

/** Why a request is refused: a stable code for metrics and programs, a sentence for people. */
export interface Refusal {
  readonly status: number
  readonly error: string
  readonly message: string
  /** Further facts about the refusal, such as the place or the size. */
  readonly details?: Readonly<Record<string, string | number>>
  readonly retryAfterSeconds?: number
}

export function isRefusal(value: object): value is Refusal {
  return 'error' in value && 'status' in value
}

const PIXEL = Buffer.from('R0lGODlhAQABAPAAAP///wAAACH5BAUAAAAALAAAAAABAAEAAAICRAEAOw==', 'base64')

const OK_HEADERS = { 'content-type': 'text/plain', 'content-length': '2' }
const PIXEL_HEADERS = {
  'content-type': 'image/gif',
  'content-length': String(PIXEL.length),
  'cache-control': 'no-cache, no-store, must-revalidate',
}

type Headers = Readonly<Record<string, string>>
const NONE: Headers = {}

export function ok(extra: Headers = NONE): Reply {
  return { status: 200, headers: { ...OK_HEADERS, ...extra }, body: 'ok' }
}

/** The transparent image of one pixel that answers an event sent by GET. */
export function pixel(extra: Headers = NONE): Reply {
  return { status: 200, headers: { ...PIXEL_HEADERS, ...extra }, body: PIXEL }
}

export function text(body: string, extra: Headers = NONE, status = 200): Reply {
  return {
    status,
    headers: { 'content-type': 'text/plain', 'content-length': String(Buffer.byteLength(body)), ...extra },
    body,
  }
}

export function json(value: unknown, extra: Headers = NONE, status = 200): Reply {
  const body = `${JSON.stringify(value)}\n`
  return {
    status,
    headers: {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'cache-control': 'no-store',
      ...extra,
    },
    body,
  }
}

export function refuse(
  { status, error, message, details, retryAfterSeconds }: Refusal,
  extra: Headers = NONE,
): Reply {
  return json(
    { error, message, ...details },
    {
      ...extra,
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    },
    status,
  )
}

/** Trackers drop their events after 400, 401, 403, 410 and 422, and send them again after any other failure. */
const TRACKERS_GIVE_UP_ON = new Set([400, 401, 403, 410, 422])

/** The refusal as trackers need it: a final status becomes 422, or they would send the same events forever. */
export function forTrackers(refusal: Refusal): Refusal {
  const isFinal = refusal.status < 500 && refusal.status !== 408 && refusal.status !== 429
  return isFinal && !TRACKERS_GIVE_UP_ON.has(refusal.status) ? { ...refusal, status: 422 } : refusal
}
