import type { Draft, GoodRecord } from '@sluicebox/event/records'

/** The columns that one function sets, and no other function does: it sees only these columns of the record. */
export type Columns<Name extends keyof GoodRecord> = Pick<Draft<GoodRecord>, Name>

type ColumnsOf<Setter> = Setter extends (good: infer Good, subject: never) => void ? keyof Good : never

type NotSet<Setters extends readonly unknown[]> = Exclude<keyof GoodRecord, ColumnsOf<Setters[number]>>

type SetTwice<Setters extends readonly unknown[]> = Setters extends readonly [infer First, ...infer Rest]
  ? (ColumnsOf<First> & ColumnsOf<Rest[number]>) | SetTwice<Rest>
  : never

/** `unknown` when the setters fit together; otherwise a type that no list has and that names the columns. */
type EachOnce<Setters extends readonly unknown[]> = [NotSet<Setters> | SetTwice<Setters>] extends [never]
  ? unknown
  : { readonly columnsNotSet: NotSet<Setters>; readonly columnsSetTwice: SetTwice<Setters> }

/**
 * Returns `setters`, in their order. Does not compile when a column of `good` is set by none of them, or by two: the error
 * names the column.
 */
export function eachColumnOnce<const Setters extends readonly ((good: never, subject: never) => void)[]>(
  setters: Setters & EachOnce<Setters>,
): Setters {
  return setters
}
