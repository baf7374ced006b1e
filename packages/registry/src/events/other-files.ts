import { listSchemaFiles, readSchemaText } from './event-folder.ts'
import {
  isName,
  isVendor,
  isVersion,
  parseRef,
  refOf,
  type FindSchema,
  type OtherSchema,
  type SchemaName,
} from './reference.ts'

/** An address for the path of a file in its folder, against which a relative reference is read. */
const FOLDER = 'folder:///'

/**
 * Finds schemas in folders, and nowhere else: by `iglu:` and the same name at the end of a URL, by their `$id`, and by
 * a path relative to the schema's `$id` or file. Of two with one name the first folder's is meant. The files are read
 * when the first schema refers to another, since few do.
 */
export function schemasIn(dirs: readonly string[]): FindSchema {
  let known: Known | undefined
  return (address, from) => {
    known ??= readAll(dirs)
    const { byRef, byId } = known
    const id = idOf(byRef.get(refOf(from))?.schema)
    for (const base of [id, ...pathsOf(from)]) {
      if (base === undefined || !URL.canParse(address, base)) continue
      const { href } = new URL(address, base)
      const place = placeOf(href)
      const found = byId.get(href) ?? (place && byRef.get(refOf(place)))
      if (found !== undefined) return found
    }
    return undefined
  }
}

interface Known {
  readonly byRef: ReadonlyMap<string, OtherSchema>
  readonly byId: ReadonlyMap<string, OtherSchema>
}

function readAll(dirs: readonly string[]): Known {
  const byRef = new Map<string, OtherSchema>()
  const byId = new Map<string, OtherSchema>()
  for (const dir of dirs)
    for (const { file, ...place } of listSchemaFiles(dir)) {
      const schema = read(file)
      if (schema === undefined || byRef.has(refOf(place))) continue
      const other = { place, schema }
      byRef.set(refOf(place), other)
      const id = idOf(schema)
      if (id !== undefined && !byId.has(id)) byId.set(id, other)
    }
  return { byRef, byId }
}

/** A file that can't be read is reported by those who list the folder. */
function read(file: string): Record<string, unknown> | undefined {
  const text = readSchemaText(file)
  if (typeof text !== 'string') return undefined
  try {
    const schema = JSON.parse(text.replace(/^\ufeff/, '')) as unknown
    return typeof schema === 'object' && schema !== null ? (schema as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** The address that a schema gives itself, if it is a whole one; without a fragment. */
function idOf(schema: Record<string, unknown> | undefined): string | undefined {
  const id = schema?.['$id'] ?? schema?.['id']
  return typeof id === 'string' && URL.canParse(id) ? new URL(id).href.replace(/#.*$/s, '') : undefined
}

/** A file may lie in either layout of a folder. */
const pathsOf = ({ vendor, name, version }: SchemaName): string[] => [
  `${FOLDER}${vendor}/${name}/${version}.json`,
  `${FOLDER}${vendor}/${name}/jsonschema/${version}`,
]

/** The name in an address: `iglu:…`, a registry's URL, or a path in the folder. */
function placeOf(href: string): SchemaName | undefined {
  if (href.startsWith('iglu:')) return complete(parseRef(href))
  const parts = href.split('/')
  const registry = complete(parseRef(parts.slice(-4).join('/')))
  if (registry !== undefined || !href.startsWith(FOLDER)) return registry
  const [vendor = '', name = '', file = '', ...more] = href.slice(FOLDER.length).split('/')
  const version = file.replace(/\.json$/, '')
  return isVendor(vendor) && isName(name) && isVersion(version) && more.length === 0
    ? { vendor, name, version }
    : undefined
}

function complete(ref: ReturnType<typeof parseRef>): SchemaName | undefined {
  return ref?.version === undefined ? undefined : { ...ref, version: ref.version }
}
