import type { Codec } from '@sluicebox/event/codec'

export interface LearnParts {
  readonly codec: Pick<Codec<object>, 'learn'>
  /**
   * The schema of a writer by its id; undefined when the registry does not hold it. Rejects when the registry can't be
   * reached: the partition that needs the schema waits. Absent: no other schemas than the codec's own are known.
   */
  readonly fetchSchema?: ((id: number) => Promise<string | undefined>) | undefined
  /**
   * Called with an id whose records can't be read, and must not be waited for: the registry does not hold it, or holds a
   * schema of something else than this stream.
   */
  readonly onAbsent: (id: number, why: string) => void
}

/** The ref that a stage reports when it lacks the schema that a record was written with. */
export function schemaRef(id: number): string {
  return `avro:${id}`
}

/** Resolves refs of `schemaRef`: the codec learns the writers' schemas, one after another. */
export function createLearn({
  codec,
  fetchSchema,
  onAbsent,
}: LearnParts): (refs: readonly string[]) => Promise<void> {
  return async function learn(refs) {
    for (const ref of refs) {
      const id = Number(/^avro:(\d+)$/.exec(ref)?.[1])
      if (Number.isNaN(id)) throw new Error(`there is no way to get "${ref}"`)
      const schema = await fetchSchema?.(id)
      if (schema === undefined) onAbsent(id, 'the registry does not hold it')
      else learnOne(id, schema)
    }
  }

  function learnOne(id: number, schema: string): void {
    try {
      codec.learn(id, schema)
    } catch (error) {
      // Its writer wrote something else than this stream: waiting would not make it readable.
      onAbsent(id, `it is not a schema of this stream: ${(error as Error).message}`)
    }
  }
}
