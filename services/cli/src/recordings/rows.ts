import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Transform, pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { parse } from 'csv-parse'
import type { RecordingMap } from './map.ts'

export interface Row {
  readonly fields: Readonly<Record<string, unknown>>
  /** Line or record number in the file, from 1. */
  readonly number: number
}

export interface RowOptions {
  /** Called with the share of the file that was read, 0 to 1. */
  readonly onProgress?: (share: number) => void
}

/** The rows of a recording, one after another; `.gz` files are decompressed on the way. */
export async function* readRows(
  file: string,
  map: RecordingMap,
  { onProgress }: RowOptions = {},
): AsyncGenerator<Row> {
  const { size } = await stat(file)
  let read = 0
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      read += chunk.length
      onProgress?.(size === 0 ? 1 : read / size)
      done(null, chunk)
    },
  })
  const parts: (Readable | Transform)[] = [createReadStream(file), counter]
  if (file.endsWith('.gz')) parts.push(createGunzip())
  const text = parts.reduce((from, to) =>
    pipeline(from, to as Transform, error => {
      if (error) to.destroy(error)
    }),
  ) as Readable

  let number = 0
  if (map.format === 'csv') {
    // A short row is data that a person must look at; a long one means that the delimiter is wrong.
    const parser = parse({ columns: true, delimiter: map.delimiter, bom: true, skip_empty_lines: true })
    const records = pipeline(text, parser, () => {})
    for await (const fields of records as AsyncIterable<Record<string, unknown>>)
      yield* unfold(fields, map, ++number)
  } else {
    for await (const line of createInterface({ input: text, crlfDelay: Infinity })) {
      number++
      if (line.trim() !== '') yield* unfold(parseLine(line, file, number), map, number)
    }
  }
}

function parseLine(line: string, file: string, number: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>
  } catch {
    // Said below, with the place.
  }
  throw new Error(`${file}:${number}: is not a JSON object: ${line.slice(0, 80)}`)
}

function* unfold(fields: Record<string, unknown>, map: RecordingMap, number: number): Generator<Row> {
  if (map.rows === undefined) {
    yield { fields, number }
    return
  }
  const { [map.rows]: list, ...around } = fields
  if (!Array.isArray(list))
    throw new Error(`row ${number}: "${map.rows}" is not a list, as the map's "rows" says`)
  for (const item of list) yield { fields: { ...around, ...(item as Record<string, unknown>) }, number }
}
