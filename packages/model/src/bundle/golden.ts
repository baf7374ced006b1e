import type { GoodRecord } from '@sluicebox/event/records'
import { z } from 'zod'
import type { Manifest } from './manifest.ts'
import type { Model } from '../runtimes/model.ts'

// golden.ndjson: one session a line, {"session": events or null, "features": rows, "scores": one for each row}. All
// numbers are compared bit for bit, so those that JSON has no word for are strings, and a missing value is null.

/** A recorded event: the fields of a good record that features read. */
export type GoldenEvent = Partial<GoodRecord>

/** A session whose features and scores are known. */
export interface GoldenSession {
  /** Its events in the order in which they came; null where only the features are known. */
  readonly session: readonly GoldenEvent[] | null
  /** The features at each scoring moment. */
  readonly features: readonly Float64Array[]
}

/** The features of a session at each of its scoring moments, as the scorer computes them. */
export type Replay = (events: readonly GoldenEvent[], manifest: Manifest) => readonly Float64Array[]

interface Scorer {
  readonly model: Model
  readonly calibrate: (score: number) => number
}

const number = z.union([z.number(), z.null(), z.literal(['Infinity', '-Infinity', '-0'])])
const lineSchema = z.strictObject({
  session: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))).nullable(),
  features: z.array(z.array(number)).min(1),
  scores: z.array(z.strictObject({ raw: number, probability: number })),
})
type GoldenNumber = z.infer<typeof number>

/** The text of golden.ndjson: the sessions with the scores that the model gives them now. */
export function writeGolden(sessions: readonly GoldenSession[], { model, calibrate }: Scorer): string {
  const lines = sessions.map(({ session, features }) => {
    const scores = features.map(row => {
      const raw = model.score(row)
      return { raw: encode(raw), probability: encode(calibrate(raw)) }
    })
    return JSON.stringify({ session, features: features.map(row => Array.from(row, encode)), scores })
  })
  return lines.map(line => `${line}\n`).join('')
}

/** Throws, saying which number differs, unless every line of golden.ndjson is reproduced bit for bit. */
export function checkGolden(ndjson: string, scorer: Scorer, manifest: Manifest, replay?: Replay): void {
  const lines = ndjson.split('\n').filter(line => line !== '')
  if (lines.length === 0) throw new Error('golden.ndjson is empty: nothing shows that the bundle reproduces.')
  lines.forEach((line, index) => {
    const where = `golden.ndjson, line ${index + 1}`
    const { session, features, scores } = parseLine(line, where)
    const rows = features.map(row => Float64Array.from(row, decode))
    checkScores(rows, scores, scorer, where)
    if (replay !== undefined && session !== null)
      checkReplay(session as GoldenEvent[], rows, manifest, replay, where)
  })
}

function parseLine(line: string, where: string): z.infer<typeof lineSchema> {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw new Error(`${where} is not JSON.`, { cause })
  }
  const result = lineSchema.safeParse(value)
  if (!result.success) {
    const issue = result.error.issues[0]
    throw new Error(`${where} is not a golden session: ${issue?.path.join('.')} ${issue?.message}.`)
  }
  return result.data
}

function checkScores(
  rows: readonly Float64Array[],
  scores: z.infer<typeof lineSchema>['scores'],
  { model, calibrate }: Scorer,
  where: string,
): void {
  if (scores.length !== rows.length)
    throw new Error(`${where} has ${rows.length} rows of features and ${scores.length} scores.`)
  rows.forEach((row, moment) => {
    if (row.length !== model.featureCount)
      throw new Error(
        `${where}, row ${moment + 1} has ${row.length} features; the model takes ${model.featureCount}.`,
      )
    const raw = model.score(row)
    expectSame(raw, decode(scores[moment]!.raw), `${where}: the raw score of row ${moment + 1}`)
    expectSame(
      calibrate(raw),
      decode(scores[moment]!.probability),
      `${where}: the probability of row ${moment + 1}`,
    )
  })
}

function checkReplay(
  events: readonly GoldenEvent[],
  rows: readonly Float64Array[],
  manifest: Manifest,
  replay: Replay,
  where: string,
): void {
  let replayed: readonly Float64Array[]
  try {
    replayed = replay(events, manifest)
  } catch (cause) {
    throw new Error(
      `${where} cannot be replayed: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  }
  if (replayed.length !== rows.length)
    throw new Error(`${where} has ${rows.length} scoring moments, and its replay gives ${replayed.length}.`)
  rows.forEach((row, moment) =>
    row.forEach((value, index) =>
      expectSame(
        replayed[moment]![index] ?? NaN,
        value,
        `${where}: feature ${manifest.features[index]?.name ?? index} of row ${moment + 1}`,
      ),
    ),
  )
}

function expectSame(actual: number, expected: number, what: string): void {
  if (!Object.is(actual, expected))
    throw new Error(`${what} is ${actual} here and was ${expected} in the bundle.`)
}

function encode(value: number): GoldenNumber {
  if (Number.isNaN(value)) return null
  if (value === Infinity) return 'Infinity'
  if (value === -Infinity) return '-Infinity'
  return Object.is(value, -0) ? '-0' : value
}

function decode(value: GoldenNumber): number {
  return value === null ? NaN : Number(value)
}
