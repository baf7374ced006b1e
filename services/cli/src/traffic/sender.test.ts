import { describe, expect, test } from 'vitest'
import { createSender } from './sender.ts'

function fakeCollector(answers: (number | Error)[], retryAfter?: string) {
  const bodies: string[] = []
  const waits: number[] = []
  const fetch = (async (_url: unknown, init: { body: string }) => {
    bodies.push(init.body)
    const answer = answers.shift() ?? 200
    if (answer instanceof Error) throw answer
    const events = init.body.split('\n').length
    return new Response(JSON.stringify({ accepted: events, bad: 0 }), {
      status: answer,
      ...(retryAfter === undefined ? {} : { headers: { 'retry-after': retryAfter } }),
    })
  }) as unknown as typeof globalThis.fetch
  const wait = async (ms: number): Promise<void> => {
    waits.push(ms)
  }
  return {
    bodies,
    waits,
    parts: { to: 'http://collector.test', fetch, wait, random: () => 0, inFlightMax: 1 },
  }
}

describe('createSender', () => {
  test('sends every event once, in order, in batches', async () => {
    const { bodies, parts } = fakeCollector([])
    const sender = createSender({ ...parts, eventsMax: 3 })
    for (let i = 0; i < 10; i++) await sender.send(`{"i":${i}}`)
    await sender.flush()
    expect(bodies.join('\n').split('\n')).toEqual(Array.from({ length: 10 }, (_, i) => `{"i":${i}}`))
    expect(bodies.every(body => body.split('\n').length <= 3)).toBe(true)
    expect(sender.counts).toMatchObject({ accepted: 10, retries: 0 })
  })

  test('retries after 503 as Retry-After says, and after a broken connection', async () => {
    const { bodies, waits, parts } = fakeCollector([503, new Error('reset'), 200], '2')
    const sender = createSender(parts)
    await sender.send('{"a":1}')
    await sender.flush()
    expect(bodies).toEqual(['{"a":1}', '{"a":1}', '{"a":1}'])
    expect(waits).toEqual([2000, 200])
    expect(sender.counts).toEqual({ accepted: 1, bad: 0, requests: 3, retries: 2 })
  })

  test.each([400, 413, 422])(
    'gives up at once on %d, and says what the collector responded',
    async status => {
      const { bodies, parts } = fakeCollector([status])
      const sender = createSender(parts)
      await sender.send('{"a":1}')
      await expect(sender.flush()).rejects.toThrow(`refused the events: ${status}`)
      expect(bodies).toHaveLength(1)
    },
  )

  test('gives up after a bounded number of attempts', async () => {
    const { bodies, parts } = fakeCollector([503, 503, 503, 503])
    const sender = createSender({ ...parts, attemptsMax: 3 })
    await sender.send('{"a":1}')
    await expect(sender.flush()).rejects.toThrow('after 3 attempts')
    expect(bodies).toHaveLength(3)
  })
})
