import { randomUUID } from 'node:crypto'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3'
import pLimit from 'p-limit'
import pRetry from 'p-retry'
import { checkKey, checkPrefix, isKey } from './key.ts'
import { isError, storeError } from './s3-errors.ts'
import type { Store, StoredObject } from './store.ts'

export interface S3Options {
  readonly bucket: string
  /** Put before all keys; ends in a slash, or is empty. */
  readonly prefix: string
  readonly region?: string | undefined
  readonly endpoint?: string | undefined
  readonly forcePathStyle: boolean
  readonly createBucket: boolean
  readonly attemptsMax: number
  readonly requestTimeoutMs: number
}

// No key may start with a dot, so this object never has the name of another, and is never listed.
const PROBE = '.conditions'
/** Fewer than the client has connections: a request that waits for one would use up its time. */
const REQUESTS_MAX = 32
/** Pauses of random length, so that clients which wrote the same object at the same time do not collide again. */
const PAUSES = { minTimeout: 50, maxTimeout: 2_000, randomize: true }

/**
 * Opens a bucket of S3, or of a store that speaks its protocol and has conditional writes. Tries a conditional write
 * first, because without it two archivers could overwrite each other's objects. The AWS client finds the credentials.
 */
export async function openS3Store(options: S3Options): Promise<Store> {
  const { bucket, prefix, attemptsMax } = options
  const client = new S3Client(clientSettings(options))
  const Bucket = bucket
  const nameOf = (key: string): string => `s3://${bucket}/${prefix}${key}`
  const limit = pLimit(REQUESTS_MAX)
  /** Retries requests that the client does not retry by itself. */
  const retryIf = <T>(
    isPassing: (error: unknown) => boolean,
    work: (tries: number) => Promise<T>,
  ): Promise<T> =>
    pRetry(work, { ...PAUSES, retries: attemptsMax - 1, shouldRetry: ({ error }) => isPassing(error) })
  const attempt = <T>(verb: string, key: string, work: () => Promise<T>): Promise<T> =>
    limit(() => storeError(`${verb} ${nameOf(key)}`, work))

  /** Writes the object unless there is one. */
  async function createExclusively(key: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    const Key = prefix + key
    // Identifies the object as written by this call, when the response to an earlier attempt was lost.
    const writer = randomUUID()
    return retryIf(isConflict, async tries => {
      try {
        await client.send(
          new PutObjectCommand({ Bucket, Key, Body: bytes, IfNoneMatch: '*', Metadata: { writer } }),
        )
        return 'created'
      } catch (error) {
        if (!isError(error, 412)) throw error
        const isFirst = tries === 1 && (error.$metadata.attempts ?? 1) === 1
        return !isFirst && (await writerOf(Key)) === writer ? 'created' : 'exists'
      }
    })
  }

  async function writerOf(Key: string): Promise<string | undefined> {
    return (await client.send(new HeadObjectCommand({ Bucket, Key }))).Metadata?.['writer']
  }

  async function checkConditions(): Promise<void> {
    const empty = new Uint8Array()
    if ((await createExclusively(PROBE, empty)) === 'exists') return
    if ((await createExclusively(PROBE, empty)) === 'created')
      throw new Error(
        `the store of ${nameOf('')} overwrites objects in spite of If-None-Match: two archivers would destroy ` +
          'each other’s objects. Use a store with conditional writes',
      )
  }

  async function makeBucket(): Promise<void> {
    try {
      await client.send(new CreateBucketCommand({ Bucket }))
    } catch (error) {
      if (!isError(error, 409)) throw error
    }
  }

  await attempt('open', '', async () => {
    try {
      await checkConditions()
    } catch (error) {
      if (!options.createBucket || !isError(error, 404)) throw error
      await makeBucket()
      await checkConditions()
    }
  })

  return {
    async create(key, bytes) {
      checkKey(key)
      return attempt('write', key, () => createExclusively(key, bytes))
    },

    async put(key, bytes) {
      checkKey(key)
      await attempt('write', key, () =>
        client.send(new PutObjectCommand({ Bucket, Key: prefix + key, Body: bytes })),
      )
    },

    async get(key) {
      checkKey(key)
      return attempt('read', key, () => getObject(prefix + key))
    },

    list(keyPrefix) {
      checkPrefix(keyPrefix)
      return listObjects(keyPrefix)
    },

    async delete(key) {
      checkKey(key)
      await attempt('delete', key, () => client.send(new DeleteObjectCommand({ Bucket, Key: prefix + key })))
    },
  }

  async function getObject(Key: string): Promise<Uint8Array | undefined> {
    return retryIf(isBrokenOff, async () => {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
        return await Body?.transformToByteArray()
      } catch (error) {
        if (isError(error, 404) && error.name !== 'NoSuchBucket') return undefined
        throw error
      }
    })
  }

  async function* listObjects(keyPrefix: string): AsyncGenerator<StoredObject> {
    const pages = paginateListObjectsV2({ client }, { Bucket, Prefix: prefix + keyPrefix })[
      Symbol.asyncIterator
    ]()
    for (;;) {
      const page = await attempt('list', keyPrefix, () => pages.next())
      if (page.done === true) return
      for (const { Key = '', Size = 0 } of page.value.Contents ?? []) {
        const key = Key.slice(prefix.length)
        // Consoles of stores leave objects that are named like folders.
        if (isKey(key)) yield { key, bytes: Size }
      }
    }
  }
}

function clientSettings(options: S3Options): S3ClientConfig {
  const { endpoint, forcePathStyle, attemptsMax, requestTimeoutMs } = options
  // A store with an address of its own rarely has regions, but the client wants one to sign with.
  const region = options.region ?? (endpoint === undefined ? undefined : 'us-east-1')
  return {
    forcePathStyle,
    maxAttempts: attemptsMax,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    requestHandler: {
      connectionTimeout: Math.min(5_000, requestTimeoutMs),
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      socketTimeout: requestTimeoutMs,
    },
  }
}

/** Others are writing or deleting the object now, and the store has not settled which one is first. */
const isConflict = (error: unknown): boolean => isError(error, 409)

/** The body broke off: the client's own retries end with the head of the response. */
function isBrokenOff(error: unknown): boolean {
  const { code, $metadata } = error as { code?: string; $metadata?: unknown }
  return $metadata === undefined && code !== undefined && /^(ECONN|EPIPE|ETIMEDOUT|ERR_STREAM)/.test(code)
}
