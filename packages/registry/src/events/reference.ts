// iglu:vendor/name/jsonschema/1-0-0, and the folders and URLs that the same three words name.

const VENDOR = /^(?!\.)[a-zA-Z0-9_.-]{1,128}$/
const NAME = /^[a-zA-Z0-9_-]{1,128}$/
const VERSION = /^[1-9][0-9]{0,5}-(?:0|[1-9][0-9]{0,5})-(?:0|[1-9][0-9]{0,5})$/

/** The name of a schema. */
export interface SchemaName {
  readonly vendor: string
  readonly name: string
  readonly version: string
}

/** A schema that another one refers to. */
export interface OtherSchema {
  readonly place: SchemaName
  readonly schema: Record<string, unknown>
}

/** Finds the schema that the schema at `from` means by an address (without its fragment), or undefined. */
export type FindSchema = (address: string, from: SchemaName) => OtherSchema | undefined

export const isVendor = (text: string): boolean => VENDOR.test(text)
export const isName = (text: string): boolean => NAME.test(text)
/** Whether `text` is MODEL-REVISION-ADDITION, such as 1-0-0. */
export const isVersion = (text: string): boolean => VERSION.test(text)

/** Returns the reference of a schema. */
export function refOf({ vendor, name, version }: SchemaName): string {
  return `iglu:${vendor}/${name}/jsonschema/${version}`
}

/**
 * Reads `iglu:vendor/name/jsonschema/1-0-0`, or the same without `iglu:`; the version may be missing. Undefined for
 * everything else: no part of a name can leave the folder that it names.
 */
export function parseRef(
  text: string,
): (Pick<SchemaName, 'vendor' | 'name'> & { readonly version?: string }) | undefined {
  const [vendor = '', name = '', format, version, ...more] = text.replace(/^iglu:/, '').split('/')
  if (!isVendor(vendor) || !isName(name) || format !== 'jsonschema' || more.length > 0) return undefined
  if (version === undefined) return { vendor, name }
  return isVersion(version) ? { vendor, name, version } : undefined
}
