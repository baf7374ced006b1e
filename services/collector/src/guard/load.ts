import { getHeapStatistics } from 'node:v8'

export interface LoadOptions {
  readonly inFlightRequestsMax: number
  readonly inFlightBytesMax: number
  readonly eventLoopDelayMsMax: number
  readonly heapRatioMax: number
  /** Monotonic milliseconds. */
  readonly now?: () => number
  /** Share of the heap limit that is in use. */
  readonly heapRatio?: () => number
}

export type Overload = 'in_flight_requests' | 'in_flight_bytes' | 'event_loop_delay' | 'heap'

export interface Load extends Disposable {
  /** Why nothing more can be taken now; undefined when it can. */
  overload(): Overload | undefined
  /** Counts bytes that are held; false, and not counted, when they are too many. */
  hold(bytes: number): boolean
  release(bytes: number): void
  enter(): void
  leave(): void
  readonly requests: number
  readonly bytes: number
}

const SAMPLE_MS = 250

/** Counts what is held in memory and watches event loop and heap, so that work is refused before it piles up. */
export function createLoad({
  inFlightRequestsMax,
  inFlightBytesMax,
  eventLoopDelayMsMax,
  heapRatioMax,
  now = () => performance.now(),
  heapRatio = usedHeap,
}: LoadOptions): Load {
  let requests = 0
  let bytes = 0
  let isHeapFull = false
  let sampledAt = now()
  let delayMs = 0

  const timer = setInterval(() => {
    const at = now()
    delayMs = Math.max(0, at - sampledAt - SAMPLE_MS)
    sampledAt = at
    isHeapFull = heapRatio() > heapRatioMax
  }, SAMPLE_MS)
  timer.unref()

  return {
    overload() {
      if (requests >= inFlightRequestsMax) return 'in_flight_requests'
      if (bytes >= inFlightBytesMax) return 'in_flight_bytes'
      if (isHeapFull) return 'heap'
      if (eventLoopDelayMsMax > 0) {
        // After a long stall requests are read before the timer has run: its silence says as much as its lateness.
        const silentMs = now() - sampledAt - SAMPLE_MS
        if (Math.max(delayMs, silentMs) > eventLoopDelayMsMax) return 'event_loop_delay'
      }
      return undefined
    },
    hold(more) {
      if (bytes + more > inFlightBytesMax) return false
      bytes += more
      return true
    },
    release(fewer) {
      bytes -= fewer
    },
    enter() {
      requests++
    },
    leave() {
      requests--
    },
    get requests() {
      return requests
    },
    get bytes() {
      return bytes
    },
    [Symbol.dispose]() {
      clearInterval(timer)
    },
  }
}

function usedHeap(): number {
  const heap = getHeapStatistics()
  return heap.used_heap_size / heap.heap_size_limit
}
