import type { OutputRecord } from '../log.ts'

/** The names of streams, groups and transactions on a cluster, which other applications may share. */
export interface Names {
  topic(stream: string): string
  group(group: string, stream: string): string
  transaction(group: string, stream: string, partition: number): string
  byTopic(outputs: Readonly<Record<string, readonly OutputRecord[]>>): Record<string, readonly OutputRecord[]>
}

export function createNames(prefix: string): Names {
  const topic = (stream: string): string => `${prefix}${stream}`
  return {
    topic,
    group: (group, stream) => `${prefix}${group}-${stream}`,
    transaction: (group, stream, partition) => `${prefix}${group}-${stream}-${partition}`,
    byTopic: outputs =>
      Object.fromEntries(Object.entries(outputs).map(([stream, records]) => [topic(stream), records])),
  }
}
