import { createCompiling, type Compiling, type Reader } from './compiling.ts'
import { compileCount, compileRate, compileShare, countCell, latestCell } from './kinds/counts.ts'
import { compileNumber } from './kinds/numbers.ts'
import { compileFirstTouch, compileSequence, compileTransition } from './kinds/paths.ts'
import { compileDistinct, compileEntropy, compileRevisits } from './kinds/sets.ts'
import { compileCalendar, compileDwell, compileElapsed, compileGap, compileTimeSince } from './kinds/times.ts'
import type { SessionEvent } from '../session-event.ts'
import type { Cells } from '../memory/slots.ts'
import { featureHash, FeatureError, type FeatureSpec } from './spec.ts'

/**
 * A list of features, ready to run. A session's state is `bytes` bytes of cells, all zero at first; the events before
 * the goal are folded into it one by one, and the features can be read after each.
 */
export interface FeatureProgram {
  readonly names: readonly string[]
  /** The hash of the declarations: the same for everyone who compiles the same list. */
  readonly hash: string
  /** A multiple of eight. */
  readonly bytes: number
  /**
   * Adds an event to the cells that begin at byte `at`. `offsetMs` is how long after the session's first event it
   * happened: at least what it was for the event before.
   */
  fold(cells: Cells, at: number, event: SessionEvent, offsetMs: number): void
  /** The features in the order of the list; NaN where one is missing. `startedAt`: event time of the first event. */
  read(cells: Cells, at: number, startedAt: number, out: Float64Array): void
  /** How many events were folded. */
  eventCount(cells: Cells, at: number): number
}

/** Cells of one session may take this much: a million sessions then fit into a machine's memory. */
const SESSION_BYTES_MAX = 4_096

/** Compiles what `parseFeatures` has checked. Throws a `FeatureError` when the features need too much memory. */
export function compileFeatures(specs: readonly FeatureSpec[]): FeatureProgram {
  const compiling = createCompiling()
  // Every program counts its events, and knows when the latest was.
  const count = countCell(compiling, undefined)
  const latest = latestCell(compiling, undefined)
  const readers = specs.map(spec => compileOne(spec, compiling))
  const { now, bytes, run } = compiling.finish()
  if (bytes > SESSION_BYTES_MAX)
    throw new FeatureError([
      `the features need ${bytes} bytes for each session, more than ${SESSION_BYTES_MAX}: lower "max" of distinct, revisits and entropy, or take fewer features`,
    ])

  return {
    names: specs.map(spec => spec.name),
    hash: featureHash(specs),
    bytes,
    fold(cells, at, event, offsetMs) {
      const before = cells.u32[(at >> 2) + latest.index]! - 1
      now.event = event
      now.offsetMs = offsetMs
      now.gapMs = before < 0 ? 0 : offsetMs - before
      run(cells, at)
    },
    read(cells, at, startedAt, out) {
      for (let i = 0; i < readers.length; i++) out[i] = readers[i]!(cells, at, startedAt)
    },
    eventCount: (cells, at) => cells.u16[(at >> 1) + count.index]!,
  }
}

function compileOne(spec: FeatureSpec, compiling: Compiling): Reader {
  switch (spec.kind) {
    case 'count':
      return compileCount(spec, compiling)
    case 'share':
      return compileShare(spec, compiling)
    case 'rate':
      return compileRate(spec, compiling)
    case 'distinct':
      return compileDistinct(spec, compiling)
    case 'revisits':
      return compileRevisits(spec, compiling)
    case 'entropy':
      return compileEntropy(spec, compiling)
    case 'sum':
    case 'mean':
    case 'std':
    case 'min':
    case 'max':
    case 'first':
    case 'last':
      return compileNumber(spec, compiling)
    case 'elapsed':
      return compileElapsed(spec, compiling)
    case 'time_since':
      return compileTimeSince(spec, compiling)
    case 'gap':
      return compileGap(spec, compiling)
    case 'dwell':
      return compileDwell(spec, compiling)
    case 'first_touch':
      return compileFirstTouch(spec, compiling)
    case 'sequence':
      return compileSequence(spec, compiling)
    case 'transition':
      return compileTransition(spec, compiling)
    case 'calendar':
      return compileCalendar(spec)
  }
}
