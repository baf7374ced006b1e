import type { StreamName } from '@sluicebox/event/records'

/** The name under which a registry holds the schemas of a stream. */
export function subjectOf(stream: StreamName, subjectPrefix: string): string {
  return `${subjectPrefix}${stream}-value`
}
