import type { IncomingMessage } from 'node:http'
import { gunzip } from 'node:zlib'
import type { Refusal } from './reply.ts'

export interface BodyLimits {
  readonly bodyBytesMax: number
  readonly decodedBytesMax: number
  readonly compressionRatioMax: number
}

export interface BodyParts {
  readonly limits: BodyLimits
  /** Counts bytes that are held from now on; false when there is no room for them. */
  readonly hold: (bytes: number) => boolean
  readonly pace: Pace
}

/** The connection ended before the request did: there is no client to answer. */
export const GONE = Symbol('gone')

/** A body this small, once decompressed, is harmless, whatever its ratio. */
const DECODED_BYTES_FREE = 16_384

/** Reads the body and decompresses it, or returns why not. Never holds more than the limits, whatever is sent. */
export async function readBody(
  req: IncomingMessage,
  { limits, hold, pace }: BodyParts,
): Promise<Buffer | Refusal | typeof GONE> {
  const encoding = req.headers['content-encoding']?.trim().toLowerCase()
  const isCompressed = encoding === 'gzip' || encoding === 'x-gzip'
  if (!isCompressed && encoding !== undefined && encoding !== '' && encoding !== 'identity')
    return {
      status: 415,
      error: 'content_encoding',
      message: `Bodies are taken as they are or compressed with gzip, not with ${encoding.slice(0, 100)}.`,
    }
  const announced = req.headers['content-length']
  if (announced !== undefined && Number(announced) > limits.bodyBytesMax) return tooLarge(limits.bodyBytesMax)

  const sent = await receive(req, { limits, hold, pace })
  if (!Buffer.isBuffer(sent) || sent.length === 0 || !(isCompressed || isGzip(sent))) return sent
  return decompress(sent, limits, hold)
}

/** Proxies drop the header that says so, and no JSON begins like this (RFC 1952, 2.3.1). */
const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

function receive(
  req: IncomingMessage,
  { limits, hold, pace }: BodyParts,
): Promise<Buffer | Refusal | typeof GONE> {
  return new Promise(resolve => {
    const chunks: Buffer[] = []
    let bytes = 0
    let isFinished = false
    const sender = pace.start(() => finish(tooSlow()))

    function finish(result: Buffer | Refusal | typeof GONE): void {
      if (isFinished) return
      isFinished = true
      pace.stop(sender)
      resolve(result)
    }
    function take(chunk: Buffer): void {
      // Chunks that come after a refusal are dropped.
      if (isFinished) return
      bytes += chunk.length
      sender.bytes = bytes
      if (bytes > limits.bodyBytesMax) finish(tooLarge(limits.bodyBytesMax))
      else if (hold(chunk.length)) chunks.push(chunk)
      else finish(full())
    }
    function end(): void {
      finish(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks))
    }
    function gone(): void {
      finish(GONE)
    }
    req.on('data', take)
    req.on('end', end)
    req.on('close', gone)
  })
}

function decompress(
  sent: Buffer,
  limits: BodyLimits,
  hold: (bytes: number) => boolean,
): Promise<Buffer | Refusal> {
  const { decodedBytesMax, compressionRatioMax } = limits
  const maxOutputLength = Math.min(
    decodedBytesMax,
    Math.max(DECODED_BYTES_FREE, sent.length * compressionRatioMax),
  )
  return new Promise(resolve => {
    gunzip(sent, { maxOutputLength }, (error, decoded) => {
      if (error === null) resolve(hold(decoded.length) ? decoded : full())
      else if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
        resolve({
          status: 413,
          error: 'decoded_body_too_large',
          message: `The body is larger than ${maxOutputLength} bytes once decompressed: at most ${decodedBytesMax} bytes, and ${compressionRatioMax} times its compressed size, are taken. Send fewer events at once.`,
          details: { decodedBytesMax, compressionRatioMax },
        })
      else
        resolve({
          status: 400,
          error: 'not_gzip',
          message: `The body is said to be gzip and can’t be decompressed: ${error.message}.`,
        })
    })
  })
}

function tooLarge(bodyBytesMax: number): Refusal {
  return {
    status: 413,
    error: 'body_too_large',
    message: `The body is larger than ${bodyBytesMax} bytes. Send fewer events at once.`,
    details: { bodyBytesMax },
  }
}

function full(): Refusal {
  return {
    status: 503,
    error: 'in_flight_bytes',
    message: 'Too much is in flight already. Send the same again a little later.',
  }
}

function tooSlow(): Refusal {
  return { status: 408, error: 'too_slow', message: 'The body came too slowly. Send it again.' }
}

export interface Sender {
  readonly startedAt: number
  bytes: number
  readonly giveUp: () => void
}

/** Finds senders that are slower than a rate: a body that comes byte by byte must not occupy memory for long. */
export interface Pace extends Disposable {
  start(giveUp: () => void): Sender
  stop(sender: Sender): void
  /** Gives up on all senders that are too slow by now. Runs every second. */
  check(): void
}

const PACE_GRACE_MS = 2_000
const PACE_CHECK_MS = 1_000

export function createPace(bytesPerSecondMin: number, now: () => number = () => performance.now()): Pace {
  const senders = new Set<Sender>()

  function check(): void {
    const at = now()
    for (const sender of senders) {
      const elapsedMs = at - sender.startedAt
      if (elapsedMs > PACE_GRACE_MS && (sender.bytes * 1_000) / elapsedMs < bytesPerSecondMin) sender.giveUp()
    }
  }
  const timer = setInterval(check, PACE_CHECK_MS)
  timer.unref()

  return {
    start(giveUp) {
      const sender: Sender = { startedAt: now(), bytes: 0, giveUp }
      senders.add(sender)
      return sender
    },
    stop(sender) {
      senders.delete(sender)
    },
    check,
    [Symbol.dispose]() {
      clearInterval(timer)
    },
  }
}
