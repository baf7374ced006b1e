import { readFileSync } from 'node:fs'
import type { KafkaConfig as ClientSettings, OauthbearerProviderResponse, SASLOptions } from 'kafkajs'
import type { KafkaConfig } from '../config.ts'
import type { LinkSettings } from './link.ts'
import './mend-kafkajs.ts'

/** Returns the settings in the form that kafkajs takes, which administers topics. Throws when a file that they name can't be read. */
export function clientSettings(config: KafkaConfig) {
  const { brokers, clientId, requestTimeoutMs, tls } = config
  const sasl = saslOptions(config)
  return {
    brokers: [...brokers],
    clientId,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: requestTimeoutMs,
    authenticationTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    // The caller retries, because it knows for how long.
    retry: { retries: 2, initialRetryTime: 50, maxRetryTime: 500 },
    ...(sasl === undefined ? {} : { sasl }),
    ...(tls.enabled
      ? {
          ssl: {
            rejectUnauthorized: true,
            ...(tls.caFile === undefined ? {} : { ca: [secret('tls.caFile', tls.caFile)] }),
            ...(tls.certFile === undefined ? {} : { cert: secret('tls.certFile', tls.certFile) }),
            ...(tls.keyFile === undefined ? {} : { key: secret('tls.keyFile', tls.keyFile) }),
          },
        }
      : {}),
  } satisfies ClientSettings
}

function saslOptions({ sasl, requestTimeoutMs }: KafkaConfig): SASLOptions | undefined {
  const { mechanism } = sasl
  if (mechanism === undefined) return undefined
  if (mechanism === 'oauthbearer')
    return { mechanism, oauthBearerProvider: () => fetchToken(sasl, requestTimeoutMs) }
  const username = sasl.username!
  const password = secret('sasl.passwordFile', sasl.passwordFile!)
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password }
    case 'scram-sha-256':
      return { mechanism, username, password }
    case 'scram-sha-512':
      return { mechanism, username, password }
  }
}

/** The client credentials grant of OAuth 2 (RFC 6749, section 4.4). Called again whenever a token expires. */
async function fetchToken(
  { tokenUrl, clientId, clientSecretFile, scope }: KafkaConfig['sasl'],
  timeoutMs: number,
): Promise<OauthbearerProviderResponse> {
  const secretText = secret('sasl.clientSecretFile', clientSecretFile!)
  const basic = Buffer.from(`${encodeURIComponent(clientId!)}:${encodeURIComponent(secretText)}`)
  const response = await fetch(tokenUrl!, {
    method: 'POST',
    headers: { authorization: `Basic ${basic.toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      ...(scope === undefined ? {} : { scope }),
    }),
    signal: AbortSignal.timeout(timeoutMs),
  })
  const answer = response.ok ? ((await response.json()) as { access_token?: unknown }) : {}
  if (typeof answer.access_token !== 'string')
    throw new Error(
      `${tokenUrl} returned no token: its status was ${response.status}. Check log.kafka.sasl.clientId and clientSecretFile.`,
    )
  return { value: answer.access_token }
}

function secret(setting: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new Error(`log.kafka.${setting}: ${file} can't be read: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/** Returns the settings of connections. Throws when a file that they name can't be read. */
export function linkSettings(config: KafkaConfig): LinkSettings {
  const { ssl, sasl } = clientSettings(config)
  return {
    clientId: config.clientId,
    requestTimeoutMs: config.requestTimeoutMs,
    ...(ssl === undefined ? {} : { tls: ssl }),
    ...(sasl === undefined ? {} : { sasl: linkSasl(sasl) }),
  }
}

function linkSasl(sasl: SASLOptions): NonNullable<LinkSettings['sasl']> {
  switch (sasl.mechanism) {
    case 'oauthbearer':
      return { mechanism: 'OAUTHBEARER', token: async () => (await sasl.oauthBearerProvider()).value }
    case 'plain':
      return { mechanism: 'PLAIN', username: sasl.username, password: sasl.password }
    case 'scram-sha-256':
      return { mechanism: 'SCRAM-SHA-256', username: sasl.username, password: sasl.password }
    case 'scram-sha-512':
      return { mechanism: 'SCRAM-SHA-512', username: sasl.username, password: sasl.password }
    default:
      throw new Error(`${sasl.mechanism} is not a mechanism of log.kafka.sasl`)
  }
}
