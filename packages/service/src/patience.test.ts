import type { World } from '@sluicebox/stream/driver/world'
import { expect, test } from 'vitest'
import { createPatience } from './patience.ts'

/** A patience whose waits end at once, with the reasons that it reports and the waits that it asks for. */
function patience(signal = new AbortController().signal, onWaitMs: (ms: number) => void = () => {}) {
  const reasons: (string | undefined)[] = []
  const waits: number[] = []
  const world: World = {
    now: () => 0,
    random: () => 1,
    async wait(ms) {
      waits.push(ms)
      onWaitMs(ms)
    },
  }
  const logger = { info() {}, warn() {} }
  const patiently = createPatience({ logger, signal, onWait: reason => reasons.push(reason), world })
  return { patiently, reasons, waits }
}

/** Fails as often as the test says, then returns. */
function failing(times: number): () => Promise<string> {
  let tries = 0
  return async () => {
    if (tries++ < times) throw new Error(`down ${tries}`)
    return 'up'
  }
}

test('reports nothing when the first attempt succeeds', async () => {
  const { patiently, reasons, waits } = patience()
  expect(await patiently('the log', failing(0))).toBe('up')
  expect({ reasons, waits }).toEqual({ reasons: [], waits: [] })
})

test('waits longer each time, up to ten seconds, and says for what and why', async () => {
  const { patiently, reasons, waits } = patience()
  expect(await patiently('the log', failing(8))).toBe('up')
  expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000])
  expect(reasons.at(0)).toBe('waiting for the log: down 1')
  expect(reasons.at(-2)).toBe('waiting for the log: down 8')
  expect(reasons.at(-1)).toBeUndefined()
})

test('rejects at once with an error that waiting does not fix', async () => {
  const { patiently, waits } = patience()
  await expect(patiently('the log', failing(1), () => true)).rejects.toThrow('down 1')
  expect(waits).toEqual([])
})

test.each(['while it waits', 'while a server does not answer'])(
  'ends with the reason of the stop %s',
  async when => {
    const stop = new AbortController()
    const reason = new Error('stopping')
    const { patiently } = patience(stop.signal, () => stop.abort(reason))
    const never = (): Promise<never> => {
      setImmediate(() => stop.abort(reason))
      return new Promise(() => {})
    }
    await expect(patiently('the log', when === 'while it waits' ? failing(9) : never)).rejects.toBe(reason)
  },
)

test('makes no further attempt once it is stopping', async () => {
  const reason = new Error('stopping')
  let asked = false
  const { patiently } = patience(AbortSignal.abort(reason))
  const ask = async (): Promise<void> => void (asked = true)
  await expect(patiently('the log', ask)).rejects.toBe(reason)
  expect(asked).toBe(false)
})
