import { aborted } from '../../aborted.ts'
import type { Batch, Log, OutputRecord, OwnedPartition } from '../../log.ts'

export const LIMITS = { recordsMax: 100, bytesMax: 1_000_000 }

export function record(key: string | null, value: string): OutputRecord {
  return { key, value: new TextEncoder().encode(value) }
}

export function inFirst(value: string): OutputRecord {
  return { ...record('a', value), partition: 0 }
}

export function numbered(count: number): OutputRecord[] {
  return Array.from({ length: count }, (_, index) => inFirst(`${index}`))
}

export function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `a=${index}`)
}

export function text({ key, value }: { key: string | null; value: Uint8Array }): string {
  return `${key}=${new TextDecoder().decode(value)}`
}

export const texts = (records: readonly { key: string | null; value: Uint8Array }[]): string[] =>
  records.map(text)

export async function all(log: Log, stream: string, partition: number): Promise<Batch['records'][number][]> {
  const records: Batch['records'][number][] = []
  for (let at = 0n; ;) {
    const batch = await log.read(stream, partition, at, LIMITS)
    if (batch.records.length === 0) return records
    records.push(...batch.records)
    at = batch.next
  }
}

export async function everything(log: Log, stream: string): Promise<Batch['records'][number][]> {
  const count = await log.partitionCount(stream)
  const partitions = await Promise.all(
    Array.from({ length: count }, (_, partition) => all(log, stream, partition)),
  )
  return partitions.flat()
}

/** Consumes partition 0 and commits each batch until it has `count` records. Returns their texts. */
export async function consumeUntil(
  log: Log,
  stream: string,
  group: string,
  count: number,
  onBatch: (seen: number) => Promise<void> = async () => {},
): Promise<string[]> {
  const got: string[] = []
  await withFirst(log, stream, group, LIMITS, async owned => {
    while (got.length < count) {
      const batch = (await owned.next())!
      got.push(...texts(batch.records))
      await owned.commit({}, batch.next)
      await onBatch(got.length)
    }
  })
  return got
}

/** Consumes, calls `use` with partition 0, and stops when `use` has returned. */
export async function withFirst(
  log: Log,
  stream: string,
  group: string,
  limits: typeof LIMITS,
  use: (owned: OwnedPartition) => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  await log.consume({ stream, group, ...limits, signal: stop.signal }, async owned => {
    if (owned.partition !== 0) return aborted(owned.signal)
    await use(owned)
    stop.abort()
  })
}
