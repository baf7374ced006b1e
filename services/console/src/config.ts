import { z } from 'zod'

const count = (description: string) => z.int().min(1).describe(description)

/** The console's section of the configuration. */
export const consoleConfig = z.strictObject({
  token: z
    .string()
    .regex(/^[\w.~-]{16,200}$/, 'must be 16 to 200 letters, digits and . _ ~ -')
    .optional()
    .describe(
      'What a reader of the page and of the Micro-compatible API has to show, as `Authorization: Bearer …`, or once as `/?token=…`. Without it they are served only where `collector.host` is an address of this machine alone, such as 127.0.0.1, and elsewhere answer 404.',
    ),
  recordsMax: count(
    'Records of each stream that the page and the Micro-compatible API keep in memory. Beyond it the oldest are forgotten here; the log still has them.',
  ).default(1_000),
  bytesMax: count(
    'Bytes of these records, for each stream. Beyond it the oldest are forgotten; the newest is always kept.',
  ).default(16 * 1024 * 1024),
  windowSeconds: z
    .int()
    .min(10)
    .max(600)
    .describe('Seconds of history that the curves on the page show.')
    .default(60),
  refreshMs: z
    .int()
    .min(250)
    .describe('How often the page fetches its live part, in milliseconds.')
    .default(2_000),
})

export type ConsoleConfig = z.output<typeof consoleConfig>
