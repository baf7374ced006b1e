/** Steps that checking one event or entity may take: about 50 ms. What sites send takes some hundreds. */
export const STEPS_MAX = 1_000_000

/**
 * The steps that are left to the running check. It is a module variable because checks never overlap, and a compiled
 * validator can't reach a variable of its caller.
 */
export const steps = { left: STEPS_MAX }

/** A check takes too many steps. */
export class OutOfSteps extends Error {}

/** Takes steps from those that are left. Throws `OutOfSteps` when there are too few. */
export function spend(count: number): void {
  steps.left -= count
  if (steps.left < 0) throw new OutOfSteps()
}
