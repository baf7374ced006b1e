/**
 * Resolves once `signal` has aborted, or at once when it has aborted before. Keeps a listener on the signal until then:
 * for a wait that is repeated under one signal, use `unlessAborted`.
 */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/**
 * The result of `asked`, or undefined when `signal` aborts first. For a wait on something that may never come, such as
 * the answer of a server: a shutdown must not wait for it. Drops a rejection that arrives after the abort. Leaves no
 * listener on the signal.
 */
export async function unlessAborted<T>(asked: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const ended = Promise.withResolvers<undefined>()
  const end = (): void => ended.resolve(undefined)
  if (signal.aborted) end()
  else signal.addEventListener('abort', end, { once: true })
  try {
    return await Promise.race([asked, ended.promise])
  } finally {
    signal.removeEventListener('abort', end)
    asked.catch(() => {})
  }
}
