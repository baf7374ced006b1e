import type { Unresolved } from './stage.ts'
import type { Backoff, World } from './world.ts'

export interface ResolverParts {
  readonly resolve: ((refs: readonly string[]) => Promise<void>) | undefined
  readonly backoff: Backoff
  readonly world: World
  readonly onWait: (
    refs: readonly string[],
    attempt: number,
    waitMs: number,
    error: Error | undefined,
  ) => void
}

/**
 * Gets what a stage was missing, for as long as it takes: what can't be reached is fetched again, ever more
 * slowly, and what was fetched but is still missing too. Each batch has a resolver of its own.
 */
export interface Resolver {
  /** Resolves when it is worth calling the stage again; with false when `signal` aborted first. */
  resolve(unresolved: Unresolved, signal: AbortSignal): Promise<boolean>
}

export function createResolver({ resolve, backoff, world, onWait }: ResolverParts): Resolver {
  let attempt = 0
  let before = ''

  /** Answers why it failed. */
  async function fetchAll(refs: readonly string[], signal: AbortSignal): Promise<Error | undefined> {
    const stopped = new AbortController()
    const fetched = resolve!(refs).then(
      () => undefined,
      (error: Error) => error,
    )
    // A server that never answers must not hold up the shutdown.
    const failure = await Promise.race([fetched, aborted(AbortSignal.any([signal, stopped.signal]))])
    stopped.abort()
    return failure
  }

  return {
    async resolve(unresolved, signal) {
      const { refs } = unresolved
      if (resolve === undefined)
        throw new Error(
          `The stage needs ${refs.join(', ')}, and the driver was given nothing to get it from.`,
          {
            cause: unresolved,
          },
        )
      // Asked for the same again: what came did not help.
      const asked = [...refs].sort().join('\n')
      let failure: Error | undefined = asked === before ? unresolved : undefined
      before = asked
      while (!signal.aborted) {
        failure ??= await fetchAll(refs, signal)
        if (failure === undefined) return !signal.aborted
        const limitMs = Math.min(backoff.maxMs, backoff.firstMs * 2 ** attempt)
        attempt++
        // Half of it by chance, so that the partitions of all workers do not ask at the same instants.
        const waitMs = limitMs * (0.5 + world.random() / 2)
        onWait(refs, attempt, waitMs, failure)
        await world.wait(waitMs, signal)
        failure = undefined
      }
      return false
    },
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise(resolve => {
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}
