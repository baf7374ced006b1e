// Ports on loopback for servers that need their port before they start.
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

// Below the ports that systems use for outgoing connections: a server that was killed must find its port free when it
// starts again, not taken by a client meanwhile.
const FIRST = 20_000
const LAST = 32_000

/**
 * Returns ports on 127.0.0.1 where no process listens now. While this process runs, no process gives them out again.
 */
export async function freePorts(count: number, draw = drawPort): Promise<number[]> {
  const found: number[] = []
  for (let tries = 0; found.length < count; tries++) {
    if (tries > 1000) throw new Error(`No ${count} free ports on 127.0.0.1 between ${FIRST} and ${LAST}.`)
    const port = draw()
    if ((await reserve(port)) && (await isFree(port))) found.push(port)
  }
  return found
}

const drawPort = (): number => randomInt(FIRST, LAST)

/**
 * Reserves the port, and returns whether that worked. Servers take seconds until they listen, and another test run
 * would find their ports free until then. So the UDP port with the same number, which no server here uses, is held as a
 * sign.
 */
async function reserve(port: number): Promise<boolean> {
  const sign = createSocket('udp4').unref()
  try {
    sign.bind({ address: '127.0.0.1', port, exclusive: true })
    await once(sign, 'listening')
    return true
  } catch {
    sign.close()
    return false
  }
}

/** Whether this port of 127.0.0.1 is free. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen({ host: '127.0.0.1', port, exclusive: true })
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}

/** Rejects when a process listens on one of these ports. */
export async function needFreePorts(ports: readonly number[]): Promise<void> {
  for (const port of ports)
    if (!(await isFree(port)))
      throw new Error(`Port ${port} of 127.0.0.1 is taken: end what listens there, or choose another port.`)
}
