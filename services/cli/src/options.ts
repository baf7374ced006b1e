import { InvalidArgumentError } from 'commander'
import type { Place } from './inspect/bad-records.ts'

/** The command line asks for what is not possible: the command ends with 2. */
export class UsageError extends Error {}

/** Parses an option's number and says which numbers it may be. */
export function numberOption({ min, max }: { min?: number; max?: number }): (text: string) => number {
  return text => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('it must be a number.')
    if (min !== undefined && value < min) throw new InvalidArgumentError(`it must be at least ${min}.`)
    if (max !== undefined && value > max) throw new InvalidArgumentError(`it must be at most ${max}.`)
    return value
  }
}

/** Parses an option's whole number and says which numbers it may be. */
export function wholeNumberOption(limits: { min?: number; max?: number }): (text: string) => number {
  const parse = numberOption(limits)
  return text => {
    const value = parse(text)
    if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('it must be a whole number.')
    return value
  }
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Parses a duration such as 10m, 90s or 24h into milliseconds. */
export function durationOption(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? []
  if (amount === undefined || unit === undefined)
    throw new InvalidArgumentError('it must be a number with a unit: 500ms, 90s, 10m, 24h, 7d.')
  return Number(amount) * (UNITS[unit] as number)
}

/** Parses `60x` or `max` into a factor; Infinity for max. */
export function speedOption(text: string): number {
  if (text === 'max') return Infinity
  const [, factor] = /^(\d+(?:\.\d+)?)x$/.exec(text) ?? []
  if (factor === undefined || Number(factor) <= 0)
    throw new InvalidArgumentError('it must be a factor such as 60x, or max.')
  return Number(factor)
}

/** Parses a place such as 0/17: partition and position. */
export function placeArgument(text: string): Place {
  const [, partition, position] = /^(\d{1,9})\/(\d{1,18})$/.exec(text) ?? []
  if (partition === undefined || position === undefined)
    throw new InvalidArgumentError(
      'it must be partition/position, such as 0/17; "sluicebox bad ls" shows them.',
    )
  return { partition: Number(partition), position: BigInt(position) }
}

/** Aborts on Ctrl-C or SIGTERM, for commands that continue until then. */
export function untilInterrupted(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort())
  return controller.signal
}
