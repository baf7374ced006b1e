// Which clients may connect to a Kafka that is started for a test, and how they authenticate.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeCertificates } from '../certificates.ts'
import { startTokenServer } from '../token-server.ts'

export type SaslMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512' | 'oauthbearer'

export interface KafkaSecurity {
  /** Encrypted; with `mutual` clients show a certificate too. */
  readonly tls?: boolean | 'mutual'
  readonly sasl?: SaslMechanism
}

/** The settings of a client that may connect: fits the section `log.kafka` of the configuration. */
export interface ClientSettings {
  readonly tls?: { enabled: true; caFile: string; certFile?: string; keyFile?: string }
  readonly sasl?:
    | { mechanism: Exclude<SaslMechanism, 'oauthbearer'>; username: string; passwordFile: string }
    | { mechanism: 'oauthbearer'; tokenUrl: string; clientId: string; clientSecretFile: string }
}

export interface SecurityPlan {
  /** Settings of the listener for clients. */
  readonly properties: Readonly<Record<string, string>>
  /** Arguments for formatting the data folders, which create the users. */
  readonly formatArgs: readonly string[]
  readonly client: ClientSettings
  readonly stop: () => Promise<void>
}

const NAME = 'sluicebox'
const SECRET = 'let-me-in'
const LOGIN_MODULES = {
  plain: `org.apache.kafka.common.security.plain.PlainLoginModule required user_${NAME}="${SECRET}";`,
  'scram-sha-256': 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
  'scram-sha-512': 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
  // Kafka accepts unsigned tokens here, because no validator is configured.
  oauthbearer: 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;',
} as const

/** Prepares what brokers and clients need, with its files in the folder. */
export async function planSecurity(security: KafkaSecurity, folder: string): Promise<SecurityPlan> {
  const { tls = false, sasl } = security
  const dir = join(folder, 'security')
  await mkdir(dir)
  const encrypted = tls === false ? undefined : await planTls(tls === 'mutual', dir)
  const named = sasl === undefined ? undefined : await planSasl(sasl, dir)
  const protocol = `${named === undefined ? '' : 'SASL_'}${encrypted === undefined ? 'PLAINTEXT' : 'SSL'}`
  return {
    properties: {
      'listener.security.protocol.map': `CLIENT:${protocol},DIRECT:PLAINTEXT,CONTROLLER:PLAINTEXT`,
      ...encrypted?.properties,
      ...named?.properties,
    },
    formatArgs: sasl?.startsWith('scram') === true ? ['--add-scram', scramUser(sasl)] : [],
    client: { ...encrypted?.client, ...named?.client },
    stop: async () => named?.stop(),
  }
}

async function planTls(mutual: boolean, dir: string) {
  const made = await makeCertificates(dir)
  const client = {
    enabled: true as const,
    caFile: made.caFile,
    ...(mutual && { certFile: made.clientCertFile, keyFile: made.clientKeyFile }),
  }
  return {
    properties: {
      'listener.name.client.ssl.keystore.type': 'PEM',
      'listener.name.client.ssl.keystore.location': made.serverFile,
      'listener.name.client.ssl.truststore.type': 'PEM',
      'listener.name.client.ssl.truststore.location': made.caFile,
      'listener.name.client.ssl.client.auth': mutual ? 'required' : 'none',
    },
    client: { tls: client },
  }
}

async function planSasl(mechanism: SaslMechanism, dir: string) {
  const secretFile = join(dir, 'secret')
  await writeFile(secretFile, `${SECRET}\n`)
  const properties = {
    'listener.name.client.sasl.enabled.mechanisms': mechanism.toUpperCase(),
    [`listener.name.client.${mechanism}.sasl.jaas.config`]: LOGIN_MODULES[mechanism],
  }
  if (mechanism !== 'oauthbearer') {
    const sasl = { mechanism, username: NAME, passwordFile: secretFile }
    return { properties, client: { sasl }, stop: async () => undefined }
  }
  const tokens = await startTokenServer({ clientId: NAME, clientSecret: SECRET })
  const sasl = { mechanism, tokenUrl: tokens.url, clientId: NAME, clientSecretFile: secretFile }
  return { properties, client: { sasl }, stop: tokens.stop }
}

function scramUser(mechanism: SaslMechanism): string {
  return `${mechanism.toUpperCase()}=[name=${NAME},password=${SECRET}]`
}
