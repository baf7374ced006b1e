import avro from 'avsc'

/**
 * Why records written with one of both schemas can't be read with the other, each way; empty when they can. Streams
 * are evolved under FULL_TRANSITIVE: every version must be compatible so with every earlier one.
 */
export function incompatibilities(current: string, earlier: string): string[] {
  const faults = [
    ...unreadable({
      reader: current,
      writer: earlier,
      says: 'the current schema cannot read records of the earlier one',
    }),
    ...unreadable({
      reader: earlier,
      writer: current,
      says: 'the earlier schema cannot read records of the current one',
    }),
  ]
  // Avro reads a long as a long whatever it means; a reader of the archive does not.
  const meanings = new Map(fieldsOf(earlier).map(({ path, field }) => [path, logicalType(field.type)]))
  for (const { path, field } of fieldsOf(current)) {
    const before = meanings.get(path)
    const now = logicalType(field.type)
    if (before !== undefined && before !== now)
      faults.push(`${path} changes its logical type from ${before || 'none'} to ${now || 'none'}`)
  }
  return faults
}

/** Returns faults that prevent a schema from being evolved or understood: fields without default or without doc. */
export function lintStreamSchema(schema: string): string[] {
  const faults: string[] = []
  for (const { path, field } of fieldsOf(schema)) {
    if (!('default' in field)) faults.push(`${path} has no default: readers of records without it need one`)
    if (typeof field.doc !== 'string' || field.doc === '') faults.push(`${path} has no doc`)
  }
  return faults
}

interface Field {
  readonly name: string
  readonly type: unknown
  readonly doc?: unknown
}

function unreadable({ reader, writer, says }: { reader: string; writer: string; says: string }): string[] {
  try {
    const type = avro.Type.forSchema(JSON.parse(reader) as avro.Schema)
    return misfits(type, avro.Type.forSchema(JSON.parse(writer) as avro.Schema)).map(
      fault => `${says}: ${fault}`,
    )
  } catch (error) {
    return [`${says}: ${(error as Error).message}`]
  }
}

/** Why one type can't read the other: field by field where it is that, since the library does not name the field. */
function misfits(reader: avro.Type, writer: avro.Type): string[] {
  try {
    reader.createResolver(writer)
    return []
  } catch (error) {
    const fields = fieldTypes(writer)
    const faults = [...fieldTypes(reader)].flatMap(([name, type]) => {
      const written = fields.get(name)
      return written === undefined ? [] : misfits(type, written).map(fault => `${name}: ${fault}`)
    })
    return faults.length > 0 ? faults : [(error as Error).message]
  }
}

function fieldTypes(type: avro.Type): Map<string, avro.Type> {
  const fields = type.typeName === 'record' ? (type as avro.types.RecordType).fields : []
  return new Map(fields.map(field => [field.name, field.type]))
}

/** Every field of the record and of the records in it, with its path. */
function fieldsOf(schema: string): { path: string; field: Field }[] {
  const found: { path: string; field: Field }[] = []
  visit(JSON.parse(schema), '')
  return found

  function visit(type: unknown, path: string): void {
    if (Array.isArray(type)) return type.forEach(each => visit(each, path))
    if (typeof type !== 'object' || type === null) return
    const { fields, items, values, type: inner } = type as Record<string, unknown>
    for (const field of (fields ?? []) as Field[]) {
      const at = path === '' ? field.name : `${path}.${field.name}`
      found.push({ path: at, field })
      visit(field.type, at)
    }
    for (const each of [items, values, inner]) visit(each, path)
  }
}

function logicalType(type: unknown): string {
  if (Array.isArray(type)) return type.map(logicalType).join('')
  if (typeof type !== 'object' || type === null) return ''
  return String((type as Record<string, unknown>)['logicalType'] ?? '')
}
