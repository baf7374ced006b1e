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
 * Fetches what a stage lacks, and retries with increasing waits until it has it: after a fetch that failed, and after
 * one whose result did not help the stage. Each batch has a resolver of its own.
 */
export interface Resolver {
  /** Resolves with true when the stage can be called again, and with false when `signal` aborted first. */
  resolve(unresolved: Unresolved, signal: AbortSignal): Promise<boolean>
}

export function createResolver({ resolve, backoff, world, onWait }: ResolverParts): Resolver {
  let attempt = 0
  let before = ''

  /** Returns why the fetch failed; undefined when it worked, or when `signal` aborted first. */
  async function fetchAll(refs: readonly string[], signal: AbortSignal): Promise<Error | undefined> {
    const fetched = resolve!(refs).then(
      () => undefined,
      (error: Error) => error,
    )
    // A server that never answers must not delay the shutdown.
    return unlessAborted(fetched, signal)
  }

  return {
    async resolve(unresolved, signal) {
      const { refs } = unresolved
      if (resolve === undefined)
        throw new Error(
          `The stage needs ${refs.join(', ')}, but the driver has no \`resolve\` to fetch it with. Pass one to drive().`,
          { cause: unresolved },
        )
      // The stage lacks the same again: what was fetched did not help.
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
