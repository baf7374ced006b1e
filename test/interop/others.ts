// Consumers of others: Python's, on librdkafka.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const SCRIPT = join(import.meta.dirname, 'consume.py')
const run = promisify(execFile)

/** A record as another consumer has read it; values as `toNeutral` writes them. */
export interface ReadRecord {
  readonly topic: string
  readonly partition: number
  readonly key: string | null
  readonly schema_id: number
  readonly record: unknown
}

export interface Consumer {
  /** Apache's Avro library, or the one that comes with Confluent's client. */
  readonly decoder: string
  /** Reads so many committed records of each topic. */
  read(
    brokers: readonly string[],
    registryUrl: string,
    counts: Readonly<Record<string, number>>,
  ): Promise<ReadRecord[]>
}

/** The consumers that can run here; none where no Python has what they need, which is a failure in CI. */
export async function otherConsumers(): Promise<Consumer[]> {
  const python = await findPython()
  return python === undefined ? [] : (await decodersOf(python)).map(decoder => consumer(python, decoder))
}

/**
 * The path of a Python with a Kafka client and an Avro library. A machine without any leaves out what needs one, and says
 * so; in CI there must be one.
 */
export async function findPython(): Promise<string | undefined> {
  for (const python of [process.env['PYTHON'], '/usr/bin/python3', 'python3'])
    if (python !== undefined && (await decodersOf(python)).length > 0) return python
  const advice =
    'it needs a Python with confluent_kafka and avro (Debian: apt-get install python3-confluent-kafka python3-avro); set PYTHON to the path of one'
  if (process.env['CI'] !== undefined)
    throw new Error(`what reads our records with other tools can't run: ${advice}`)
  process.stderr.write(`skipped: what reads our records with other tools; ${advice}\n`)
  return undefined
}

async function decodersOf(python: string): Promise<string[]> {
  try {
    return JSON.parse((await run(python, [SCRIPT, '--decoders'])).stdout) as string[]
  } catch {
    return []
  }
}

function consumer(python: string, decoder: string): Consumer {
  return {
    decoder,
    async read(brokers, registryUrl, counts) {
      const topics = Object.entries(counts).map(([topic, count]) => `${topic}=${count}`)
      const { stdout } = await run(python, [SCRIPT, decoder, brokers.join(','), registryUrl, ...topics], {
        maxBuffer: 1 << 28,
      })
      return stdout
        .split('\n')
        .filter(line => line !== '')
        .map(line => JSON.parse(line) as ReadRecord)
    },
  }
}
