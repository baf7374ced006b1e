import { afterEach, expect, test, vi } from 'vitest'
import { serverProblem, serversAvailable } from './available.ts'
import { temporaryDir } from './testing.ts'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

test('a machine with Node.js alone leaves the tests on servers out, and says so', async () => {
  vi.stubEnv('CI', undefined)
  vi.stubEnv('PATH', temporaryDir())
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  expect(await serversAvailable('kafka', 'registry')).toBe(false)
  expect(written.mock.calls.map(([text]) => text)).toEqual([
    expect.stringMatching(/^skipped: what needs a server \(kafka\)\. Java is missing: install Java 17/),
  ])
})

test('in CI that is a failure', async () => {
  vi.stubEnv('CI', 'true')
  vi.stubEnv('PATH', temporaryDir())
  await expect(serversAvailable('registry')).rejects.toThrow('Java is missing')
})

test('a store needs Go, unless it was built before', async () => {
  vi.stubEnv('PATH', temporaryDir())
  vi.stubEnv('SLUICEBOX_CACHE_DIR', temporaryDir())
  expect(await serverProblem('s3')).toMatch(/^Go is missing: install Go/)
})
