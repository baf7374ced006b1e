import { writeFile } from 'node:fs/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { serversAvailable } from '@sluicebox/infra/local/available'
import { startKafka, type LocalKafka } from '@sluicebox/infra/local/kafka/kafka'
import { logConfig, type LogConfig } from '../config.ts'
import { openKafkaLog } from './log.ts'
import { createTopics } from './topics.ts'

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'] as const

describe.skipIf(!(await serversAvailable('kafka')))('brokers that let in whom they know', () => {
  let kafka: LocalKafka | undefined
  afterEach(async () => {
    await kafka?.stop()
    kafka = undefined
  })

  const configOf = (client: object): LogConfig =>
    logConfig.parse({
      kind: 'kafka',
      partitions: 1,
      kafka: { brokers: kafka!.addresses, replicas: 1, ...client },
    })

  async function useAll(config: LogConfig): Promise<string[]> {
    await createTopics(config, ['raw', 'good'])
    await using log = await openKafkaLog({ config: config.kafka })
    await log.append('raw', [{ key: 'a', value: Buffer.from('1') }])
    const stop = new AbortController()
    await log.consume(
      { stream: 'raw', group: 'g', recordsMax: 10, bytesMax: 1000, signal: stop.signal },
      async owned => {
        const batch = (await owned.next())!
        await owned.commit({ good: batch.records.map(({ key, value }) => ({ key, value })) }, batch.next)
        stop.abort()
      },
    )
    const { records } = await log.read('good', 0, 0n, { recordsMax: 10, bytesMax: 1000 })
    return records.map(({ value }) => String(Buffer.from(value)))
  }

  test.each(MECHANISMS)('%s over TLS', async sasl => {
    kafka = await startKafka({ security: { sasl, tls: true } })
    expect(await useAll(configOf(kafka.client))).toEqual(['1'])
  })

  test('certificates on both sides', async () => {
    kafka = await startKafka({ security: { tls: 'mutual' } })
    expect(await useAll(configOf(kafka.client))).toEqual(['1'])
    const { tls } = kafka.client
    await expect(
      openKafkaLog({ config: configOf({ tls: { enabled: true, caFile: tls!.caFile } }).kafka }),
    ).rejects.toThrow('can be reached')
    // Without the authority the broker is not believed.
    await expect(openKafkaLog({ config: configOf({ tls: { enabled: true } }).kafka })).rejects.toThrow(
      /can be reached: .*(certificate|self-signed)/,
    )
  })

  test('a wrong password, and a file that is not there', async () => {
    kafka = await startKafka({ security: { sasl: 'scram-sha-512' } })
    const { sasl } = kafka.client
    const passwordFile = `${(sasl as { passwordFile: string }).passwordFile}.wrong`
    const config = configOf({ sasl: { ...sasl, passwordFile } })
    await expect(openKafkaLog({ config: config.kafka })).rejects.toThrow(
      /log\.kafka\.sasl\.passwordFile: .* can't be read/,
    )
    await writeFile(passwordFile, 'guess')
    await expect(openKafkaLog({ config: config.kafka })).rejects.toThrow(/can be reached.*log\.kafka\.sasl/)
  })
})
