import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createRawSink } from './raw-sink.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const record = { key: 'k', value: new Uint8Array([1]) }

/** A sink over a log whose answers the test gives. */
function sinkOf() {
  const answers: PromiseWithResolvers<void>[] = []
  const appended: number[] = []
  const calls: unknown[] = []
  let at = 0
  const sink = createRawSink({
    log: {
      append(stream, records) {
        calls.push([stream, records])
        const answer = Promise.withResolvers<void>()
        answers.push(answer)
        return answer.promise
      },
    },
    appendMs: 1_000,
    appended: seconds => appended.push(seconds),
    now: () => at,
  })
  return {
    sink,
    answers,
    appended,
    calls,
    async pass(ms: number) {
      at += ms
      await vi.advanceTimersByTimeAsync(ms)
    },
  }
}

test('says durable when the log has said so, and how long it took', async () => {
  const { sink, answers, appended, calls, pass } = sinkOf()
  const append = sink.append([record])
  await pass(0)
  let known: boolean | undefined
  void append.isDurable.then(isDurable => {
    known = isDurable
  })
  await pass(250)
  expect(known).toBe(undefined)
  answers[0]?.resolve()
  expect(await append.isDurable).toBe(true)
  expect(calls).toEqual([['raw', [record]]])
  expect(appended).toEqual([0.25])
  expect(sink.trouble()).toBe(undefined)
})

test('says not durable when the log refuses, and what the trouble is until it works again', async () => {
  const { sink, answers, pass } = sinkOf()
  const append = sink.append([record])
  await pass(0)
  answers[0]?.reject(new Error('the disk is full'))
  expect(await append.isDurable).toBe(false)
  await append.settled
  expect(sink.trouble()).toBe('the log refused the last records: the disk is full')
  const again = sink.append([record])
  await pass(0)
  answers[1]?.resolve()
  expect(await again.isDurable).toBe(true)
  expect(sink.trouble()).toBe(undefined)
})

test('says not durable when the log takes too long, and lets go of the records only once it is done', async () => {
  const { sink, answers, pass } = sinkOf()
  const append = sink.append([record])
  await pass(0)
  let isSettled = false
  void append.settled.then(() => {
    isSettled = true
  })
  await pass(1_000)
  expect(await append.isDurable).toBe(false)
  expect(isSettled).toBe(false)
  expect(sink.trouble()).toBe(undefined)
  await pass(1)
  expect(sink.trouble()).toBe('the log has not answered for 1 seconds')
  answers[0]?.resolve()
  await append.settled
  expect(isSettled).toBe(true)
  expect(sink.trouble()).toBe(undefined)
})

test('leaves no timer behind', async () => {
  const { sink, answers, pass } = sinkOf()
  const append = sink.append([record])
  await pass(0)
  answers[0]?.resolve()
  await append.settled
  expect(vi.getTimerCount()).toBe(0)
})

test('appends together, in order, what comes in one turn of the event loop', async () => {
  const { sink, answers, calls, appended, pass } = sinkOf()
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(key => ({ ...record, key })) as [
    typeof record,
    typeof record,
    typeof record,
    typeof record,
  ]
  const first = sink.append([a, b])
  const second = sink.append([c])
  await pass(0)
  const third = sink.append([d])
  await pass(0)
  expect(calls).toEqual([
    ['raw', [a, b, c]],
    ['raw', [d]],
  ])
  answers[0]?.reject(new Error('the disk is full'))
  answers[1]?.resolve()
  expect(await Promise.all([first, second, third].map(append => append.isDurable))).toEqual([
    false,
    false,
    true,
  ])
  expect(appended).toHaveLength(1)
})

test('a log that throws at once is a log that refuses', async () => {
  const sink = createRawSink({
    log: {
      append() {
        throw new Error('closed')
      },
    },
    appendMs: 1_000,
    appended: () => {},
  })
  const append = sink.append([record])
  await vi.advanceTimersByTimeAsync(0)
  expect(await append.isDurable).toBe(false)
  expect(sink.trouble()).toBe('the log refused the last records: closed')
})
