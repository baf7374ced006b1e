// The port: what a store of objects is to the rest of Sluicebox. testing/contract.ts tests what is written here.

export interface StoredObject {
  readonly key: string
  readonly bytes: number
}

/** The store did not do what was asked. A retry may succeed: there may be room again, or a server may be back. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
}

/** Objects by key; keys are paths with forward slashes. */
export interface Store {
  /**
   * Writes the whole object durably, or nothing. Returns `exists` when the key is taken: the object is left as it was.
   * Rejects with a `StoreError` when it can't write at the moment.
   */
  create(key: string, bytes: Uint8Array): Promise<'created' | 'exists'>
  /** As `create`, but replaces an object of this key. */
  put(key: string, bytes: Uint8Array): Promise<void>
  /** Returns the object's bytes; undefined when there is none. */
  get(key: string): Promise<Uint8Array | undefined>
  /** Lists the objects whose key starts with `prefix`, in order of their keys. */
  list(prefix: string): AsyncIterable<StoredObject>
  delete(key: string): Promise<void>
}
