import type { ApiName, RequestHead } from './frames.ts'

/**
 * What happens to a request.
 * - `cut-request`: the connection ends, and the request has not reached the broker.
 * - `lose-answer`: the broker has done it and has answered; the connection ends in the place of the answer.
 * - `black-hole`: the connection stays open, and nothing passes on it any more, either way.
 * - `delay-request`, `delay-answer`: it comes later, and so does all that follows on the connection.
 * - `repeat`: the broker gets it twice; the second answer is dropped.
 * - `pass`: nothing. For `onStrike` alone.
 */
export type Effect =
  | { readonly kind: 'cut-request' | 'lose-answer' | 'black-hole' | 'repeat' | 'pass' }
  | { readonly kind: 'delay-request' | 'delay-answer'; readonly ms: number }

export interface Request extends RequestHead {
  /** Which of the brokers it is for. */
  readonly broker: number
  /** Whether this text stands anywhere in it: a topic, a group, a transactional id. */
  mentions(text: string): boolean
}

export interface Fault {
  /** The requests that it is aimed at; all without it. */
  readonly on?: ApiName | readonly ApiName[]
  readonly when?: (request: Request) => boolean
  readonly effect: Effect
  /** So many that fit pass before. */
  readonly skip?: number
  /** How often it strikes: once, unless given. */
  readonly times?: number
  /**
   * Called when it strikes and waited for: before the request is passed on, or, for `lose-answer` and `delay-answer`,
   * after the broker has answered. The instant to kill a process at.
   */
  readonly onStrike?: (request: Request) => void | Promise<void>
}

/** A fault that was given to a proxy. */
export interface Armed {
  readonly struck: number
  /** Resolves when it has struck as often as it will. */
  readonly done: Promise<void>
  /** Ends it early. */
  disarm(): void
}

export interface FaultScript {
  arm(fault: Fault): Armed
  /** The fault that strikes this request, if any. Counts. */
  next(request: Request): Fault | undefined
  disarmAll(): void
  /** How often faults have struck, by `<effect> <api>`. */
  counts(): Record<string, number>
}

interface Live {
  readonly fault: Fault
  left: number
  toSkip: number
  struck: number
  readonly done: PromiseWithResolvers<void>
}

export function createFaultScript(): FaultScript {
  const live = new Set<Live>()
  const counts = new Map<string, number>()

  function fits({ fault }: Live, request: Request): boolean {
    const { on, when } = fault
    const isAimedAt =
      on === undefined || (typeof on === 'string' ? on === request.api : on.some(api => api === request.api))
    return isAimedAt && (when === undefined || when(request))
  }

  return {
    arm(fault) {
      const armed: Live = {
        fault,
        left: fault.times ?? 1,
        toSkip: fault.skip ?? 0,
        struck: 0,
        done: Promise.withResolvers(),
      }
      live.add(armed)
      return {
        get struck() {
          return armed.struck
        },
        done: armed.done.promise,
        disarm: () => void live.delete(armed),
      }
    },
    next(request) {
      for (const armed of live) {
        if (!fits(armed, request)) continue
        if (armed.toSkip > 0) {
          armed.toSkip--
          continue
        }
        armed.struck++
        armed.left--
        const name = `${armed.fault.effect.kind} ${request.api ?? request.apiKey}`
        counts.set(name, (counts.get(name) ?? 0) + 1)
        if (armed.left <= 0) {
          live.delete(armed)
          armed.done.resolve()
        }
        return armed.fault
      }
      return undefined
    },
    disarmAll: () => live.clear(),
    counts: () => Object.fromEntries(counts),
  }
}
