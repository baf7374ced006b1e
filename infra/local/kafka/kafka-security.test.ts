import { readFileSync } from 'node:fs'
import type { KafkaConfig } from 'kafkajs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { serversAvailable } from '../available.ts'
import type { ClientSettings, KafkaSecurity } from './kafka-security.ts'
import { startKafka } from './kafka.ts'
import { client, SERVER_START_MS, withAdmin } from '../testing.ts'

const available = await serversAvailable('kafka')

function read(file: string): string {
  return readFileSync(file, 'utf8').trim()
}

/** The settings in the words of the client library. */
function clientConfig({ tls, sasl }: ClientSettings): Partial<KafkaConfig> {
  const config: Partial<KafkaConfig> = {}
  if (tls !== undefined)
    config.ssl = {
      ca: read(tls.caFile),
      ...(tls.certFile !== undefined && { cert: read(tls.certFile) }),
      ...(tls.keyFile !== undefined && { key: read(tls.keyFile) }),
    }
  if (sasl?.mechanism === 'oauthbearer')
    config.sasl = { mechanism: 'oauthbearer', oauthBearerProvider: () => token(sasl) }
  else if (sasl !== undefined)
    config.sasl = {
      mechanism: sasl.mechanism as 'plain',
      username: sasl.username,
      password: read(sasl.passwordFile),
    }
  return config
}

async function token(sasl: { tokenUrl: string; clientId: string; clientSecretFile: string }) {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: sasl.clientId,
    client_secret: read(sasl.clientSecretFile),
  })
  const answer = await fetch(sasl.tokenUrl, { method: 'POST', body })
  return { value: ((await answer.json()) as { access_token: string }).access_token }
}

describe.skipIf(!available)('who may come in', () => {
  const wrongPassword = { mechanism: 'plain', username: 'sluicebox', password: 'wrong' } as const

  test.each<[KafkaSecurity, (right: Partial<KafkaConfig>) => Partial<KafkaConfig>]>([
    [{ tls: 'mutual' }, right => ({ ssl: { ca: (right.ssl as { ca: string }).ca } })],
    [
      { tls: true, sasl: 'scram-sha-512' },
      right => ({ ...right, sasl: { ...wrongPassword, mechanism: 'scram-sha-512' } }),
    ],
    [{ sasl: 'scram-sha-256' }, () => ({ sasl: { ...wrongPassword, mechanism: 'scram-sha-256' } })],
    [{ sasl: 'plain' }, () => ({ sasl: wrongPassword })],
    [
      { sasl: 'oauthbearer' },
      () => ({
        sasl: { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: 'e30.e30.' }) },
      }),
    ],
  ])(
    '%o',
    async (security, wrong) => {
      const kafka = await startKafka({ security })
      onTestFinished(kafka.stop)
      const brokers = (options: Partial<KafkaConfig>) =>
        withAdmin(
          client(kafka.addresses, options),
          async admin => (await admin.describeCluster()).brokers.length,
        )
      const right = clientConfig(kafka.client)
      expect(await brokers(right)).toBe(1)
      await expect(brokers(wrong(right))).rejects.toThrow()
      await expect(brokers({})).rejects.toThrow()
    },
    SERVER_START_MS,
  )
})
