import type { Socket } from 'node:net'
import { passOn, type Connection } from './connection.ts'
import { createFaultScript, type Armed, type Fault } from './faults.ts'
import { listen, type Address, type Listener } from './listener.ts'

// Stands between Kafka's clients and its brokers: each broker has an address here, which it also names to its clients.
// Nothing is rewritten; what is scripted goes wrong.

export interface ProxyParts {
  /** Where to listen for each broker, in their order: a port, or 0 for any free one. */
  readonly ports: readonly number[]
}

export interface KafkaProxy extends AsyncDisposable {
  /** host:port of each broker, to give to clients and to the brokers as what they advertise. */
  readonly addresses: readonly string[]
  /** Says where the brokers really are. Clients that come before wait. */
  pointTo(addresses: readonly string[]): void
  arm(fault: Fault): Armed
  /** No more faults. */
  disarm(): void
  /** Ends the connections that are open now, or those of one client. */
  cutConnections(which?: { readonly clientId?: string; readonly broker?: number }): number
  /** How often faults have struck, by `<effect> <api>`. */
  counts(): Record<string, number>
}

export async function startProxy({ ports }: ProxyParts): Promise<KafkaProxy> {
  const script = createFaultScript()
  const connections = new Set<Connection>()
  const sockets = new Set<Socket>()
  const pointed = Promise.withResolvers<readonly string[]>()
  let upstreams: readonly string[] = []

  async function accept(client: Socket, broker: number): Promise<void> {
    sockets.add(client)
    client.once('close', () => sockets.delete(client))
    client.on('error', () => client.destroy())
    await pointed.promise
    if (client.destroyed) return
    const upstream = parseAddress(upstreams[broker]!)
    const onServerEnd = (): void => listeners[broker]!.follow(upstream)
    const connection = passOn({ client, broker, upstream, strike: script.next, onServerEnd })
    connections.add(connection)
    client.once('close', () => connections.delete(connection))
  }

  const listeners: readonly Listener[] = await Promise.all(
    ports.map((port, broker) => listen(port, client => void accept(client, broker))),
  )
  return {
    addresses: listeners.map(({ port }) => `127.0.0.1:${port}`),
    pointTo(addresses) {
      if (addresses.length !== ports.length)
        throw new Error(`the proxy stands before ${ports.length} brokers, not ${addresses.length}`)
      upstreams = addresses
      pointed.resolve(addresses)
    },
    arm: script.arm,
    disarm: script.disarmAll,
    cutConnections({ clientId, broker } = {}) {
      let count = 0
      for (const connection of connections) {
        if (clientId !== undefined && connection.clientId !== clientId) continue
        if (broker !== undefined && connection.broker !== broker) continue
        connection.cut()
        count++
      }
      return count
    },
    counts: script.counts,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      for (const connection of connections) connection.cut()
      await Promise.all(listeners.map(listener => listener.close()))
    },
  }
}

function parseAddress(address: string): Address {
  const at = address.lastIndexOf(':')
  return { host: address.slice(0, at), port: Number(address.slice(at + 1)) }
}
