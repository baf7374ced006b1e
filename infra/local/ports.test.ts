import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { freePorts, isFree, needFreePorts } from './ports.ts'

async function listen(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

test('free ports are different, free, and below those of outgoing connections', async () => {
  const ports = await freePorts(20)
  expect(new Set(ports).size).toBe(20)
  expect(ports.every(port => port < 32_768)).toBe(true)
  expect(await Promise.all(ports.map(isFree))).toEqual(ports.map(() => true))
})

test('a port is given out once only, though nobody listens there yet', async () => {
  const [taken] = (await freePorts(1)) as [number]
  const candidates = [taken, taken, taken + 1, taken + 2, taken + 3]
  const [port] = (await freePorts(1, () => candidates.shift()!)) as [number]
  expect(port).toBeGreaterThan(taken)
  expect(await isFree(taken)).toBe(true)
})

test('a port where somebody listens is not free, and the message says which', async () => {
  const port = await listen()
  expect(await isFree(port)).toBe(false)
  await expect(needFreePorts([port])).rejects.toThrow(`Port ${port} of 127.0.0.1 is taken`)
})
