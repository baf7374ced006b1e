/**
 * Returns the meaning of a schema for writers and readers, as text: the same for two texts that differ in layout, in
 * the way of saying the same type, in names written out or not, and in what is said for people. Registries hand schemas
 * out in layouts of their own. Throws when the text is not an Avro schema.
 */
export function canonicalSchema(text: string): string {
  return JSON.stringify(canonicalType(JSON.parse(text), ''))
}

/** Whether both texts mean the same; false when one is not a schema. */
export function isSameSchema(text: string, other: string): boolean {
  try {
    return canonicalSchema(text) === canonicalSchema(other)
  } catch {
    return false
  }
}

const PRIMITIVES = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'])
const LOGICAL = ['logicalType', 'precision', 'scale'] as const

type Json = Readonly<Record<string, unknown>>

function canonicalType(type: unknown, namespace: string): unknown {
  if (typeof type === 'string') return PRIMITIVES.has(type) ? type : fullName(type, namespace)
  if (Array.isArray(type)) return type.map(each => canonicalType(each, namespace))
  if (typeof type !== 'object' || type === null) throw new Error(`${String(type)} is not an Avro type`)
  const schema = type as Json
  const logical = pick(schema, LOGICAL)
  switch (schema['type']) {
    case 'record':
    case 'error':
      return named(schema, namespace, inner => ({
        fields: list(schema['fields']).map(canonicalField(inner)),
      }))
    case 'enum':
      return named(schema, namespace, () => pick(schema, ['symbols', 'default']))
    case 'fixed':
      return named(schema, namespace, () => ({ ...pick(schema, ['size']), ...logical }))
    case 'array':
      return { type: 'array', items: canonicalType(schema['items'], namespace) }
    case 'map':
      return { type: 'map', values: canonicalType(schema['values'], namespace) }
    default: {
      const inner = canonicalType(schema['type'], namespace)
      return Object.keys(logical).length === 0 ? inner : { type: inner, ...logical }
    }
  }
}

function named(schema: Json, namespace: string, rest: (inner: string) => Json): Json {
  const own = typeof schema['namespace'] === 'string' ? schema['namespace'] : namespace
  const name = fullName(schema['name'], own)
  const inner = name.slice(0, Math.max(0, name.lastIndexOf('.')))
  const aliases =
    'aliases' in schema ? { aliases: list(schema['aliases']).map(each => fullName(each, inner)) } : {}
  return { type: schema['type'], name, ...aliases, ...rest(inner) }
}

function canonicalField(namespace: string): (field: unknown) => Json {
  return field => {
    const { name, type } = field as Json
    return {
      name,
      type: canonicalType(type, namespace),
      ...pick(field as Json, ['default', 'aliases']),
    }
  }
}

function fullName(name: unknown, namespace: string): string {
  if (typeof name !== 'string' || name === '')
    throw new Error(`${String(name)} is not a name of an Avro type`)
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}

function pick(from: Json, keys: readonly string[]): Json {
  return Object.fromEntries(keys.filter(key => key in from).map(key => [key, from[key]]))
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error('a list is missing in the Avro schema')
  return value
}
