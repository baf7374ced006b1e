import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { HEAP_FLAGS } from './heap.ts'

const run = promisify(execFile)

// V8 ignores a flag that it doesn't know when it is set in a running process.
test.each(HEAP_FLAGS)('this Node.js knows %s', async flag => {
  await expect(run(process.execPath, [flag, '--eval', ''])).resolves.toBeDefined()
})

test('a Node.js ends with 9 at a flag that it does not know', async () => {
  await expect(run(process.execPath, ['--heap-growing-fraction=3', '--eval', ''])).rejects.toMatchObject({
    code: 9,
  })
})
