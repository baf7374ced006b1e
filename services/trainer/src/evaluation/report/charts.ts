import type { CalibrationBin } from '../calibration-bins.ts'
import type { MomentQuality, ScoreHistogram } from '../evaluate.ts'
import { html, type Html } from '@sluicebox/runtime/html'
import type { Point } from '../roc.ts'
import { figure, momentTitle, percent, whole, withInterval } from '../words.ts'

// Charts as SVG without scripts. Colours come from the page's style, so that one chart serves light, dark and print.

const WIDTH = 460
const HEIGHT = 380
const MARGIN = { top: 12, right: 14, bottom: 46, left: 60 }

type Scale = (value: number) => number

interface Axis {
  readonly label: string
  readonly from: number
  readonly to: number
  readonly ticks: readonly number[]
  readonly format: (value: number) => string
}

interface Frame {
  readonly x: Scale
  readonly y: Scale
  readonly axes: Html
}

/** One line of a chart; `kind` is the class that colours it. */
export interface Series {
  readonly kind: string
  readonly title: string
  readonly points: readonly Point[]
}

/** ROC or precision-recall curves; `reference` is the curve of random scores. */
export function curveChart(
  series: readonly Series[],
  chart: { label: string; xLabel: string; yLabel: string; reference: readonly Point[] },
): Html {
  const { x, y, axes } = frame(shareAxis(chart.xLabel), shareAxis(chart.yLabel))
  const path = (points: readonly Point[]) =>
    points.map((point, i) => `${i === 0 ? 'M' : 'L'}${round(x(point.x))} ${round(y(point.y))}`).join('')
  return svg(
    chart.label,
    html`${axes}<path class="reference" d="${path(chart.reference)}" />${series.map(
        ({ kind, title, points }) =>
          html`<path class="curve ${kind}" d="${path(points)}"><title>${title}</title></path>`,
      )}`,
  )
}

/** Predicted probability against the share that came true, each bin with its interval. On the line both are equal. */
export function calibrationChart(bins: readonly CalibrationBin[]): Html {
  const to = niceTop(Math.max(0.01, ...bins.map(bin => Math.max(bin.predicted, bin.high))))
  const axis = (label: string): Axis => ({ label, from: 0, to, ticks: ticks(0, to, 5), format: percentTick })
  const { x, y, axes } = frame(axis('mean probability'), axis('share that reached the goal'))
  const middles = bins.map(bin => `${round(x(bin.predicted))},${round(y(bin.observed))}`).join(' ')
  return svg(
    'Calibration: probability against the share that came true',
    html`${axes}<path class="reference" d="M${x(0)} ${y(0)}L${x(to)} ${y(to)}" />
      <polyline class="curve pooled thin" points="${middles}" />${bins.map(bin => {
        const at = round(x(bin.predicted))
        return html`<line
            class="whisker"
            x1="${at}"
            x2="${at}"
            y1="${round(y(bin.low))}"
            y2="${round(y(bin.high))}"
          />
          <circle class="dot" cx="${at}" cy="${round(y(bin.observed))}" r="4">
            <title>
              ${whole(bin.rows)} rows: ${percent(bin.predicted)} said, ${percent(bin.observed)} came true
              (${percent(bin.low)}–${percent(bin.high)})
            </title>
          </circle>`
      })}`,
  )
}

/** The distribution of scores for each outcome; the shares of an outcome add up to 1. */
export function histogramChart({ edges, positives, negatives, thresholdScore }: ScoreHistogram): Html {
  const from = edges[0]!
  const to = edges.at(-1)!
  const top = niceTop(Math.max(...positives, ...negatives))
  const { x, y, axes } = frame(
    { label: 'raw score', from, to, ticks: ticks(from, to, 6), format: tickText },
    { label: 'share of the rows', from: 0, to: top, ticks: ticks(0, top, 5), format: percentTick },
  )
  const outline = (shares: readonly number[]) =>
    `M${round(x(from))} ${y(0)}` +
    shares.map((share, i) => `V${round(y(share))}H${round(x(edges[i + 1]!))}`).join('') +
    `V${y(0)}Z`
  const isThresholdInside = thresholdScore !== null && thresholdScore >= from && thresholdScore <= to
  const at = isThresholdInside ? round(x(thresholdScore)) : 0
  const isLeft = at > WIDTH * 0.7
  return svg(
    'Histogram of raw scores by outcome',
    html`${axes}<path class="bars negative" d="${outline(negatives)}"
        ><title>did not reach the goal</title></path
      >
      <path class="bars positive" d="${outline(positives)}"><title>reached the goal</title></path>${
        isThresholdInside
          ? html`<line class="threshold" x1="${at}" x2="${at}" y1="${y(top)}" y2="${y(0)}" />
              <text
                class="note"
                x="${isLeft ? at - 5 : at + 5}"
                y="${y(top) + 12}"
                text-anchor="${isLeft ? 'end' : 'start'}"
                >threshold</text
              >`
          : undefined
      }`,
  )
}

/** ROC AUC by scoring moment, with intervals. */
export function momentsChart(moments: readonly MomentQuality[]): Html {
  const known = moments.filter(({ measures }) => measures.roc_auc.value !== null)
  const lows = known.map(({ measures }) => measures.roc_auc.low ?? measures.roc_auc.value!)
  const from = Math.max(0, Math.floor(Math.min(0.5, ...lows) * 10) / 10)
  const rowHeight = 34
  const height = MARGIN.top + known.length * rowHeight + MARGIN.bottom
  const left = 140
  const right = 180
  const { axes, x } = frame(
    { label: 'ROC AUC', from, to: 1, ticks: ticks(from, 1, 6), format: tickText },
    { label: '', from: 0, to: 1, ticks: [], format: tickText },
    { width: 760, height, left, right },
  )
  const rows = known.map(({ moment, measures }, i) => {
    const { value, low, high } = measures.roc_auc
    const y = MARGIN.top + (i + 0.5) * rowHeight
    return html`<text class="row" x="${left - 10}" y="${y + 4}" text-anchor="end"
        >${momentTitle(moment)}</text
      >
      <line
        class="whisker ${moment}"
        x1="${round(x(low ?? value!))}"
        x2="${round(x(high ?? value!))}"
        y1="${y}"
        y2="${y}"
      />
      <circle class="dot ${moment}" cx="${round(x(value!))}" cy="${y}" r="4.5" />
      <text class="row value" x="${760 - right + 12}" y="${y + 4}">${withInterval(measures.roc_auc)}</text>`
  })
  const chance = round(x(0.5))
  return svg(
    'ROC AUC by scoring moment',
    html`${axes}<line
        class="reference"
        x1="${chance}"
        x2="${chance}"
        y1="${MARGIN.top}"
        y2="${height - MARGIN.bottom}"
      />
      <text class="note" x="${chance + 5}" y="${MARGIN.top + 10}">chance</text>${rows}`,
    { width: 760, height },
  )
}

/** Bars for the features that move the score most. */
export function importanceChart(
  importance: readonly { feature: string; mean_contribution: number; gain: number | null }[],
): Html {
  const rowHeight = 24
  const left = 300
  const right = 70
  const height = importance.length * rowHeight + 8
  const top = Math.max(...importance.map(({ mean_contribution }) => mean_contribution)) || 1
  const width = 760 - left - right
  return svg(
    'Feature importance',
    html`${importance.map(({ feature, mean_contribution, gain }, i) => {
      const y = i * rowHeight + 4
      const length = round((mean_contribution / top) * width)
      return html`<text class="row" x="${left - 10}" y="${y + 14}" text-anchor="end"
          >${shorten(feature)}<title>${feature}</title></text
        >
        <rect
          class="bar"
          x="${left}"
          y="${y + 2}"
          width="${Math.max(1, length)}"
          height="${rowHeight - 8}"
          rx="2"
        >
          <title>
            ${feature}: ${figure(mean_contribution)}${gain === null ? '' : `, gain ${figure(gain)}`}
          </title>
        </rect>
        <text class="row value" x="${left + length + 8}" y="${y + 14}">${figure(mean_contribution)}</text>`
    })}`,
    { width: 760, height },
  )
}

function svg(label: string, content: Html, { width = WIDTH, height = HEIGHT } = {}): Html {
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">${content}</svg>`
}

function frame(
  xAxis: Axis,
  yAxis: Axis,
  { width = WIDTH, height = HEIGHT, left = MARGIN.left, right = MARGIN.right } = {},
): Frame {
  const bottom = height - MARGIN.bottom
  const x: Scale = value => left + ((value - xAxis.from) / (xAxis.to - xAxis.from)) * (width - left - right)
  const y: Scale = value => bottom - ((value - yAxis.from) / (yAxis.to - yAxis.from)) * (bottom - MARGIN.top)
  const middle = (left + width - right) / 2
  const axes = html`${xAxis.ticks.map(
      tick =>
        html`<line
            class="grid"
            x1="${round(x(tick))}"
            x2="${round(x(tick))}"
            y1="${MARGIN.top}"
            y2="${bottom}"
          />
          <text class="tick" x="${round(x(tick))}" y="${bottom + 17}" text-anchor="middle"
            >${xAxis.format(tick)}</text
          >`,
    )}${yAxis.ticks.map(
      tick =>
        html`<line
            class="grid"
            x1="${left}"
            x2="${width - right}"
            y1="${round(y(tick))}"
            y2="${round(y(tick))}"
          />
          <text class="tick" x="${left - 7}" y="${round(y(tick)) + 4}" text-anchor="end"
            >${yAxis.format(tick)}</text
          >`,
    )}<text class="axis" x="${middle}" y="${height - 8}" text-anchor="middle">${xAxis.label}</text>
    <text class="axis" transform="translate(13 ${(MARGIN.top + bottom) / 2}) rotate(-90)" text-anchor="middle"
      >${yAxis.label}</text
    >`
  return { x, y, axes }
}

function shareAxis(label: string): Axis {
  return { label, from: 0, to: 1, ticks: ticks(0, 1, 5), format: tickText }
}

/** About `count` round numbers from `from` to `to`. */
function ticks(from: number, to: number, count: number): number[] {
  const step = niceStep((to - from) / count)
  const first = Math.ceil(from / step - 1e-9)
  const last = Math.floor(to / step + 1e-9)
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough))
  return [1, 2, 5, 10].map(factor => factor * power).find(step => step >= rough * 0.999)!
}

function niceTop(value: number): number {
  const step = niceStep(value / 5)
  return Math.min(Math.ceil(value / step - 1e-9) * step, value <= 1 ? 1 : Infinity)
}

function tickText(value: number): string {
  return Number(value.toPrecision(6)).toString()
}

function percentTick(share: number): string {
  return `${tickText(share * 100)} %`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function shorten(name: string): string {
  return name.length > 32 ? `${name.slice(0, 31)}…` : name
}
