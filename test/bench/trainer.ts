import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTableWriter } from '@sluicebox/trainer/dataset/table-writer'
import { createRandom } from '@sluicebox/event/random'
import { histogramReference } from './reference.ts'
import type { Row } from './row.ts'
import type { TrainerFigures } from './trainer-child.ts'

const ROWS = 250_000
const FEATURES = 40
const TREES = 200
const DEPTH = 6
const ROWS_PER_SESSION = 5
/** Of the reference. */
const TRAINED = 10

/** Training in a process of its own, so that its memory is its own: from the table on disk to a scored model. */
export async function benchTrainer(): Promise<Row[]> {
  const dir = mkdtempSync(join(tmpdir(), 'sluicebox-bench-'))
  try {
    const path = join(dir, 'dataset.parquet')
    writeTable(path)
    const figures = await measureInChild(path)
    const shape = `${ROWS / 1_000},000 rows × ${FEATURES} features, ${TREES} trees of depth ${DEPTH}`
    return [
      { name: `${shape}: table read`, value: figures.readSeconds, unit: 's' },
      {
        name: `${shape}: trained`,
        value: figures.trainSeconds,
        unit: 's',
        reference: histogramReference(ROWS, FEATURES, TREES * DEPTH),
        target: { max: TRAINED },
      },
      { name: `${shape}: peak memory`, value: figures.peakBytes / 1e9, unit: 'GB', target: { max: 2 } },
      {
        name: 'random forest of 100 trees, depth 8, on the same rows',
        value: figures.forestSeconds,
        unit: 's',
      },
      { name: 'logistic regression on the same rows', value: figures.linearSeconds, unit: 's' },
    ]
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** A third of the features take few values, as counts do; the others are continuous, with a tenth missing. */
function writeTable(path: string): void {
  const random = createRandom(1)
  const writer = createTableWriter(
    path,
    Array.from({ length: FEATURES }, (_, f) => `feature_${f}`),
  )
  const features = new Float64Array(FEATURES)
  for (let row = 0; row < ROWS; row++) {
    for (let f = 0; f < FEATURES; f++)
      features[f] = f % 3 === 0 ? random.below(12) : random.next() < 0.1 ? NaN : random.next() * random.next()
    const logOdds =
      -3 + 2 * (features[1] || 0) + 0.2 * features[0]! - 3 * (features[2] || 0) * (features[4] || 0.5)
    const session = Math.floor(row / ROWS_PER_SESSION)
    writer.append(
      {
        sessionId: `s${session}`,
        visitor: `v${session}`,
        revision: 1,
        n: 1 + (row % ROWS_PER_SESSION),
        eventCount: 1 + (row % ROWS_PER_SESSION),
        eventTime: row * 1_000,
        startedAt: session * ROWS_PER_SESSION * 1_000,
        label: random.next() < 1 / (1 + Math.exp(-logOdds)) ? 1 : 0,
        deviceType: null,
        referrerMedium: null,
      },
      features,
    )
  }
  writer.close()
}

async function measureInChild(path: string): Promise<TrainerFigures> {
  const args = [join(import.meta.dirname, 'trainer-child.ts'), path, String(TREES), String(DEPTH)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  if (code !== 0) throw new Error(`the process that trains ended with ${code}`)
  return JSON.parse(output) as TrainerFigures
}
