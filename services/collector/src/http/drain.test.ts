import { describe, expect, test } from 'vitest'
import { startCollector } from './server.ts'
import { ask, openClient } from '../testing/client.ts'
import { httpRequest, partsOf, payloadData, recordingLog, recordingLogger, TP2 } from '../testing/parts.ts'

const post = (visitor = 'd'): Buffer => httpRequest('POST', TP2, {}, payloadData({ e: 'pv', duid: visitor }))

/** A log whose appends wait until the test opens it. */
function gatedLog() {
  const gate = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const log = recordingLog(() => {
    asked.resolve()
    return gate.promise
  })
  return { log, open: gate.resolve, asked: asked.promise }
}

describe('on SIGTERM, the collector', () => {
  test('answers what is in flight, and stops only then', async () => {
    const { log, open, asked } = gatedLog()
    const collector = await startCollector(partsOf(log, { drain: { idleMs: 1 } }))
    using client = await openClient(collector.port)
    client.send(post())
    await asked
    let isStopped = false
    const closed = collector.close().then(() => {
      isStopped = true
    })
    await expect(openClient(collector.port)).rejects.toThrow('ECONNREFUSED')
    expect(isStopped).toBe(false)
    open()
    const answer = await client.answer()
    expect([answer.status, answer.headers['connection']]).toEqual([200, 'close'])
    await closed
    expect(log.records).toHaveLength(1)
  })

  test('takes what is under way on connections that are open', async () => {
    const log = recordingLog()
    const collector = await startCollector(partsOf(log, { drain: { idleMs: 60_000 } }))
    using used = await openClient(collector.port)
    using fresh = await openClient(collector.port)
    using halfway = await openClient(collector.port)
    expect((await used.ask(post())).status).toBe(200)
    const body = payloadData({ e: 'pv', duid: 'd' })
    halfway.send(
      `POST ${TP2} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
    )
    // What has been answered after it has been received, so the half request is there.
    expect((await used.ask(post())).status).toBe(200)

    const closed = collector.close()
    for (const [client, bytes] of [
      [used, post()],
      [fresh, post()],
      [halfway, body.slice(10)],
    ] as const) {
      const answer = await client.ask(bytes)
      expect([answer.status, answer.headers['connection']]).toEqual([200, 'close'])
      await client.closed
    }
    await closed
    expect(log.records).toHaveLength(5)
  })

  test('closes connections on which nothing comes', async () => {
    const collector = await startCollector(partsOf(recordingLog(), { drain: { idleMs: 1 } }))
    using used = await openClient(collector.port)
    using fresh = await openClient(collector.port)
    expect((await used.ask(post())).status).toBe(200)
    await collector.close()
    await Promise.all([used.closed, fresh.closed])
  })

  test('first says that it is not ready, while it still takes events', async () => {
    const log = recordingLog()
    const collector = await startCollector(partsOf(log, { drain: { announceMs: 300, idleMs: 1 } }))
    expect(collector.ready()).toEqual({ ok: true })
    const closed = collector.close()
    expect(collector.ready()).toEqual({ ok: false, reason: 'stopping' })
    const health = await ask(collector.port, httpRequest('GET', '/health'))
    expect([health.status, health.body]).toEqual([503, 'stopping'])
    expect((await ask(collector.port, post())).status).toBe(200)
    await closed
    expect(log.records).toHaveLength(1)
  })

  test('does not wait longer than the grace for a log that is stuck', async () => {
    const { log, asked } = gatedLog()
    const logger = recordingLogger()
    const collector = await startCollector(partsOf(log, { drain: { idleMs: 1, graceMs: 20 } }, { logger }))
    using client = await openClient(collector.port)
    client.send(post())
    await asked
    await collector.close()
    await expect(client.answer()).rejects.toThrow('ended without an answer')
    expect(logger.lines).toContainEqual(['warn', 'closing connections that are still in use'])
  })

  test('does not wait for a page that never ends', async () => {
    const collector = await startCollector(
      partsOf(
        recordingLog(),
        { drain: { idleMs: 1 } },
        { fallback: (_req, res) => void res.write('forever') },
      ),
    )
    using client = await openClient(collector.port)
    client.send(httpRequest('GET', '/'))
    await new Promise(resolve => client.socket.once('data', resolve))
    await collector.close()
  })

  test('stops once, however often it is asked to', async () => {
    const collector = await startCollector(partsOf(recordingLog(), { drain: { idleMs: 1 } }))
    const first = collector.close()
    expect(collector.close()).toBe(first)
    await first
  })

  test('loses and refuses nothing under load: every answer is 200 and in the log', async () => {
    const log = recordingLog(() => new Promise(resolve => setImmediate(resolve)))
    const collector = await startCollector(partsOf(log))
    const accepted: string[] = []
    const refused: number[] = []
    let sent = 0
    const half = Promise.withResolvers<void>()

    /** Sends one request after the other, as long as its connection is kept. */
    async function visitor(): Promise<void> {
      using client = await openClient(collector.port)
      for (;;) {
        const id = `visitor-${++sent}`
        if (sent === 500) half.resolve()
        const { status, headers } = await client.ask(post(id))
        if (status === 200) accepted.push(id)
        else refused.push(status)
        if (headers['connection'] === 'close') return
      }
    }
    const visitors = Promise.all(Array.from({ length: 20 }, visitor))
    await half.promise
    await collector.close()
    await visitors
    expect(refused).toEqual([])
    expect(accepted).toHaveLength(sent)
    expect(log.records.map(record => record.visitor).toSorted()).toEqual(accepted.toSorted())
  })
})
