import { asyncBufferFromFile, parquetMetadataAsync, parquetRead, type FileMetaData } from 'hyparquet'

// The training table in memory: columns, not rows, because learners read one feature at a time.

/** Repeating strings as small numbers: row i holds `values[codes[i]]`. */
export interface CodedColumn {
  readonly codes: Int32Array
  readonly values: readonly string[]
}

/** One row per scoring moment. */
export interface TrainingTable {
  readonly rowCount: number
  readonly featureNames: readonly string[]
  /** One column per feature name, in that order; NaN where a value is missing. */
  readonly features: readonly Float64Array[]
  /** 1 where the session reached the goal later. */
  readonly label: Uint8Array
  readonly session: CodedColumn
  readonly visitor: CodedColumn
  /** Number of the moment in its session: 1, 2, 3 … */
  readonly n: Int32Array
  /** Events that the row's features cover. */
  readonly eventCount: Int32Array
  readonly revision: Int32Array
  /** Epoch milliseconds. */
  readonly eventTime: Float64Array
  /** When the row's session began. Epoch milliseconds. */
  readonly startedAt: Float64Array
  /** Columns to slice metrics by; an empty string where the value is unknown. */
  readonly slices: { readonly [name: string]: CodedColumn }
}

/** The columns of the Parquet file that are not features. */
export const META_COLUMNS = [
  'session_id',
  'visitor',
  'revision',
  'n',
  'event_count',
  'event_time',
  'session_started_at',
  'label',
] as const

export const SLICE_COLUMNS = ['device_type', 'referrer_medium'] as const

/** Key in the Parquet file's own metadata of the feature names: a JSON array in their order. */
export const FEATURES_KEY = 'sluicebox.features'

/** Reads a training table; only the named features if given. Throws a sentence when the file is not a table. */
export async function readTable(
  path: string,
  options: { features?: readonly string[] } = {},
): Promise<TrainingTable> {
  const file = await asyncBufferFromFile(path).catch((error: unknown) => {
    throw new Error(`cannot read the training table ${path}: ${(error as Error).message}`, { cause: error })
  })
  const metadata = await parquetMetadataAsync(file).catch((error: unknown) => {
    throw new Error(
      `${path} is not a Parquet file (${(error as Error).message}); make one with "sluicebox dataset build"`,
      { cause: error },
    )
  })
  const present = new Set(metadata.schema.slice(1).map(element => element.name))
  const featureNames = options.features ?? featuresOf(metadata)
  const missing = [...META_COLUMNS, ...featureNames].filter(name => !present.has(name))
  if (missing.length > 0)
    throw new Error(
      `${path} lacks the column${missing.length === 1 ? '' : 's'} ${missing.join(', ')}; make the table with "sluicebox dataset build"`,
    )

  const rowCount = Number(metadata.num_rows)
  const table = {
    rowCount,
    featureNames,
    features: featureNames.map(() => new Float64Array(rowCount)),
    label: new Uint8Array(rowCount),
    n: new Int32Array(rowCount),
    eventCount: new Int32Array(rowCount),
    revision: new Int32Array(rowCount),
    eventTime: new Float64Array(rowCount),
    startedAt: new Float64Array(rowCount),
  }
  const coded = new Map<string, Coder>()
  for (const name of ['session_id', 'visitor', ...SLICE_COLUMNS])
    if (present.has(name)) coded.set(name, createCoder(rowCount))
  const numeric = new Map<string, Numbers>([
    ...featureNames.map((name, f): [string, Numbers] => [name, table.features[f] as Float64Array]),
    ['label', table.label],
    ['n', table.n],
    ['event_count', table.eventCount],
    ['revision', table.revision],
    ['event_time', table.eventTime],
    ['session_started_at', table.startedAt],
  ])

  // One row group and one column at a time: the decoded part stays small compared with the table itself.
  let rowStart = 0
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows)
    for (const name of [...coded.keys(), ...numeric.keys()]) {
      await parquetRead({
        file,
        metadata,
        columns: [name],
        rowStart,
        rowEnd,
        onChunk: chunk => {
          const target = numeric.get(name)
          if (target !== undefined) copyNumbers(chunk.columnData, target, chunk.rowStart)
          else coded.get(name)?.add(chunk.columnData, chunk.rowStart)
        },
      })
    }
    rowStart = rowEnd
  }

  const slices: Record<string, CodedColumn> = {}
  for (const name of SLICE_COLUMNS) {
    const column = coded.get(name)
    if (column !== undefined) slices[name] = column.column()
  }
  const visitor = (coded.get('visitor') as Coder).column()
  return {
    ...table,
    session: sessionsOf((coded.get('session_id') as Coder).column(), visitor),
    visitor,
    slices,
  }
}

/** A code for each session: two visitors may show the same session id. */
function sessionsOf(ids: CodedColumn, visitors: CodedColumn): CodedColumn {
  const values: string[] = []
  const byPair = new Map<number, number>()
  const codes = ids.codes.map((id, row) => {
    const pair = id * visitors.values.length + visitors.codes[row]!
    let code = byPair.get(pair)
    if (code === undefined) {
      code = values.push(ids.values[id]!) - 1
      byPair.set(pair, code)
    }
    return code
  })
  return { codes, values }
}

function featuresOf(metadata: FileMetaData): readonly string[] {
  const listed = metadata.key_value_metadata?.find(pair => pair.key === FEATURES_KEY)?.value
  if (listed !== undefined) return JSON.parse(listed) as string[]
  // Another tool rewrote the file and dropped this entry: every numeric column that is not ours is a feature.
  const ours = new Set<string>([...META_COLUMNS, ...SLICE_COLUMNS])
  return metadata.schema
    .slice(1)
    .filter(
      element =>
        !ours.has(element.name) &&
        ['DOUBLE', 'FLOAT', 'INT32', 'INT64', 'BOOLEAN'].includes(element.type ?? ''),
    )
    .map(element => element.name)
}

type Numbers = Float64Array | Int32Array | Uint8Array

function copyNumbers(from: ArrayLike<unknown>, to: Numbers, start: number): void {
  for (let i = 0; i < from.length; i++) {
    const value = from[i]
    to[start + i] =
      value === null || value === undefined ? NaN : value instanceof Date ? value.getTime() : Number(value)
  }
}

interface Coder {
  add(values: ArrayLike<unknown>, start: number): void
  column(): CodedColumn
}

function createCoder(rowCount: number): Coder {
  const codes = new Int32Array(rowCount)
  const values: string[] = []
  const byValue = new Map<string, number>()
  return {
    add(column, start) {
      for (let i = 0; i < column.length; i++) {
        const raw = column[i]
        const value = raw === null || raw === undefined ? '' : String(raw)
        let code = byValue.get(value)
        if (code === undefined) {
          code = values.length
          values.push(value)
          byValue.set(value, code)
        }
        codes[start + i] = code
      }
    },
    column: () => ({ codes, values }),
  }
}
