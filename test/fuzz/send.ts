import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BytesShape, HttpShape, Shape } from './requests.ts'

/** A status, or what came in its place: the connection closed, the client left by itself, or no answer in time. */
export type Answer = number | 'closed' | 'left' | 'late'

export const ANSWER_WITHIN_MS = 10_000

export interface Sender {
  send(shape: Shape): Promise<Answer>
  close(): void
}

export function createSender(url: string, connections: number): Sender {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const { hostname, port } = new URL(url)
  const place = { host: hostname, port: Number(port) }
  return {
    send: shape => (shape.kind === 'http' ? sendHttp(place, agent, shape) : sendBytes(place, shape)),
    close: () => agent.destroy(),
  }
}

interface Place {
  readonly host: string
  readonly port: number
}

async function sendHttp(place: Place, agent: Agent, shape: HttpShape): Promise<Answer> {
  const { method, path, body, pauseMs, leaves } = shape
  const headers = { ...shape.headers, ...(method === 'POST' ? { 'content-length': body.length } : {}) }
  return new Promise(resume => {
    const sent = request({ ...place, agent, method, path, headers }, answer => {
      answer.resume()
      answer.once('close', () => end(answer.statusCode ?? 'closed'))
    })
    const timer = setTimeout(() => end('late'), ANSWER_WITHIN_MS + pauseMs)
    function end(outcome: Answer): void {
      clearTimeout(timer)
      resume(outcome)
      if (typeof outcome !== 'number') sent.destroy()
    }
    sent.on('error', () => end('closed'))
    if (pauseMs === 0 && !leaves) return void sent.end(body)
    const half = body.length >> 1
    sent.write(body.subarray(0, half))
    void sleep(pauseMs).then(() => (leaves ? end('left') : sent.end(body.subarray(half))))
  })
}

async function sendBytes(place: Place, { bytes }: BytesShape): Promise<Answer> {
  return new Promise(resume => {
    let head = ''
    const socket = connect(place, () => socket.end(bytes))
    const timer = setTimeout(() => {
      resume('late')
      socket.destroy()
    }, ANSWER_WITHIN_MS)
    socket.on('data', chunk => {
      if (head.length < 12) head += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]
      resume(status === undefined ? 'closed' : Number(status))
    })
  })
}
