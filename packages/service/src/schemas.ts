import { openStreamRegistry, type StreamRegistry } from '@sluicebox/registry/streams/stream-registry'
import { RegistryUnreachable } from '@sluicebox/registry/streams/transport'
import { subjectPrefixOf } from '@sluicebox/stream/config'
import type { ServiceConfig } from './config.ts'
import type { Patiently } from './patience.ts'

/** The schemas of the streams. `codec` and `schema` wait for a registry that is down; `fetchSchema` rejects then. */
export type Schemas = Pick<StreamRegistry, 'codec' | 'schema' | 'fetchSchema'>

/** Opens the folder or the registry that the configuration names. */
export async function openSchemas(
  { registry, log }: Pick<ServiceConfig, 'registry' | 'log'>,
  patiently: Patiently,
): Promise<Schemas> {
  const subjectPrefix = subjectPrefixOf(log)
  const { codec, schema, fetchSchema } = await openStreamRegistry(registry, { subjectPrefix })
  const whenReached = <T>(ask: () => Promise<T>): Promise<T> =>
    patiently('the schema registry', ask, error => !(error instanceof RegistryUnreachable))
  return {
    codec: (stream, options) => whenReached(() => codec(stream, options)),
    schema: stream => whenReached(() => schema(stream)),
    ...(fetchSchema === undefined ? {} : { fetchSchema }),
  }
}
