// A collector as a team writes it: node:http and kafkajs. Each event becomes a message; what comes within 5 ms is sent
// together, and answered when all in-sync replicas have it.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Kafka } from 'kafkajs'

const GATHER_MS = 5

export async function startPeerCollector(kafka: Kafka, topic: string): Promise<number> {
  const producer = kafka.producer({ allowAutoTopicCreation: false })
  await producer.connect()
  let messages: { key: string; value: string }[] = []
  let answers: ServerResponse[] = []
  let timer: NodeJS.Timeout | undefined

  async function send(): Promise<void> {
    const [sent, waiting] = [messages, answers]
    messages = []
    answers = []
    timer = undefined
    const isSent = await producer.send({ topic, acks: -1, messages: sent }).then(
      () => true,
      () => false,
    )
    for (const res of waiting) {
      res.writeHead(isSent ? 200 : 503, { 'content-type': 'text/plain', 'content-length': '2' })
      res.end(isSent ? 'ok' : 'no')
    }
  }

  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const { data } = JSON.parse(Buffer.concat(chunks).toString()) as { data: Record<string, string>[] }
      for (const event of data)
        messages.push({
          key: event['duid'] ?? '',
          value: JSON.stringify({
            collected_at: Date.now(),
            ip: req.socket.remoteAddress,
            user_agent: req.headers['user-agent'],
            referer: req.headers.referer,
            event,
          }),
        })
      answers.push(res)
      timer ??= setTimeout(() => void send(), GATHER_MS)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
