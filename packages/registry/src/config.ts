import { z } from 'zod'

/** The section `registry` of the configuration: where the schemas of the streams are. */
export const registryConfig = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https address, such as http://registry:8081' })
      .refine(
        url => !/^[^/]+:\/\/[^/]*@/.test(url),
        'must be without a name: give registry.username and registry.passwordFile',
      )
      .refine(url => !/[?#]/.test(url), 'must be without a query: messages name this address')
      .optional()
      .describe(
        'A schema registry that speaks the Confluent protocol, such as http://registry:8081. Without it the schemas that ship are used, and every process has them.',
      ),
    username: z.string().min(1).optional().describe('The name that the registry asks for.'),
    passwordFile: z.string().min(1).optional().describe('File that holds the password of that name.'),
    timeoutMs: z.int().min(100).default(5000).describe('How long one request to the registry may take.'),
    autoRegister: z
      .boolean()
      .default(false)
      .describe(
        'Whether processes register schemas that the registry lacks. Off: `sluicebox schemas push` does.',
      ),
  })
  .superRefine(({ username, passwordFile }, context) => {
    if ((username === undefined) !== (passwordFile === undefined))
      context.addIssue({
        code: 'custom',
        path: [username === undefined ? 'username' : 'passwordFile'],
        message: 'username and passwordFile are given together',
      })
  })
  .prefault({})

export type RegistryConfig = z.output<typeof registryConfig>
