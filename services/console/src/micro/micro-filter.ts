import { z } from 'zod'
import type { GoodFilter } from './micro.ts'

const filter = z.object({
  event_type: z.string().optional(),
  schema: z.string().optional(),
  contexts: z.array(z.string()).optional(),
  limit: z.coerce.number().int().min(0).optional(),
})

/**
 * Returns the filter of a request, from its JSON body or else from its query. Unknown names are ignored, as clients
 * expect.
 */
export function parseFilter(query: unknown, body: unknown): GoodFilter | { fault: string } {
  const text = typeof body === 'string' ? body.trim() : ''
  let given: unknown
  try {
    given = text === '' ? fromQuery(query as Readonly<Record<string, string | string[]>>) : JSON.parse(text)
  } catch {
    return { fault: 'The filter is not JSON: write {"event_type": "page_view", "limit": 10}.' }
  }
  const parsed = filter.safeParse(given)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  return { fault: `The filter can't be used: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` }
}

/** `contexts[]=a&contexts[]=b`, or `contexts=a`. */
function fromQuery(query: Readonly<Record<string, string | string[]>>): Record<string, unknown> {
  const { 'contexts[]': many, contexts = many, ...rest } = query
  return contexts === undefined ? rest : { ...rest, contexts: [contexts].flat() }
}
