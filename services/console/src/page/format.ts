/** 0.4, 12, 1,250, 12.5k */
export function rate(perSecond: number): string {
  if (perSecond === 0) return '0'
  if (perSecond < 10) return perSecond.toFixed(1)
  return perSecond < 10_000 ? group(Math.round(perSecond)) : `${(perSecond / 1000).toFixed(1)}k`
}

/** 12, 1,250, 12.5k, 3.1M */
export function count(total: number): string {
  if (total < 10_000) return group(total)
  return total < 1_000_000 ? `${(total / 1000).toFixed(1)}k` : `${(total / 1_000_000).toFixed(1)}M`
}

/** 73 %, 0.4 %: small odds keep a digit, since most sessions have small ones. */
export function percent(probability: number): string {
  const points = probability * 100
  const digits = points >= 9.95 || points === 0 ? 0 : points >= 0.1 ? 1 : 2
  return `${points.toFixed(digits)}\u202f%`
}

/** +0.42, −1.30 */
export function signed(contribution: number): string {
  return `${contribution < 0 ? '−' : '+'}${Math.abs(contribution).toFixed(2)}`
}

/** The value of a feature in few characters. */
export function value(given: number | null): string {
  if (given === null) return 'missing'
  if (Number.isInteger(given)) return group(given)
  return Math.abs(given) >= 100 ? given.toFixed(0) : String(Number(given.toPrecision(3)))
}

/** 12 ms, 1.4 s */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** `3 s ago`; from one day on the date, since recordings keep their own time. */
export function ago(ms: number, now: number): string {
  const age = now - ms
  if (age < 1000) return 'now'
  if (age < MINUTE_MS) return `${Math.floor(age / 1000)} s ago`
  if (age < HOUR_MS) return `${Math.floor(age / MINUTE_MS)} min ago`
  if (age < DAY_MS) return `${Math.floor(age / HOUR_MS)} h ago`
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
}

function group(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',')
}
