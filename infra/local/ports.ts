// Ports on loopback for servers that need their port before they start.
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

// Below the ports that systems hand out to outgoing connections: a server that was killed must find its own port free when it
// starts again, and not taken by some client in the meantime.
const FIRST = 20_000
const LAST = 32_000

/** Ports on 127.0.0.1 where nobody listens now. They are given out once only while this process runs, by no other either. */
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
 * Whether nobody else has reserved the port. Servers take seconds to listen, and another test run would find their
 * ports free until then: so the UDP port of the same number, which no server here uses, is held as a sign.
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

/** Whether nobody listens on this port of 127.0.0.1. */
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

/** Rejects when somebody listens on one of these ports. */
export async function needFreePorts(ports: readonly number[]): Promise<void> {
  for (const port of ports)
    if (!(await isFree(port)))
      throw new Error(`Port ${port} of 127.0.0.1 is taken: end what listens there, or choose another port.`)
}
