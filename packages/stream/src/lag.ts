import type { Log } from './log.ts'

/** By partition, how many positions a group is behind the end of a stream: its lag in records. */
export async function lagOf(log: Log, group: string, stream: string): Promise<number[]> {
  const [bounds, committed] = await Promise.all([log.bounds(stream), log.committed(group, stream)])
  return bounds.map(({ start, end }, partition) => {
    const from = committed[partition] ?? start
    return Number(end - (from > start ? from : start))
  })
}
