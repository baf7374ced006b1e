import type { SentEvent } from '@sluicebox/protocol/sent-event'
import type { Columns } from '../columns.ts'

/** How far the page was scrolled since the last ping, in pixels. */
export interface ScrollOffsets {
  readonly xMin: number | null
  readonly xMax: number | null
  readonly yMin: number | null
  readonly yMax: number | null
}

const NONE: ScrollOffsets = { xMin: null, xMax: null, yMin: null, yMax: null }

/**
 * The offsets of a page ping. The browser tracker leaves out those that are zero, so a missing offset is zero, and one
 * that can't be read is null.
 */
export function scrollOffsets(
  event: Pick<SentEvent, 'type' | 'claims' | 'scrollXMin' | 'scrollXMax' | 'scrollYMin' | 'scrollYMax'>,
): ScrollOffsets {
  if (event.type !== 'page_ping') return NONE
  const unsent = (key: string): 0 | null => ((event.claims[key] ?? '') === '' ? 0 : null)
  return {
    xMin: event.scrollXMin ?? unsent('pp_mix'),
    xMax: event.scrollXMax ?? unsent('pp_max'),
    yMin: event.scrollYMin ?? unsent('pp_miy'),
    yMax: event.scrollYMax ?? unsent('pp_may'),
  }
}

/** Sets the columns of a page ping. */
export function setScroll(
  good: Columns<'scroll_x_min' | 'scroll_x_max' | 'scroll_y_min' | 'scroll_y_max'>,
  { event }: { readonly event: Parameters<typeof scrollOffsets>[0] },
): void {
  const { xMin, xMax, yMin, yMax } = scrollOffsets(event)
  good.scroll_x_min = xMin
  good.scroll_x_max = xMax
  good.scroll_y_min = yMin
  good.scroll_y_max = yMax
}
