import { describe, expect, test } from 'vitest'
import { aborted, unlessAborted } from './aborted.ts'

describe('aborted', () => {
  test('resolves at once when the signal has aborted before', async () => {
    await aborted(AbortSignal.abort())
  })

  test('resolves when the signal aborts', async () => {
    const stop = new AbortController()
    let isOver = false
    const waited = aborted(stop.signal).then(() => (isOver = true))
    await Promise.resolve()
    expect(isOver).toBe(false)
    stop.abort()
    expect(await waited).toBe(true)
  })
})

describe('unlessAborted', () => {
  test('returns what was asked for', async () => {
    expect(await unlessAborted(Promise.resolve(7), new AbortController().signal)).toBe(7)
  })

  test('rejects as what was asked for does', async () => {
    const asked = Promise.reject(new Error('refused'))
    await expect(unlessAborted(asked, new AbortController().signal)).rejects.toThrow('refused')
  })

  test('gives up a wait when the signal aborts, and drops what comes later', async () => {
    const stop = new AbortController()
    const asked = Promise.withResolvers<number>()
    const waited = unlessAborted(asked.promise, stop.signal)
    stop.abort()
    expect(await waited).toBeUndefined()
    asked.reject(new Error('too late'))
    await expect(asked.promise).rejects.toThrow('too late')
  })
})
