import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable, Transform, pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { CsvError, parse } from 'csv-parse'
import { mappedFields, type RecordingMap } from './map.ts'
import { decodeText, linesOf } from './text.ts'

export interface Row {
  readonly fields: Readonly<Record<string, unknown>>
  /** Line or record number in the file, from 1. */
  readonly number: number
}

export interface RowOptions {
  /** Called with the share of the file that was read, 0 to 1. */
  readonly onProgress?: (share: number) => void
}

/**
 * The rows of a recording, one after another; `.gz` files are decompressed on the way. Throws, naming the file, when it
 * can't be read, is cut off, or is not of the map's format and encoding.
 */
export async function* readRows(
  file: string,
  map: RecordingMap,
  options: RowOptions = {},
): AsyncGenerator<Row> {
  const text = decodeText(await openFile(file, options), map.encoding)
  try {
    yield* map.format === 'csv' ? csvRows(text, map) : jsonRows(text, map)
  } catch (error) {
    throw new Error(`${file}${faultOf(error)}`, { cause: error })
  }
}

async function openFile(file: string, { onProgress }: RowOptions): Promise<AsyncIterable<Uint8Array>> {
  const { size } = await stat(file)
  let read = 0
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      read += chunk.length
      onProgress?.(size === 0 ? 1 : read / size)
      done(null, chunk)
    },
  })
  const bytes = pipeline(createReadStream(file), counter, () => {})
  return file.endsWith('.gz') ? pipeline(bytes, createGunzip(), () => {}) : bytes
}

async function* csvRows(text: AsyncIterable<string>, map: RecordingMap): AsyncGenerator<Row> {
  const checkHeader = (header: string[]): string[] => {
    const twice = mappedFields(map).find(name => header.indexOf(name) !== header.lastIndexOf(name))
    if (twice !== undefined)
      throw new RowFault(
        'header',
        `the column "${twice}", which the map names, occurs twice: rename one of them`,
      )
    return header
  }
  // Both are refused: a short row is damaged data, and a long one means that the delimiter is wrong.
  const parser = parse({ columns: checkHeader, delimiter: map.delimiter, skip_empty_lines: true })
  const records = pipeline(Readable.from(text), parser, () => {})
  let number = 0
  for await (const fields of records as AsyncIterable<Record<string, unknown>>)
    yield* unfold(fields, map, ++number)
}

async function* jsonRows(text: AsyncIterable<string>, map: RecordingMap): AsyncGenerator<Row> {
  let number = 0
  for await (const line of linesOf(text)) {
    number++
    if (line.trim() !== '') yield* unfold(parseLine(line, number), map, number)
  }
}

/** A fault with its place in the file. */
class RowFault extends Error {
  constructor(place: string, message: string) {
    super(`${place}: ${message}`)
  }
}

/** The part of the message that follows the file's name. */
function faultOf(error: unknown): string {
  if (error instanceof RowFault) return `, ${error.message}`
  const { message, code } = error as NodeJS.ErrnoException
  if (error instanceof CsvError) return `: is not the csv that the map describes: ${message}`
  if (code === 'Z_BUF_ERROR') return ': is cut off: its compressed data has no end; copy it again'
  if (code?.startsWith('Z_')) return `: is damaged, or not compressed by gzip: ${message}`
  return `: ${message}`
}

function parseLine(line: string, number: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>
  } catch {
    // Reported below, with the place.
  }
  throw new RowFault(`row ${number}`, `is not a JSON object: ${line.slice(0, 80)}`)
}

function* unfold(fields: Record<string, unknown>, map: RecordingMap, number: number): Generator<Row> {
  if (map.rows === undefined) {
    yield { fields, number }
    return
  }
  const { [map.rows]: list, ...around } = fields
  if (!Array.isArray(list))
    throw new RowFault(`row ${number}`, `"${map.rows}" is not a list, as the map's "rows" says`)
  for (const item of list) yield { fields: { ...around, ...(item as Record<string, unknown>) }, number }
}
