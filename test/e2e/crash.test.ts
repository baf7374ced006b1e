// kill -9 of the whole pipeline under load, several times: nothing accepted is missing, nothing counts twice.
import { expect, onTestFinished, test } from 'vitest'
import { eventually, json, post, succeed, temporaryDir, up } from './sluicebox.ts'

const KILLS = 4
const SESSIONS = 40
const EVENTS_PER_SESSION = 12
/** Events accepted before each kill, of 480. */
const EVENTS_PER_KILL = 80

interface Good {
  readonly kind: string
  readonly event_id: string
  readonly source_partition: number
  readonly source_position: string
  readonly source_index: number
}

interface Scored {
  readonly kind: 'update' | 'final'
  readonly session_id: string
  readonly n: number
  readonly event_id: string | null
  readonly session_event_count: number
  readonly goal_reached: boolean | null
}

/** Every session's events in order; the last of every fourth session is the goal. */
function sessionEvents(session: number): object[] {
  return Array.from({ length: EVENTS_PER_SESSION }, (_, index) => ({
    event_id: `s${session}-e${index}`,
    session_id: `s${session}`,
    visitor_id: `v${session}`,
    action: session % 4 === 0 && index === EVENTS_PER_SESSION - 1 ? 'transaction' : 'product_view',
    product: { id: `p${index % 5}`, price: 10 + index },
  }))
}

test('kill -9 under load, restarted: all that was accepted is scored once, in unbroken numbers, as a replay would', async () => {
  const data = temporaryDir(onTestFinished)
  let pipeline = await up(data)
  let isOver = false
  let acceptedCount = 0

  // A client of a session sends one event after another and repeats each until it is accepted, as trackers do. What was
  // in doubt when the process died is sent twice: with the same event id.
  const clients = Array.from({ length: SESSIONS }, async (_, session) => {
    for (const event of sessionEvents(session)) {
      await eventually(async () => {
        const response = await post(`${pipeline.url}/v1/events`, event).catch(() => undefined)
        await response?.text().catch(() => '')
        if (response?.ok === true) return true
        if (isOver) throw new Error('the test ended before the client was done')
        return undefined
      }, 20)
      acceptedCount++
    }
  })
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      await eventually(() => acceptedCount >= (kill + 1) * EVENTS_PER_KILL || undefined, 5)
      await pipeline.kill()
      pipeline = await up(data)
    }
    await Promise.all(clients)
    expect(await pipeline.stop()).toBe(0)
  } finally {
    isOver = true
    await pipeline.kill()
  }
  await succeed('drain', '--data', data, '--close')

  const good = (await json<Good>('tail', 'good', '--data', data)).filter(event => event.kind === 'event')
  const accepted = Array.from({ length: SESSIONS }, (_, session) => sessionEvents(session)).flat()
  const ids = new Set(good.map(event => event.event_id))
  expect(ids.size).toBe(accepted.length)
  const coordinates = good.map(
    event => `${event.source_partition}/${event.source_position}/${event.source_index}`,
  )
  expect(new Set(coordinates).size, 'an event came out twice').toBe(coordinates.length)
  expect(await json('tail', 'bad', '--data', data)).toEqual([])

  const scored = await json<Scored>('tail', 'scored', '--data', data)
  for (let session = 0; session < SESSIONS; session++) {
    const own = scored.filter(score => score.session_id === `s${session}`)
    const isBuyer = session % 4 === 0
    const updates = EVENTS_PER_SESSION - (isBuyer ? 1 : 0)
    expect(own.map(score => score.n)).toEqual(Array.from({ length: updates + 1 }, (_, index) => index + 1))
    expect(own.filter(score => score.kind === 'update').map(score => score.event_id)).toEqual(
      Array.from({ length: updates }, (_, index) => `s${session}-e${index}`),
    )
    expect(own.at(-1)).toMatchObject({
      kind: 'final',
      session_event_count: EVENTS_PER_SESSION,
      goal_reached: isBuyer,
    })
  }

  const [verified] = await json<{ compared: number; differing: number; missing: number; extra: number }>(
    'verify',
    '--data',
    data,
  )
  expect(verified).toMatchObject({ compared: scored.length, differing: 0, missing: 0, extra: 0 })
  const [archive] = await json<{ faults: unknown[] }>('archive', 'verify', '--data', data)
  expect(archive?.faults).toEqual([])
})
