import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { applyChanges, MISTAKES } from './changes.ts'

const ROOT = resolve(import.meta.dirname, '../../..')

describe('every planted mistake fits the code as it is now', () => {
  test.each(Object.entries(MISTAKES))('%s', (name, { changes }) => {
    for (const file of new Set(changes.map(change => change.file))) {
      const text = readFileSync(join(ROOT, file), 'utf8')
      expect(applyChanges(name, file, text)).not.toBe(text)
    }
  })
})

test('one that does not fit says so', () => {
  expect(() => applyChanges('swallow', MISTAKES.swallow.changes[0].file, 'another text')).toThrow(
    'the planted mistake swallow does not fit any more',
  )
  expect(() => applyChanges('nothing', 'file', 'text')).toThrow('no planted mistake called nothing')
})
