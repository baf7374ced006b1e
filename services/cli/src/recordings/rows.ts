import { Readable, pipeline } from 'node:stream'
import { fileProblem } from '@sluicebox/runtime/file-problem'
import { CsvError, parse } from 'csv-parse'
import { fileBytes } from './file-bytes.ts'
import { mappedFields, type RecordingMap } from './map.ts'
import { decodeText, LINE_CHARS_MAX, linesOf } from './text.ts'

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
 * The rows of a recording, one after another; compressed files are decompressed on the way. Throws, naming the file, when
 * it can't be read, is cut off, or is not of the map's format and encoding.
 */
export async function* readRows(
  file: string,
  map: RecordingMap,
  { onProgress }: RowOptions = {},
): AsyncGenerator<Row> {
  try {
    const text = decodeText(fileBytes(file, onProgress), map.encoding)
    yield* map.format === 'csv' ? csvRows(text, map) : jsonRows(text, map)
  } catch (error) {
    throw new Error(`${file}${faultOf(error)}`, { cause: error })
  }
}

async function* csvRows(text: AsyncIterable<string>, map: RecordingMap): AsyncGenerator<Row> {
  // Rows with too few or too many columns are refused: a short row is damaged, and a long one means that the delimiter
  // is wrong.
  const parser = parse({
    columns: (header: string[]) => checkHeader(header, map),
    delimiter: map.delimiter,
    skip_empty_lines: true,
    max_record_size: LINE_CHARS_MAX,
  })
  const records = pipeline(Readable.from(text), parser, () => {})
  let number = 0
  for await (const fields of records as AsyncIterable<Record<string, unknown>>)
    yield* unfold(fields, map, ++number)
}

function checkHeader(header: string[], map: RecordingMap): string[] {
  for (const name of mappedFields(map)) {
    const first = header.indexOf(name)
    if (first < 0)
      throw new RowFault(
        'header',
        `there is no column "${name}", which the map names: the columns are ${header.slice(0, 20).join(', ').slice(0, 300)}`,
      )
    if (first !== header.lastIndexOf(name))
      throw new RowFault(
        'header',
        `the column "${name}", which the map names, occurs twice: rename one of them`,
      )
  }
  return header
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
  const { message } = error as Error
  if (error instanceof CsvError) return `: is not the csv that the map describes: ${message}`
  return `: ${fileProblem(error)}`
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
  for (const [index, item] of list.entries()) {
    if (typeof item !== 'object' || item === null || Array.isArray(item))
      throw new RowFault(`row ${number}`, `item ${index} of "${map.rows}" is not an object`)
    yield { fields: { ...around, ...(item as Record<string, unknown>) }, number }
  }
}
