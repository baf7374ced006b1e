import { S3ServiceException } from '@aws-sdk/client-s3'
import { StoreError } from './store.ts'

/** Whether the store responded with this status. */
export function isError(error: unknown, status: number): error is S3ServiceException {
  return error instanceof S3ServiceException && error.$metadata.httpStatusCode === status
}

/** Runs `work`. When it rejects, the error says what could not be done, where, and what to do about it. */
export async function storeError<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { name, message } = error as Error
    const said = name === 'Error' || message.includes(name) ? message : `${name}: ${message}`
    const advice = ADVICE.find(([pattern]) => pattern.test(name) || pattern.test(message))?.[1]
    throw new StoreError(`can't ${what}: ${said}${advice === undefined ? '' : `. ${advice}`}`, {
      cause: error,
    })
  }
}

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/NoSuchBucket/, 'Make the bucket, or set store.s3.createBucket for a trial'],
  [
    /AccessDenied|Forbidden/,
    'The credentials need s3:GetObject, s3:PutObject and s3:DeleteObject on the objects, and s3:ListBucket on the bucket',
  ],
  [
    /CredentialsProviderError|Could not load credentials/,
    'Give credentials by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role',
  ],
  [/InvalidAccessKeyId|SignatureDoesNotMatch/, 'Check the credentials of the process'],
  [/Region is missing/, 'Set store.s3.region, or AWS_REGION'],
  [/NotImplemented/, 'The store must know conditional writes (If-None-Match)'],
  [/PermanentRedirect|AuthorizationHeaderMalformed/, 'The bucket is in another region: set store.s3.region'],
  [/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|TimeoutError/, 'Check store.s3.endpoint and the network'],
]
