// A recording on Kafka gives the scores that it gives on the embedded log, and an import that is interrupted, by a person or
// by a broker, continues where it was.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import { serversAvailable } from '@sluicebox/infra/local/available'
import { startKafka, type LocalKafka } from '@sluicebox/infra/local/kafka/kafka'
import { logConfig } from '@sluicebox/stream/config'
import { openKafkaLog } from '@sluicebox/stream/kafka/log'
import { COMMAND, eventually, json, ROOT, succeed, temporaryDir } from './sluicebox.ts'

const PARTITIONS = 3
const BEGUN_MS = Date.UTC(2026, 10, 20)

interface Imported {
  readonly events: number
  readonly written: number
  readonly present: number
}

describe.skipIf(!(await serversAvailable('kafka')))('import on Kafka', () => {
  let kafka: LocalKafka
  beforeAll(async () => {
    kafka = await startKafka()
  })
  afterAll(async () => {
    await kafka?.stop()
  })

  let prefixes = 0

  /** Writes a configuration with topics of its own, and makes them. */
  async function configure(dir: string, requestTimeoutMs = 5_000) {
    const prefix = `import-${prefixes++}.`
    const log = {
      kind: 'kafka',
      partitions: PARTITIONS,
      kafka: {
        brokers: kafka.addresses,
        prefix,
        replicas: 1,
        inSyncReplicasMin: 1,
        requestTimeoutMs,
        recordBytesMax: 100_000,
      },
    }
    const config = join(dir, 'kafka.yaml')
    writeFileSync(config, stringify({ dataDir: join(dir, 'kafka'), log }))
    await succeed('topics', 'create', '--config', config)
    return { config, settings: logConfig.parse(log).kafka }
  }

  test('the scores are those of the embedded log, and the same import again writes nothing', async () => {
    const dir = temporaryDir(onTestFinished)
    const rows = recording(dir, 500)
    const { config } = await configure(dir)
    const embedded = join(dir, 'embedded.yaml')
    writeFileSync(embedded, stringify({ dataDir: join(dir, 'embedded'), log: { partitions: PARTITIONS } }))
    const scores: unknown[] = []
    for (const file of [embedded, config]) {
      const args = ['import', rows, '--map', 'ndjson', '--config', file, '--close']
      expect(await json<Imported>(...args)).toMatchObject([{ written: 500, present: 0 }])
      expect(await json<Imported>(...args)).toMatchObject([{ written: 0, present: 500 }])
      await succeed('drain', '--config', file)
      const scored = await json<Record<string, unknown>>('tail', 'scored', '--config', file)
      scores.push(
        scored
          .map(({ score_id, partition, kind, n, probability }) => ({
            score_id,
            partition,
            kind,
            n,
            probability,
          }))
          .sort((a, b) => (String(a.score_id) < String(b.score_id) ? -1 : 1)),
      )
    }
    expect(scores[0]).toHaveLength(500 + 100)
    expect(scores[1]).toEqual(scores[0])
  }, 180_000)

  test('a row that is too large for the topic is named before anything is written', async () => {
    const dir = temporaryDir(onTestFinished)
    const { config, settings } = await configure(dir)
    const rows = recording(dir, 10, i => (i === 7 ? { text: 'x'.repeat(100_000) } : {}))
    const { code, stderr } = await start(['import', rows, '--map', 'ndjson', '--config', config]).ended
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /rows\.ndjson, row 8: makes a record of \d+ bytes, and the log takes 100000 at most/,
    )
    expect(await positionsOf(settings)).toBe(0)
  })

  test.each(['SIGINT', 'a broker that dies'])(
    'after %s it continues, and each event is there once',
    async how => {
      const dir = temporaryDir(onTestFinished)
      const { config, settings } = await configure(dir)
      const count = 30_000
      const rows = recording(dir, count)
      const args = ['import', rows, '--map', 'ndjson', '--config', config]
      const running = start(args)
      await eventually(async () => ((await positionsOf(settings)) > 0 ? true : undefined), 20)
      if (how === 'SIGINT') running.child.kill('SIGINT')
      else await kafka.nodes[0]!.kill('SIGKILL')
      const { code, stderr } = await running.ended
      expect(code).toBe(1)
      expect(stderr).toMatch(/\d+ of 30000 events are in the log.*import the same files again/)
      if (how !== 'SIGINT') await kafka.nodes[0]!.start()

      const [again] = await json<Imported>(...args)
      expect(again!.present).toBeGreaterThan(0)
      expect(again!.present + again!.written).toBe(count)
      const records = await json<{ kind: string; body: string }>('tail', 'raw', '--config', config)
      const bodies = records.map(({ body }) => body)
      expect(bodies).toHaveLength(count)
      expect(new Set(bodies).size).toBe(count)
    },
    180_000,
  )
})

/** Events of 100 visitors, a second apart. */
function recording(dir: string, count: number, properties: (i: number) => object = () => ({})): string {
  const path = join(dir, 'rows.ndjson')
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      time: new Date(BEGUN_MS + i * 1_000).toISOString(),
      visitor_id: `v${i % 100}`,
      action: i % 9 === 0 ? 'add_to_cart' : 'product_view',
      product: { id: `p${i % 13}`, price: i % 50 },
      properties: { row: i, ...properties(i) },
    }),
  )
  writeFileSync(path, lines.join('\n'))
  return path
}

function start(args: readonly string[]) {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const stderr = text(child.stderr)
  const ended = once(child, 'close').then(async ([code]: number[]) => ({ code, stderr: await stderr }))
  return { child, ended }
}

/** How many positions `raw` has. */
async function positionsOf(config: Parameters<typeof openKafkaLog>[0]['config']): Promise<number> {
  await using log = await openKafkaLog({ config })
  return (await log.bounds('raw')).reduce((sum, { end }) => sum + Number(end), 0)
}
