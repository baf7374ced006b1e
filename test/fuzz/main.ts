// Requests of every shape thrown at a real `sluicebox up`: `npm run fuzz -- --count 1000000 --seed 7`. Ends with 1 when an
// answer is a 5xx other than 503, when one takes longer than 10 s, when the process ends, or when an accepted request is
// not exactly once in what is stored.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { createRandom } from '@sluicebox/event/random'
import { COMMAND, ROOT, sluicebox, up } from '../e2e/sluicebox.ts'
import { createLedger, type DerivedLine, type Ledger, type RawLine } from './ledger.ts'
import { makeShape } from './requests.ts'
import { createSender } from './send.ts'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    connections: { type: 'string', default: '64' },
    minutes: { type: 'string', default: '60' },
    url: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
const HELP = `npm run fuzz -- [--count 100000] [--seed N] [--connections 64] [--minutes 60] [--url http://127.0.0.1:8080]

Starts sluicebox up on a folder of its own and sends it requests of every shape. With --url it sends to a collector that
runs, and counts answers only. The seed makes the same requests again.
`
const TELL_EVERY_MS = 10_000
const PROBLEMS_SHOWN = 20

function tell(text: string): void {
  process.stderr.write(`${text}\n`)
}

let isStopping = false
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    tell('stopping: counting what there is; once more ends at once')
    isStopping = true
    process.once(signal, () => process.exit(1))
  })

async function main(): Promise<void> {
  if (values.help) return void process.stdout.write(HELP)
  const [count, seed, connections, minutes] = [
    ...[values.count, values.seed, values.connections, values.minutes].map(Number),
  ] as [number, number, number, number]
  if (![count, connections, minutes].every(value => value > 0) || !Number.isInteger(seed))
    throw new Error(`--count, --connections and --minutes must be above 0, and --seed whole.\n${HELP}`)
  const data = mkdtempSync(join(tmpdir(), 'sluicebox-fuzz-'))
  try {
    const pipeline = values.url === undefined ? await up(data) : undefined
    const url = values.url ?? pipeline!.url
    tell(`seed ${seed}: ${count} requests to ${url}`)
    const ended = (): boolean => pipeline !== undefined && pipeline.child.exitCode !== null
    const ledger = createLedger(count)
    const problems: string[] = []
    const answers = new Map<string, number>()
    const endAt = performance.now() + minutes * 60_000
    const sender = createSender(url, connections)
    let [next, toldAt] = [0, performance.now()]
    async function sendOneAfterAnother(): Promise<void> {
      while (next < count && performance.now() < endAt && !isStopping && !ended()) {
        const number = next++
        // Each request has a generator of its own, so that it does not depend on the order of the answers.
        const shape = makeShape(number, createRandom(Math.imul(seed, 0x9e3779b1) ^ number))
        const answer = await sender.send(shape)
        answers.set(String(answer), (answers.get(String(answer)) ?? 0) + 1)
        ledger.answered(number, shape, answer)
        if (answer === 'late' || (typeof answer === 'number' && answer >= 500 && answer !== 503))
          problems.push(`request ${number} was answered with ${answer}`)
        if (performance.now() - toldAt < TELL_EVERY_MS) continue
        toldAt = performance.now()
        tell(`${next} requests, ${problems.length} problems`)
      }
    }
    try {
      await Promise.all(Array.from({ length: connections }, sendOneAfterAnother))
      if (ended() && !isStopping) problems.push(`up ended by itself:\n${pipeline!.stderr()}`)
    } finally {
      sender.close()
      const code = await pipeline?.stop()
      if (pipeline !== undefined && code !== 0) problems.push(`up ended with ${String(code)}`)
    }
    process.stdout.write(
      `requests ${next}; answers ${JSON.stringify(Object.fromEntries([...answers].sort()))}\n`,
    )
    if (pipeline !== undefined) problems.push(...(await check(data, ledger)))
    for (const problem of problems.slice(0, PROBLEMS_SHOWN)) process.stdout.write(`${problem}\n`)
    process.stdout.write(`problems ${problems.length}\n`)
    process.exitCode = problems.length === 0 ? 0 : 1
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}

/** What is stored, held against what was answered. */
async function check(data: string, ledger: Ledger): Promise<string[]> {
  tell('letting everything come through, and counting')
  const drained = await sluicebox('drain', '--data', data, '--close')
  if (drained.code !== 0) return [`drain ended with ${String(drained.code)}: ${drained.stderr}`]
  await eachLine<RawLine>('raw', data, line => ledger.raw(line))
  for (const stream of ['good', 'bad'] as const)
    await eachLine<DerivedLine>(stream, data, line => ledger.derived(stream, line))
  const { problems, ...counts } = ledger.findings()
  process.stdout.write(`${JSON.stringify(counts)}\n`)
  const verified = await sluicebox('verify', '--data', data)
  process.stdout.write(verified.stdout)
  return verified.code === 0
    ? [...problems]
    : [...problems, `verify ended with ${String(verified.code)}: ${verified.stderr}`]
}

async function eachLine<T>(stream: string, data: string, take: (line: T) => void): Promise<void> {
  const child = spawn(process.execPath, [COMMAND, 'tail', stream, '--data', data, '--json'], {
    ...{ cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] },
  })
  const exited = once(child, 'exit')
  let unread = ''
  for await (const line of createInterface({ input: child.stdout! })) {
    // What is cut off is told with the status of the command that left it so.
    if (unread !== '') break
    try {
      if (line !== '') take(JSON.parse(line) as T)
    } catch (error) {
      unread = `${String(error)} in ${line.slice(0, 500)}`
    }
  }
  child.stdout?.resume()
  const [code, signal] = (await exited) as [number | null, string | null]
  if (code !== 0 || unread !== '')
    throw new Error(`tail ${stream} ended with ${String(code ?? signal)} ${unread}`)
}

await main()
