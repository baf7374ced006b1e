import type { Findings } from './findings.ts'
import type { Digest } from './history.ts'
import type { RawEvent } from './raw-events.ts'
import type { Stored, Streams } from './streams.ts'

export interface OutcomeFigures {
  readonly rawEvents: number
  readonly good: number
  readonly bad: number
}

interface Out {
  readonly stream: 'good' | 'bad'
  readonly id: string | undefined
  readonly where: string
}

/** raw = good + bad, by the coordinates that each derived record carries. */
export function checkOutcomes(
  { events }: Digest,
  raw: readonly RawEvent[],
  { good, bad }: Streams,
  findings: Findings,
): OutcomeFigures {
  const outs = new Map<string, Out[]>()
  const add = (stream: Out['stream'], stored: Stored): void => {
    const where = `${stream}/${stored.partition}/${stored.position}`
    const { fields } = stored
    if (fields === undefined) return findings.add('out-of-nothing', `${where} can't be read`)
    const source = `${String(fields['source_partition'])}/${String(fields['source_position'])}/${String(fields['source_index'])}`
    const id = (fields['event_id'] as string | null) || undefined
    outs.set(source, [...(outs.get(source) ?? []), { stream, id, where }])
  }
  for (const stored of good.records) add('good', stored)
  // The scorer puts records of good there that it can't read: they have come out already.
  for (const stored of bad.records) if (stored.fields?.['stage'] !== 'scorer') add('bad', stored)

  for (const event of raw) {
    const own = outs.get(event.source) ?? []
    outs.delete(event.source)
    const named = `${event.source} (${event.id ?? event.kind})`
    if (own.length !== 1)
      findings.add(
        'out-once',
        own.length === 0
          ? `${named} came out nowhere`
          : `${named} came out ${own.length} times: ${own.map(({ where }) => where).join(', ')}`,
      )
    for (const out of own) checkOne(event, out, named)
  }
  for (const [source, own] of outs)
    findings.add(
      'out-of-nothing',
      `${own.map(({ where }) => where).join(', ')} came from ${source}, where nothing is`,
    )
  return { rawEvents: raw.length, good: good.records.length, bad: bad.records.length }

  function checkOne(event: RawEvent, out: Out, named: string): void {
    const wanted =
      event.kind === 'heartbeat'
        ? 'good'
        : event.kind === 'unreadable'
          ? 'bad'
          : event.id === undefined
            ? undefined
            : events.get(event.id)?.expect
    if (wanted !== undefined && wanted !== out.stream)
      findings.add('out-as-expected', `${named} came out in ${out.stream}, and belongs in ${wanted}`)
    if (out.stream === 'good' && event.kind === 'event' && out.id !== event.id)
      findings.add('out-as-expected', `${named} came out as ${out.id ?? 'an event without id'}`)
  }
}

/** All records of a key in one partition: without that no order holds. */
export function checkPartitions(streams: Streams, findings: Findings): void {
  for (const [stream, { records }] of Object.entries(streams)) {
    const homes = new Map<string, number>()
    for (const { key, partition, position } of records) {
      if (key === null) continue
      const home = homes.get(key) ?? partition
      homes.set(key, home)
      if (home !== partition)
        findings.add(
          'one-partition',
          `${stream}/${partition}/${position} of ${key}, whose records are in ${stream}/${home}`,
        )
    }
  }
}

export function checkTransactions(streams: Streams, findings: Findings): void {
  for (const [stream, { openPartitions }] of Object.entries(streams))
    for (const partition of openPartitions)
      findings.add('transactions-ended', `${stream}/${partition} has a transaction that did not end`)
}
