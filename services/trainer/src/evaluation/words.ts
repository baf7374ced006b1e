import type { Measure } from './measures.ts'
import type { Estimate } from './roc.ts'
import type { MomentName } from './rows.ts'

// How figures are put into words, the same in the terminal, the report and the card.

/** What the measures are called. */
export const MEASURE_TITLES: Readonly<Record<Measure, string>> = {
  roc_auc: 'ROC AUC',
  pr_auc: 'PR AUC',
  brier: 'Brier',
  log_loss: 'log loss',
  calibration_error: 'calibration error',
  precision: 'precision',
  recall: 'recall',
  lift: 'lift',
  positive_rate: 'positive rate',
}

/** The title of a scoring moment. */
export function momentTitle(moment: MomentName): string {
  if (moment === 'pooled') return 'all moments'
  if (moment === 'last') return 'last moment'
  const events = moment.slice('after_'.length)
  return events === '1' ? 'after 1 event' : `after ${events} events`
}

/** A figure with enough digits to compare, and no more than the rows support. */
export function figure(value: number | null): string {
  if (value === null) return '–'
  const size = Math.abs(value)
  if (size !== 0 && size < 0.0005) return value.toExponential(1)
  return size >= 100
    ? value.toFixed(0)
    : size >= 10
      ? value.toFixed(1)
      : size >= 2
        ? value.toFixed(2)
        : value.toFixed(3)
}

/** The value with its interval: 0.752 (0.731–0.772). */
export function withInterval({ value, low, high }: Estimate): string {
  return low === null || high === null ? figure(value) : `${figure(value)} (${figure(low)}–${figure(high)})`
}

/** A whole number with thousands apart. */
export function whole(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, ' ')
}

/** A share in percent. */
export function percent(share: number | null): string {
  if (share === null) return '–'
  const points = share * 100
  return `${points >= 10 ? points.toFixed(0) : points >= 1 ? points.toFixed(1) : points.toFixed(2)} %`
}

/** From when to when, to the minute, in UTC. */
export function timeSpan(from: string | null, to: string | null): string {
  const short = (instant: string | null) => (instant === null ? '?' : instant.slice(0, 16).replace('T', ' '))
  return from === null && to === null ? 'not known' : `${short(from)} to ${short(to)} UTC`
}

/** Begins with a capital letter. */
export function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}

/** Ends with a full stop, and with one only. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
