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

/** The offsets of a page ping. The browser tracker leaves out those that are zero, so what is missing is zero. */
export function scrollOffsets(
  event: Pick<SentEvent, 'type' | 'scrollXMin' | 'scrollXMax' | 'scrollYMin' | 'scrollYMax'>,
): ScrollOffsets {
  if (event.type !== 'page_ping') return NONE
  return {
    xMin: event.scrollXMin ?? 0,
    xMax: event.scrollXMax ?? 0,
    yMin: event.scrollYMin ?? 0,
    yMax: event.scrollYMax ?? 0,
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
