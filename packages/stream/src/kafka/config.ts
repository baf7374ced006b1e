import { z } from 'zod'

const saslSettings = z
  .strictObject({
    mechanism: z
      .enum(['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'])
      .optional()
      .describe('How processes authenticate. Without it they connect without credentials.'),
    username: z.string().min(1).optional().describe('The name, for all but oauthbearer.'),
    passwordFile: z
      .string()
      .min(1)
      .optional()
      .describe('File that holds the password, for all but oauthbearer.'),
    tokenUrl: z
      .url()
      .optional()
      .describe('For oauthbearer: address that gives a token for the client credentials grant.'),
    clientId: z.string().min(1).optional().describe('For oauthbearer: the client.'),
    clientSecretFile: z.string().min(1).optional().describe('For oauthbearer: file that holds its secret.'),
    scope: z
      .string()
      .min(1)
      .optional()
      .describe('For oauthbearer: the scope of the token, where the brokers need one.'),
  })
  .superRefine((sasl, context) => {
    const needed = {
      none: [],
      plain: ['username', 'passwordFile'],
      'scram-sha-256': ['username', 'passwordFile'],
      'scram-sha-512': ['username', 'passwordFile'],
      oauthbearer: ['tokenUrl', 'clientId', 'clientSecretFile'],
    } as const
    for (const name of needed[sasl.mechanism ?? 'none'])
      if (sasl[name] === undefined)
        context.addIssue({ code: 'custom', path: [name], message: `is needed for ${sasl.mechanism}` })
  })
  .prefault({})

const tlsSettings = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe('Whether connections are encrypted. Certificates are checked.'),
    caFile: z
      .string()
      .min(1)
      .optional()
      .describe('Authorities to trust in place of the well-known ones, as PEM.'),
    certFile: z.string().min(1).optional().describe('Own certificate as PEM, where brokers ask for one.'),
    keyFile: z.string().min(1).optional().describe('Key of that certificate as PEM.'),
  })
  .prefault({})

/** The section `log.kafka` of the configuration. */
export const kafkaConfig = z
  .strictObject({
    brokers: z
      .array(z.string().regex(/^[^\s:]+:\d+$|^\[[0-9a-f:]+\]:\d+$/i, 'must be host:port'))
      .default([])
      .describe('Addresses of some brokers, as host:port; a process learns the others from them.'),
    clientId: z
      .string()
      .min(1)
      .default('sluicebox')
      .describe('Name of the processes in the logs and quotas of the brokers.'),
    prefix: z
      .string()
      .regex(/^[a-zA-Z0-9._-]{0,100}$/, 'must be letters, digits, dots, dashes and underscores')
      .default('')
      .describe(
        'Put before the names of topics, consumer groups and transactions: `shop.` makes `shop.raw`.',
      ),
    replicas: z.int().min(1).default(3).describe('Copies of each topic that `topics create` makes.'),
    inSyncReplicasMin: z
      .int()
      .min(1)
      .default(2)
      .describe(
        'Copies that must be written before a record counts as durable, for `topics create`. While fewer are in sync, writes are retried and then rejected.',
      ),
    compression: z
      .enum(['none', 'gzip', 'zstd'])
      .default('none')
      .describe(
        'How record batches are compressed. zstd makes them several times smaller for some processor time; gzip, for readers that do not know zstd, takes more of it.',
      ),
    recordBytesMax: z
      .int()
      .min(1024)
      .default(4_000_000)
      .describe(
        'Largest batch of records for one partition. Larger batches are split; a single record that is larger is rejected. `topics create` makes the topics accept it (max.message.bytes).',
      ),
    sessionTimeoutMs: z
      .int()
      .min(1000)
      .default(6000)
      .describe(
        'How long a member may send no heartbeat. Then the group gives its partitions to other members.',
      ),
    transactionTimeoutMs: z
      .int()
      .min(1000)
      .default(10_000)
      .describe(
        'How long a transaction may stay open. Then the brokers abort it, and its batch is processed again.',
      ),
    requestTimeoutMs: z
      .int()
      .min(100)
      .default(5000)
      .describe(
        'How long one request to a broker may take. Then it fails and is retried; an append is rejected after three times as long.',
      ),
    stallMs: z
      .int()
      .min(1000)
      .default(60_000)
      .describe(
        'How long a partition of a member may give neither records nor an error. Then the process ends with 70, and a restart helps.',
      ),
    sasl: saslSettings,
    tls: tlsSettings,
  })
  .prefault({})

export type KafkaConfig = z.output<typeof kafkaConfig>
