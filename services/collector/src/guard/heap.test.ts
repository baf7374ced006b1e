import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { loadServiceConfig } from '@sluicebox/service/config'
import { runService } from '@sluicebox/service/service'
import { setFlagsFromString } from 'node:v8'
import { expect, test, vi } from 'vitest'
import { collectorConfig } from '../config.ts'
import { HEAP_FLAGS } from './heap.ts'
import { runCollector } from '../run.ts'

vi.mock('node:v8', { spy: true })
vi.mock('@sluicebox/service/service', () => ({ runService: vi.fn(() => Promise.resolve()) }))

const run = promisify(execFile)

// In a running process V8 complains of a flag that it doesn't know, and continues.
test.each(HEAP_FLAGS)('this Node.js knows %s', async flag => {
  await expect(run(process.execPath, [flag, '--eval', ''])).resolves.toBeDefined()
})

test('a Node.js ends with 9 at a flag that it does not know', async () => {
  await expect(run(process.execPath, ['--heap-growing-fraction=3', '--eval', ''])).rejects.toMatchObject({
    code: 9,
  })
})

test('the process of a collector sets them before it starts', async () => {
  vi.mocked(setFlagsFromString).mockImplementation(() => {})
  vi.mocked(runService).mockImplementation(() => {
    expect(vi.mocked(setFlagsFromString).mock.calls.flat()).toEqual(HEAP_FLAGS)
    return Promise.resolve()
  })
  await runCollector(loadServiceConfig({ collector: collectorConfig.prefault({}) }, undefined, {}))
  expect(runService).toHaveBeenCalledOnce()
})
