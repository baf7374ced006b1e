// The port: where objects are kept. A folder, or S3.

export interface StoredObject {
  readonly key: string
  readonly bytes: number
}

/** Objects by key; keys are paths with forward slashes. */
export interface Store {
  /** Writes the whole object or nothing, durably. `exists` when the key is taken already: it is left as it was. */
  create(key: string, bytes: Uint8Array): Promise<'created' | 'exists'>
  /** The same, but replaces what is there. */
  put(key: string, bytes: Uint8Array): Promise<void>
  /** The object's bytes, or undefined when there is none. */
  get(key: string): Promise<Uint8Array | undefined>
  /** Objects whose key starts with `prefix`, in order of their keys. */
  list(prefix: string): AsyncIterable<StoredObject>
  delete(key: string): Promise<void>
}
