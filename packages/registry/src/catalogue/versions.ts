import type { SchemaName } from '../events/reference.ts'
import type { SchemaSource } from './source.ts'

/** Requests that looking for the versions of one name may take. */
export const PROBES_MAX = 200
/** How many models in a row may be absent before the search ends. */
const GAP_MAX = 2

/**
 * Finds the versions of a name. A registry that can't list them is asked for one version after another: additions and
 * revisions have no gaps, but some models may be missing.
 */
export async function versionsOf(
  source: SchemaSource,
  { vendor, name }: Pick<SchemaName, 'vendor' | 'name'>,
): Promise<SchemaName[]> {
  const listed = await source.list()
  if (listed !== undefined) return listed.filter(each => each.vendor === vendor && each.name === name)
  const found: SchemaName[] = []
  let probes = 0
  const exists = async (version: string): Promise<boolean> => {
    if (++probes > PROBES_MAX) return false
    const schema = { vendor, name, version }
    if ((await source.read(schema)) === undefined) return false
    found.push(schema)
    return true
  }
  for (let model = 1, missing = 0; missing < GAP_MAX && probes < PROBES_MAX; model++) {
    const before = found.length
    for (let revision = 0; await exists(`${model}-${revision}-0`); revision++)
      for (let addition = 1; await exists(`${model}-${revision}-${addition}`);) addition++
    missing = found.length === before ? missing + 1 : 0
  }
  return found
}
