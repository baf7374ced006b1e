/** Prices and revenues beyond this are mistakes, in every protocol; one of them would ruin every mean that a model learns from. */
export const AMOUNT_MAX = 1_000_000_000_000
export const QUANTITY_MAX = 1_000_000_000

/** An amount as it may be kept; null for one that is negative or beyond `max`. */
export function boundedAmount(value: number | null | undefined, max: number): number | null {
  return typeof value === 'number' && value >= 0 && value <= max ? value : null
}
