import { z } from 'zod'

/** The section `store` of the configuration: where objects (archive, snapshots, bundles) are kept. */
export const storeConfig = z
  .strictObject({
    kind: z
      .enum(['folder', 's3'])
      .default('folder')
      .describe(
        '`folder`: in the data directory. `s3`: in a bucket, so that processes on several machines share them.',
      ),
    s3: z
      .strictObject({
        bucket: z.string().min(3).max(63).optional().describe('The bucket.'),
        prefix: z
          .string()
          .max(100)
          .regex(
            /^([A-Za-z0-9_=+@,~-][A-Za-z0-9_=+@,~.-]*\/)*$/,
            'must be empty or folders with a slash after each, such as shop/',
          )
          .default('')
          .describe('Put before all keys: `shop/` makes `shop/archive/…`.'),
        region: z
          .string()
          .min(1)
          .optional()
          .describe('Region of the bucket. Default: what the AWS settings of the process say.'),
        endpoint: z.url().optional().describe('Address of a store other than AWS, such as http://s3:7070.'),
        forcePathStyle: z
          .boolean()
          .default(false)
          .describe(
            'Names the bucket in the path instead of the host name. Most stores other than AWS need it.',
          ),
        createBucket: z.boolean().default(false).describe('Makes the bucket when it is missing. For trials.'),
        attemptsMax: z
          .int()
          .min(1)
          .max(20)
          .default(5)
          .describe(
            'How often a request is sent that fails for a passing reason, with growing pauses. Then the operation fails with the last error.',
          ),
        requestTimeoutMs: z
          .int()
          .min(100)
          .default(30_000)
          .describe(
            'How long one attempt may take, or go without receiving a byte. Then it fails, and counts towards `attemptsMax`.',
          ),
      })
      .prefault({}),
  })
  .superRefine((store, context) => {
    if (store.kind === 's3' && store.s3.bucket === undefined)
      context.addIssue({ code: 'custom', path: ['s3', 'bucket'], message: 'name the bucket' })
  })
  .prefault({})

export type StoreConfig = z.output<typeof storeConfig>
