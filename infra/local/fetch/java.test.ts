import { expect, test } from 'vitest'
import { javaArgs, javaProblem } from './java.ts'

test.each([
  [undefined, /^Java is missing: install Java 17 or newer/],
  [{ major: 11, build: '' }, /^Java 11 is too old for the servers: install Java 17 or newer/],
])('%o: %s', (java, message) => {
  expect(javaProblem(java)).toMatch(message)
})

test.each([17, 21])('Java %i will do', major => {
  expect(javaProblem({ major, build: '' })).toBeUndefined()
})

test('only a server for a test is compiled quickly', () => {
  const args = (compile: 'quick' | 'full') => javaArgs({ heapMb: 64, dir: '/d', compile })
  expect(args('quick')).toContain('-XX:TieredStopAtLevel=1')
  expect(args('full')).not.toContain('-XX:TieredStopAtLevel=1')
})
