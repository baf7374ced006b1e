import type { Calibration } from '@sluicebox/model/calibration'

/** Scores with what came true, from rows that the model did not learn from. */
export interface Judged {
  readonly score: Float64Array
  readonly label: Uint8Array
  readonly weight: Float64Array
}

/** With fewer positives an isotonic curve would mostly follow chance. */
const ISOTONIC_POSITIVES_MIN = 1_000
const ITERATIONS_MAX = 100

/** The calibration that `method` names; `auto` takes isotonic regression where there are positives enough. */
export function fitCalibration(
  method: 'auto' | 'platt' | 'isotonic' | 'none',
  judged: Judged,
  positiveSessions: number,
): Calibration {
  switch (method) {
    case 'none':
      return { method: 'none' }
    case 'platt':
      return fitPlatt(judged)
    case 'isotonic':
      return fitIsotonic(judged)
    case 'auto':
      return positiveSessions >= ISOTONIC_POSITIVES_MIN ? fitIsotonic(judged) : fitPlatt(judged)
  }
}

/**
 * sigmoid(slope × score + offset), by Newton's method. Labels are drawn in a little from 0 and 1, as Platt does, so
 * that the slope stays finite where scores separate the classes. A slope below 0 would reverse the order of scores:
 * then all scores get the mean.
 */
export function fitPlatt({ score, label, weight }: Judged): Calibration & { method: 'platt' } {
  let positive = 0
  let negative = 0
  for (let i = 0; i < label.length; i++)
    if (label[i] === 1) positive += weight[i]!
    else negative += weight[i]!
  const high = (positive + 1) / (positive + 2)
  const low = 1 / (negative + 2)
  let slope = 0
  let offset = Math.log((positive + 1) / (negative + 1))
  let loss = lossAt(slope, offset)

  for (let iteration = 0; iteration < ITERATIONS_MAX; iteration++) {
    let [ga, gb, haa, hab, hbb] = [0, 0, 1e-12, 0, 1e-12]
    for (let i = 0; i < label.length; i++) {
      const p = 1 / (1 + Math.exp(-(slope * score[i]! + offset)))
      const g = weight[i]! * (p - (label[i] === 1 ? high : low))
      const h = weight[i]! * p * (1 - p)
      ga += g * score[i]!
      gb += g
      haa += h * score[i]! * score[i]!
      hab += h * score[i]!
      hbb += h
    }
    const determinant = haa * hbb - hab * hab
    if (!(determinant > 0)) break
    const stepSlope = -(hbb * ga - hab * gb) / determinant
    const stepOffset = -(haa * gb - hab * ga) / determinant
    let share = 1
    while (share > 1e-9 && lossAt(slope + share * stepSlope, offset + share * stepOffset) > loss) share /= 2
    if (share <= 1e-9) break
    slope += share * stepSlope
    offset += share * stepOffset
    const next = lossAt(slope, offset)
    const isDone = loss - next < 1e-12 * Math.abs(loss)
    loss = next
    if (isDone) break
  }
  if (slope >= 0) return { method: 'platt', slope, offset }
  return { method: 'platt', slope: 0, offset: Math.log((positive + 1) / (negative + 1)) }

  function lossAt(a: number, b: number): number {
    let sum = 0
    for (let i = 0; i < label.length; i++) {
      const s = a * score[i]! + b
      sum +=
        weight[i]! * (Math.max(s, 0) + Math.log1p(Math.exp(-Math.abs(s))) - (label[i] === 1 ? high : low) * s)
    }
    return sum
  }
}

/** The rising curve that is nearest to the labels: neighbours out of order are pooled until all are in order. */
export function fitIsotonic({ score, label, weight }: Judged): Calibration & { method: 'isotonic' } {
  const order = Array.from({ length: score.length }, (_, i) => i).sort((a, b) => score[a]! - score[b]!)
  interface Block {
    readonly first: number
    readonly last: number
    readonly sum: number
    readonly weight: number
  }
  const blocks: Block[] = []
  for (const i of order) {
    const s = score[i]!
    let block: Block = { first: s, last: s, sum: weight[i]! * label[i]!, weight: weight[i]! }
    for (let before = blocks.at(-1); before !== undefined; before = blocks.at(-1)) {
      // Equal scores get one value; and a block whose mean is not above the one before is pooled with it.
      if (before.last < block.first && before.sum * block.weight < block.sum * before.weight) break
      blocks.pop()
      block = {
        first: before.first,
        last: block.last,
        sum: before.sum + block.sum,
        weight: before.weight + block.weight,
      }
    }
    blocks.push(block)
  }

  const scores: number[] = []
  const probabilities: number[] = []
  for (const { first, last, sum, weight: total } of blocks) {
    const probability = Math.min(1, Math.max(probabilities.at(-1) ?? 0, sum / total))
    for (const s of first < last ? [first, last] : [first]) {
      scores.push(s)
      probabilities.push(probability)
    }
  }
  return { method: 'isotonic', interpolation: 'linear', scores, probabilities }
}
