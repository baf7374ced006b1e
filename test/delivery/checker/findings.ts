/** What can be wrong, one name for each property that is checked. */
export const CHECKS = {
  'accepted-in-raw': 'every event that was accepted is in raw',
  'duplicates-explained': 'an event is in raw more often than once only where an attempt was ambiguous',
  'refused-absent': 'no event that was refused is in raw',
  'raw-was-sent': 'no event is in raw that nobody sent',
  'session-order': 'the events of a session are in raw in the order in which they were sent',
  'out-once': 'every event of every raw record comes out exactly once, in good or in bad',
  'out-of-nothing': 'nothing comes out that is not in raw',
  'out-as-expected': 'what was sent well comes out good, what was not comes out bad',
  'one-partition': 'the records of a visitor are in one partition of each stream',
  'scores-numbered': 'the scores of a session are numbered 1, 2, 3 … without gap or repeat',
  'scores-counted': 'every event of a session is scored once',
  'replay-events': 'good and bad are what one thread makes of raw, bit for bit',
  'replay-scores': 'scored is what one thread makes of good, bit for bit',
  'archive-ranges': 'the objects of the archive follow one another without hole or overlap',
  'archive-content': 'the archive holds what raw holds, each record once',
  'archive-complete': 'the archive has come as far as raw',
  'transactions-ended': 'no transaction stays open',
} as const

export type Check = keyof typeof CHECKS

export interface Finding {
  readonly check: Check
  readonly message: string
}

/** Collects what is wrong. */
export interface Findings {
  add(check: Check, message: string): void
  readonly all: readonly Finding[]
}

export function createFindings(): Findings {
  const all: Finding[] = []
  return { all, add: (check, message) => void all.push({ check, message }) }
}
