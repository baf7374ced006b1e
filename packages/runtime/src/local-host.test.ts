import { expect, test } from 'vitest'
import { isLocalHost, isLoopback } from './local-host.ts'

test.each([
  ['127.0.0.1', true],
  ['127.0.0.9', true],
  ['::1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['192.0.2.7', false],
])('%s is reached from this machine only: %s', (address, expected) => {
  expect(isLoopback(address)).toBe(expected)
})

test.each([
  ['localhost', true],
  ['localhost:9464', true],
  ['127.0.0.1:9464', true],
  ['[::1]:9464', true],
  ['evil.example', false],
  ['localhost.evil.example', false],
  ['127.0.0.1.evil.example', false],
  ['', false],
  [undefined, false],
])('the host %s is a name of this machine: %s', (host, expected) => {
  expect(isLocalHost(host)).toBe(expected)
})
