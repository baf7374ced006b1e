import type { Unresolved } from './stage.ts'
import { unlessAborted } from '../aborted.ts'
import { backoffMs, type Backoff } from '../backoff.ts'
import type { World } from './world.ts'

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
    const fetched = resolve!(refs).then(
      () => undefined,
      (error: Error) => error,
    )
    // A server that never answers must not hold up the shutdown.
    return unlessAborted(fetched, signal)
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
        const waitMs = backoffMs(attempt++, backoff, world.random())
        onWait(refs, attempt, waitMs, failure)
        await world.wait(waitMs, signal)
        failure = undefined
      }
      return false
    },
  }
}
