/** Resolves once `signal` has aborted, at once if it has already. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/**
 * The result of `asked`, or undefined when `signal` aborts first. For waits on a server that may never answer: the
 * shutdown must not wait for it. A rejection that arrives after the abort is dropped.
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
