import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Effect, Fault, Request } from './faults.ts'
import { createFrameSplitter, readCorrelationId, readRequestHead } from './frames.ts'
import type { Address } from './listener.ts'

export interface ConnectionParts {
  readonly client: Socket
  readonly broker: number
  readonly upstream: Address
  /** What strikes a request, if anything. */
  readonly strike: (request: Request) => Fault | undefined
  /** Called when the broker has ended the connection, or did not take it. */
  readonly onServerEnd: () => void
}

export interface Connection {
  /** Empty until the first request has come. */
  readonly clientId: string
  readonly broker: number
  cut(): void
}

/** Passes one client's connection on to a broker: message by message, unchanged except by faults. */
export function passOn({ client, broker, upstream, strike, onServerEnd }: ConnectionParts): Connection {
  const server = connect(upstream)
  /** What is to happen to answers that are still out, by the number of their request. */
  const answers = new Map<number, { readonly fault: Fault; readonly request: Request }>()
  /** Numbers of requests that were sent twice: the second answer is ours. */
  const repeated = new Map<number, number>()
  const toServer = createLane(client, server)
  const toClient = createLane(server, client)
  let clientId = ''
  let isBlackHole = false

  let isCut = false

  function cut(): void {
    isCut = true
    client.destroy()
    server.destroy()
  }

  function onRequest(frame: Buffer): void {
    const head = readRequestHead(frame)
    clientId = head.clientId
    const request: Request = { ...head, broker, mentions: text => frame.includes(text) }
    const fault = strike(request)
    if (fault === undefined) toServer.send(frame)
    else if (isForAnswer(fault.effect)) {
      answers.set(head.correlationId, { fault, request })
      toServer.send(frame)
    } else toServer.run(() => inflict(fault, request, frame))
  }

  async function inflict(fault: Fault, request: Request, frame: Buffer): Promise<void> {
    const { effect } = fault
    await fault.onStrike?.(request)
    switch (effect.kind) {
      case 'cut-request':
        return cut()
      case 'black-hole':
        isBlackHole = true
        // What comes later waits for nothing as well.
        return new Promise(() => {})
      case 'delay-request':
        await sleep(effect.ms)
        break
      case 'repeat':
        repeated.set(request.correlationId, 2)
        server.write(frame)
        break
      default:
    }
    server.write(frame)
  }

  function onAnswer(frame: Buffer): void {
    if (isBlackHole) return
    const id = readCorrelationId(frame)
    const copies = repeated.get(id)
    if (copies !== undefined) {
      if (copies === 1) repeated.delete(id)
      else repeated.set(id, 1)
      if (copies === 1) return
    }
    const struck = answers.get(id)
    if (struck === undefined) return toClient.send(frame)
    answers.delete(id)
    toClient.run(async () => {
      await struck.fault.onStrike?.(struck.request)
      if (struck.fault.effect.kind === 'lose-answer') return cut()
      if ('ms' in struck.fault.effect) await sleep(struck.fault.effect.ms)
      client.write(frame)
    })
  }

  // Before `cut` receives it.
  for (const event of ['error', 'close'])
    server.once(event, () => {
      if (!isCut) onServerEnd()
    })
  pipe(client, createFrameSplitter(onRequest), cut)
  pipe(server, createFrameSplitter(onAnswer), cut)
  return {
    get clientId() {
      return clientId
    },
    broker,
    cut,
  }
}

function isForAnswer({ kind }: Effect): boolean {
  return kind === 'lose-answer' || kind === 'delay-answer'
}

function pipe(from: Socket, take: (chunk: Buffer) => void, cut: () => void): void {
  from.setNoDelay(true)
  from.on('data', chunk => {
    try {
      take(chunk)
    } catch {
      cut()
    }
  })
  // One side's end is the end of both, as without a proxy.
  from.on('error', cut)
  from.on('close', cut)
}

interface Lane {
  send(frame: Buffer): void
  /** Does something in its turn: what is sent later comes after it. */
  run(work: () => Promise<void>): void
}

/** One direction of a connection: in order, and no faster than the other end reads. */
function createLane(from: Socket, to: Socket): Lane {
  let busy: Promise<void> | undefined

  function write(frame: Buffer): void {
    if (!to.destroyed && !to.write(frame)) {
      from.pause()
      to.once('drain', () => from.resume())
    }
  }

  function run(work: () => Promise<void>): void {
    const mine = (busy ?? Promise.resolve()).then(work).finally(() => {
      if (busy === mine) busy = undefined
    })
    busy = mine
  }

  return {
    run,
    send(frame) {
      if (busy === undefined) write(frame)
      else run(async () => write(frame))
    },
  }
}
