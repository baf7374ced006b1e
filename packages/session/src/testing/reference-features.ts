import type { SessionEvent } from '../session-event.ts'
import type { FeatureSpec, Where } from '../features/spec.ts'

// What features mean, written down as plainly as possible: from all events of a session at once.

/** An event that was folded, and when it counts as having happened. */
export interface Folded {
  readonly event: SessionEvent
  readonly at: number
}

/** The features of a session that consists of these events. */
export function referenceFeatures(
  specs: readonly FeatureSpec[],
  events: readonly Folded[],
  startedAt: number,
): number[] {
  return specs.map(spec => featureOf(spec, events, startedAt))
}

function featureOf(spec: FeatureSpec, all: readonly Folded[], startedAt: number): number {
  const events = 'where' in spec ? all.filter(({ event }) => passes(event, spec.where)) : all
  const last = all.at(-1)
  switch (spec.kind) {
    case 'count':
      return events.length
    case 'share':
      return all.length === 0 ? NaN : events.length / all.length
    case 'rate':
      return events.length / Math.max(1, ((last?.at ?? 0) - (all[0]?.at ?? 0)) / 60_000)
    case 'distinct':
      return Math.min(new Set(valuesOf(events, spec.of)).size, spec.max ?? 16)
    case 'revisits': {
      const kept = [...new Set(valuesOf(events, spec.of))].slice(0, spec.max ?? 16)
      const values = valuesOf(events, spec.of).filter(value => kept.includes(value))
      return values.length - kept.length
    }
    case 'entropy': {
      const values = valuesOf(events, spec.of)
      if (values.length === 0) return NaN
      const kept = [...new Set(values)].slice(0, spec.max ?? 16)
      const counts = [
        ...kept.map(value => values.filter(other => other === value).length),
        values.filter(value => !kept.includes(value)).length,
      ]
      return counts
        .filter(count => count > 0)
        .reduce((bits, count) => bits - (count / values.length) * Math.log2(count / values.length), 0)
    }
    case 'sum':
    case 'mean':
    case 'std':
    case 'min':
    case 'max':
    case 'first':
    case 'last':
      return statistic(spec.kind, numbersOf(events, spec.of))
    case 'elapsed':
      return last === undefined ? NaN : (last.at - all[0]!.at) / 1_000
    case 'time_since':
      return events.length === 0 ? NaN : (last!.at - events.at(-1)!.at) / 1_000
    case 'gap': {
      const gaps = events.slice(1).map(({ at }, i) => (at - events[i]!.at) / 1_000)
      return gaps.length === 0 ? NaN : statistic(spec.stat, gaps)
    }
    case 'dwell':
      return (
        all
          .slice(1)
          .map(({ at }, i) => (passes(all[i]!.event, spec.where) ? at - all[i]!.at : 0))
          .reduce((sum, ms) => sum + ms, 0) / 1_000
      )
    case 'first_touch':
      return coded(spec, events[0])
    case 'sequence':
      return coded(spec, events.at(-(spec.back ?? 1)))
    case 'transition':
      return events.filter(
        ({ event }, i) => event[spec.of] === spec.to && events[i - 1]?.event[spec.of] === spec.from,
      ).length
    case 'calendar': {
      const local = new Date(startedAt + (spec.utc_offset_minutes ?? 0) * 60_000)
      const weekday = local.getUTCDay() === 0 ? 7 : local.getUTCDay()
      if (spec.part === 'hour') return local.getUTCHours()
      return spec.part === 'weekday' ? weekday : Number(weekday > 5)
    }
  }
}

function passes(event: SessionEvent, where: Where = {}): boolean {
  return Object.entries(where).every(([field, asked]) => {
    const found = valueOf(event, field as keyof SessionEvent)
    const value = typeof found === 'boolean' ? String(found) : found
    const isThere = value !== null && !Number.isNaN(value)
    if (typeof asked === 'object' && 'exists' in asked) return isThere === asked.exists
    if (typeof asked === 'object' && 'not' in asked)
      return isThere && ![asked.not].flat().includes(value as string)
    return [asked].flat().includes(value as string)
  })
}

function valuesOf(events: readonly Folded[], field: keyof SessionEvent): unknown[] {
  return events.map(({ event }) => valueOf(event, field)).filter(value => value !== null)
}

/** An amount is that in the base currency, where the event has one. */
function valueOf(event: SessionEvent, field: keyof SessionEvent): unknown {
  if (event.base_currency === null) return event[field]
  return field === 'price' ? event.price_base : field === 'revenue' ? event.revenue_base : event[field]
}

function numbersOf(events: readonly Folded[], field: keyof SessionEvent): number[] {
  return valuesOf(events, field).filter(value => Number.isFinite(value)) as number[]
}

function statistic(kind: string, values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0)
  const mean = sum / values.length
  switch (kind) {
    case 'sum':
      return sum
    case 'mean':
      return mean
    case 'std':
      return Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length)
    case 'min':
      return values.length === 0 ? NaN : Math.min(...values)
    case 'max':
      return values.length === 0 ? NaN : Math.max(...values)
    case 'first':
      return values[0] ?? NaN
    default:
      return values.at(-1) ?? NaN
  }
}

function coded(
  spec: { of: keyof SessionEvent; is?: string | string[] | undefined; values?: string[] | undefined },
  folded: Folded | undefined,
): number {
  if (folded === undefined) return NaN
  const value = folded.event[spec.of] as string | null
  if (spec.values === undefined) return Number(value !== null && [spec.is].flat().includes(value))
  return value === null ? NaN : spec.values.indexOf(value) + 1
}
