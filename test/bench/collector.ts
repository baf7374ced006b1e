// The collector with a durable acknowledgement beside a bare server that only parses (what does it cost to keep what
// comes?), and beside one that writes and flushes a file (how long does an answer wait for more than the disk?).
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRandom } from '@sluicebox/event/random'
import { median, percentile } from './percentile.ts'
import type { Row } from './row.ts'

const CONNECTIONS = 512
const WARM_UP_MS = 2_000
const MEASURE_MS = 4_000
const ROUNDS = 3
const WINDOWS = 5
const WINDOW_MS = 3_000
const OPEN_LOOP_SHARE = 0.6
export const EVENTS_PER_REQUEST = 5
const EVENT_BYTES = 700
/** Of the reference. */
const P99 = 3
/** How long a client pauses that was answered 503. */
const REFUSED_MS = 50

export async function benchCollector(): Promise<Row[]> {
  const dir = mkdtempSync(join(tmpdir(), 'sluicebox-bench-'))
  const requests = createRequests()
  const bare = await startServer('bare', dir)
  const flushed = await startServer('flushed', dir)
  const collector = await startServer('collector', dir)
  const servers = [bare, flushed, collector]
  try {
    // By turns, so that what else runs on the machine meets both.
    const bareRuns: Saturation[] = []
    const collectorRuns: Saturation[] = []
    for (let round = 0; round < ROUNDS; round++) {
      bareRuns.push(await saturate(bare, requests))
      collectorRuns.push(await saturate(collector, requests))
    }
    const [bareEfficiency, efficiency] = [bareRuns, collectorRuns].map(runs =>
      median(runs.map(({ perCpuSecond }) => perCpuSecond)),
    ) as [number, number]
    const perSecond = OPEN_LOOP_SHARE * median(collectorRuns.map(run => run.perSecond))
    const windows = await openLoop(collector, requests, perSecond)
    const flushedWindows = await openLoop(flushed, requests, perSecond)
    // A neighbour on the machine that takes a core for a moment spoils one window, a collector that stalls all of them.
    const slowest = windows.map(latencies => percentile(latencies, 0.99))
    return [
      { name: 'bare node:http and JSON.parse', value: bareEfficiency, unit: 'requests/CPU-s' },
      {
        name: 'collector, durable before it answers',
        value: efficiency,
        unit: 'requests/CPU-s',
        reference: { name: 'bare', value: bareEfficiency },
        target: { min: 0.5 },
      },
      {
        name: 'collector at saturation',
        value: median(collectorRuns.map(run => run.perSecond)) * EVENTS_PER_REQUEST,
        unit: 'events/s',
      },
      {
        name: 'answered 503 meanwhile',
        value: collectorRuns.reduce((sum, run) => sum + run.refused, 0),
        unit: 'requests',
      },
      {
        name: `answers at ${Math.round(perSecond)} requests/s (60 %), p50`,
        value: percentile(windows.flat(), 0.5),
        unit: 'ms',
      },
      {
        name: `answers at ${Math.round(perSecond)} requests/s (60 %), p99, median of ${WINDOWS} windows`,
        value: median(slowest),
        unit: 'ms',
        reference: {
          name: 'file, written and flushed',
          value: median(flushedWindows.map(latencies => percentile(latencies, 0.99))),
        },
        target: { max: P99 },
      },
      { name: 'the same, worst window', value: Math.max(...slowest), unit: 'ms' },
    ]
  } finally {
    for (const { child } of servers) child.kill('SIGKILL')
    await Promise.all(servers.map(({ child }) => once(child, 'exit')))
    rmSync(dir, { recursive: true, force: true })
  }
}

export interface Server {
  readonly child: ChildProcess
  readonly port: number
}

export async function startServer(kind: 'bare' | 'flushed' | 'collector', dir: string): Promise<Server> {
  const child = fork(join(import.meta.dirname, 'collector-server.ts'), [kind, dir])
  const [message] = (await once(child, 'message')) as [{ port: number }]
  return { child, port: message.port }
}

/** CPU time of the server's process so far, of all its threads. */
export async function cpuSeconds({ child }: Pick<Server, 'child'>): Promise<number> {
  child.send('usage')
  const [message] = (await once(child, 'message')) as [{ cpuSeconds: number }]
  return message.cpuSeconds
}

export interface Saturation {
  readonly perSecond: number
  readonly perCpuSecond: number
  /** Answers of 503, which a server out of capacity gives. */
  readonly refused: number
}

/** As much as the server takes: every connection sends as soon as it has its answer. After a 503 it pauses and connects again. */
export async function saturate(server: Server, requests: readonly Buffer[]): Promise<Saturation> {
  let answered = 0
  let refused = 0
  let next = 0
  const request = (): Buffer => requests[next++ % requests.length] as Buffer
  await using connections = await openConnections(server.port, {
    answered(connection) {
      answered++
      connection.write(request())
    },
    refused(_, fresh) {
      refused++
      fresh.write(request())
    },
  })
  for (const connection of connections.open) connection.write(request())
  await pause(WARM_UP_MS)
  const before = { answered, cpu: await cpuSeconds(server), at: performance.now() }
  await pause(MEASURE_MS)
  const count = answered - before.answered
  const seconds = (performance.now() - before.at) / 1_000
  const cpu = (await cpuSeconds(server)) - before.cpu
  return { perSecond: count / seconds, perCpuSecond: count / cpu, refused }
}

/**
 * Requests at random instants, as visitors come, whatever the answers. Latency counts from the instant when a request
 * was due: a server that stalls pays for all that
 * came meanwhile, and a request that gets 503 is repeated. Returns the latencies in ms of each window of time.
 */
export async function openLoop(
  server: Server,
  requests: readonly Buffer[],
  perSecond: number,
): Promise<number[][]> {
  const windows: number[][] = Array.from({ length: WINDOWS }, () => [])
  const due: number[] = []
  const idle: Socket[] = []
  const dueOf = new Map<Socket, number>()
  let next = 0
  const send = (connection: Socket): void => {
    const at = due.shift()
    if (at === undefined) return void idle.push(connection)
    dueOf.set(connection, at)
    connection.write(requests[next++ % requests.length] as Buffer)
  }
  const measureFrom = performance.now() + WARM_UP_MS
  await using connections = await openConnections(server.port, {
    answered(connection) {
      const at = dueOf.get(connection) as number
      windows[Math.floor((at - measureFrom) / WINDOW_MS)]?.push(performance.now() - at)
      send(connection)
    },
    refused(connection, fresh) {
      dueOf.set(fresh, dueOf.get(connection) as number)
      dueOf.delete(connection)
      fresh.write(requests[next++ % requests.length] as Buffer)
    },
  })
  idle.push(...connections.open)
  const random = createRandom(7).next
  const end = measureFrom + WINDOWS * WINDOW_MS
  for (let at = performance.now(); at < end;) {
    while (at <= performance.now()) {
      due.push(at)
      at += (-Math.log(1 - random()) * 1_000) / perSecond
    }
    // In turn: one that isn't used for long is closed by the server.
    while (due.length > 0 && idle.length > 0) send(idle.shift() as Socket)
    await pause(1)
  }
  await pause(500)
  return windows
}

interface Connections extends AsyncDisposable {
  readonly open: ReadonlySet<Socket>
}

interface OnAnswer {
  answered(connection: Socket): void
  /** The server answered 503 on the first connection; the second one takes its place after a pause. */
  refused(connection: Socket, fresh: Socket): void
}

/** Connections that report each answer. All answers of 200 here end in `ok`, and one is awaited at a time. */
async function openConnections(port: number, { answered, refused }: OnAnswer): Promise<Connections> {
  const open = new Set<Socket>()
  let isClosed = false
  async function add(): Promise<Socket> {
    const connection = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(connection, 'connect')
    open.add(connection)
    connection.on('data', chunk => {
      if (!open.has(connection)) return
      if (chunk.toString('latin1', 9, 12) === '503') void replace(connection)
      else if (chunk[9] !== 0x32) throw new Error(`the server answered ${chunk.toString('latin1', 0, 300)}`)
      else if (chunk[chunk.length - 1] === 0x6b && chunk[chunk.length - 2] === 0x6f) answered(connection)
    })
    return connection
  }
  async function replace(connection: Socket): Promise<void> {
    open.delete(connection)
    connection.destroy()
    await pause(REFUSED_MS)
    if (isClosed) return
    const fresh = await add()
    if (isClosed) fresh.destroy()
    else refused(connection, fresh)
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, add))
  return {
    open,
    async [Symbol.asyncDispose]() {
      isClosed = true
      for (const connection of open) connection.destroy()
    },
  }
}

/** Posts of the browser tracker, as it sends them, of different visitors. */
export function createRequests(): Buffer[] {
  const random = createRandom(1).next
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('')
  const uuid = (): string => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`
  return Array.from({ length: 500 }, () => {
    const visitor = { sid: uuid(), duid: uuid(), vid: '1' }
    const body = JSON.stringify({
      schema: 'iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4',
      data: Array.from({ length: EVENTS_PER_REQUEST }, (_, index) => {
        const event = {
          e: 'pv',
          url: `https://shop.example/product/${hex(6)}?ref=list`,
          page: '',
          eid: uuid(),
          tv: 'js-4.10.1',
          tna: 'sp1',
          aid: 'shop',
          p: 'web',
          cookie: '1',
          cs: 'UTF-8',
          lang: 'en-GB',
          res: '1920x1080',
          cd: '24',
          tz: 'Europe/Berlin',
          dtm: String(1_795_200_000_000 + index * 900),
          co: `{"schema":"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0","data":[{"schema":"iglu:com.snowplowanalytics.snowplow/web_page/jsonschema/1-0-0","data":{"id":"${uuid()}"}}]}`,
          vp: '1440x900',
          ds: '1440x2300',
          ...visitor,
          stm: '1795200005000',
        }
        event.page = 'x'.repeat(Math.max(0, EVENT_BYTES - JSON.stringify(event).length))
        return event
      }),
    })
    const head = [
      'POST /com.snowplowanalytics.snowplow/tp2 HTTP/1.1',
      'Host: collect.shop.example',
      'Connection: keep-alive',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
      'Content-Type: application/json; charset=UTF-8',
      'Accept: */*',
      'Origin: https://shop.example',
      'Referer: https://shop.example/',
      'Accept-Encoding: gzip, deflate, br, zstd',
      'Accept-Language: en-GB,en;q=0.9',
      `Cookie: sp=${uuid()}`,
      '',
      '',
    ].join('\r\n')
    return Buffer.from(head + body)
  })
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
