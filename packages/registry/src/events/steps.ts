/** Steps that checking one event or entity may take: about 50 ms. What sites send takes some hundreds. */
export const STEPS_MAX = 1_000_000

/**
 * What is left of the steps of the check that is running. Checks never overlap, and a compiled validator has no other
 * way to a value of its caller's.
 */
export const steps = { left: STEPS_MAX }

/** A check takes too many steps. */
export class OutOfSteps extends Error {}

/** Takes steps from what is left. Throws `OutOfSteps` when nothing is. */
export function spend(count: number): void {
  steps.left -= count
  if (steps.left < 0) throw new OutOfSteps()
}
