import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fileProblem } from './file-problem.ts'

test.each([
  ['a file that is not there', 'nowhere', 'there is no such file or folder'],
  ['a folder', '.', 'it is a folder, not a file'],
  ['a path through a file', 'file/inner', 'a part of its path is a file, not a folder'],
])('%s is said in words', (_what, path, problem) => {
  const dir = mkdtempSync(join(tmpdir(), 'sluicebox-files-'))
  writeFileSync(join(dir, 'file'), '')
  try {
    expect(() => {
      try {
        readFileSync(join(dir, path))
      } catch (error) {
        throw new Error(fileProblem(error), { cause: error })
      }
    }).toThrow(problem)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test('any other error says what it says itself', () => {
  expect(fileProblem(Object.assign(new Error('EACCES: …'), { code: 'EACCES' }))).toMatch(/no permission/)
  expect(fileProblem(new Error('is not a key'))).toBe('is not a key')
})
