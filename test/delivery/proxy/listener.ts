import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const HOST = '127.0.0.1'
const LOOK_MS = 50

export interface Address {
  readonly host: string
  readonly port: number
}

export interface Listener {
  readonly port: number
  /**
   * To be called when a connection to the broker has ended or failed: while nobody listens there, nobody listens here
   * either, so that clients see what they would see without a proxy.
   */
  follow(broker: Address): void
  close(): Promise<void>
}

/** Listens on loopback in the place of a broker. */
export async function listen(port: number, onClient: (client: Socket) => void): Promise<Listener> {
  const server = createServer(onClient)
  server.listen(port, HOST)
  await once(server, 'listening')
  const own = (server.address() as AddressInfo).port
  let following: Promise<void> | undefined
  let isClosed = false

  async function followNow(broker: Address): Promise<void> {
    if (await accepts(broker)) return
    server.close()
    while (!isClosed && !(await accepts(broker))) await sleep(LOOK_MS)
    if (isClosed) return
    server.listen(own, HOST)
    await once(server, 'listening')
  }

  return {
    port: own,
    follow(broker) {
      if (isClosed) return
      following ??= followNow(broker).finally(() => (following = undefined))
    },
    async close() {
      isClosed = true
      await following
      if (server.listening) await new Promise(resolve => server.close(resolve))
    },
  }
}

/** Whether somebody listens there. */
async function accepts(address: Address): Promise<boolean> {
  const socket = connect(address)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
