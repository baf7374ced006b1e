import { html, type Html } from '@sluicebox/runtime/html'

// Charts as SVG attributes: the page's policy allows no style attributes.

const WIDTH = 120
const HEIGHT = 32

/** Draws counts as a small curve, the oldest first. Decoration only: the page shows the figures as text too. */
export function sparkline(counts: readonly number[]): Html {
  const most = Math.max(1, ...counts)
  const step = WIDTH / Math.max(1, counts.length - 1)
  const points = counts.map(
    (count, i) => `${round(i * step)},${round(HEIGHT - 1 - (count / most) * (HEIGHT - 3))}`,
  )
  return html`<svg
    class="spark"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    preserveAspectRatio="none"
    aria-hidden="true"
  >
    <polygon points="0,${HEIGHT} ${points.join(' ')} ${WIDTH},${HEIGHT}" />
    <polyline points="${points.join(' ')}" vector-effect="non-scaling-stroke" />
  </svg>`
}

/** Draws a bar that is `share` (0 to 1) full, with a mark at `threshold`. */
export function meter(share: number, threshold: number | null): Html {
  const width = round(100 * clamp(share))
  return html`<svg class="meter" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
    <rect class="track" width="100" height="8" rx="4" />
    <rect class="fill" width="${width}" height="8" rx="4" />
    ${threshold === null ? null : html`<rect class="mark" x="${round(100 * clamp(threshold) - 0.5)}" width="1" height="8" />`}
  </svg>`
}

/** Draws a bar to the right of the middle for a positive contribution, to the left for a negative one. */
export function signedBar(contribution: number, most: number): Html {
  const width = round(Math.min(1, Math.abs(contribution) / (most || 1)) * 49)
  const x = contribution < 0 ? 50 - width : 50
  return html`<svg
    class="signed ${contribution < 0 ? 'minus' : 'plus'}"
    viewBox="0 0 100 10"
    preserveAspectRatio="none"
    aria-hidden="true"
  >
    <rect class="axis" x="49.75" width="0.5" height="10" />
    <rect class="bar" x="${round(x)}" y="1" width="${width}" height="8" rx="1" />
  </svg>`
}

const clamp = (share: number): number => Math.min(1, Math.max(0, share))
const round = (number: number): number => Math.round(number * 100) / 100
