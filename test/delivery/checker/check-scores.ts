import type { Findings } from './findings.ts'
import type { Fields } from './schemas.ts'
import type { Streams } from './streams.ts'

export interface ScoreFigures {
  readonly scores: number
  readonly sessions: number
  readonly finals: number
}

interface Score {
  readonly where: string
  readonly session: string
  readonly kind: string
  readonly revision: number
  readonly n: number
  readonly eventId: string | null
}

/** The scores of each session: numbered without gap or repeat, closed before they are revised, one for each event. */
export function checkScores({ good, scored }: Streams, findings: Findings): ScoreFigures {
  const scores = scored.records.flatMap(({ fields, partition, position, key }): Score[] => {
    const where = `scored/${partition}/${position}`
    if (fields === undefined) {
      findings.add('out-of-nothing', `${where} can't be read`)
      return []
    }
    return [
      {
        where,
        session: sessionOf(fields, key),
        kind: fields['kind'] as string,
        revision: fields['revision'] as number,
        n: fields['n'] as number,
        eventId: fields['event_id'] as string | null,
      },
    ]
  })
  const bySession = Map.groupBy(scores, ({ session }) => session)
  for (const [session, own] of bySession) checkSession(session, own, findings)
  checkCounts(good, bySession, findings)
  const finals = scores.filter(({ kind }) => kind === 'final').length
  return { scores: scores.length, sessions: bySession.size, finals }
}

/** A name for the session of a record: two visitors may show the same session id. */
function sessionOf(fields: Fields, visitor: string | null): string {
  return `${fields['session_id'] as string} (visitor ${visitor})`
}

function checkSession(session: string, scores: readonly Score[], findings: Findings): void {
  const wrong = scores.findIndex(({ n }, index) => n !== index + 1)
  if (wrong !== -1) {
    const { where, n } = scores[wrong]!
    findings.add('scores-numbered', `${where} of ${session} is number ${n}, and should be ${wrong + 1}`)
  }
  for (const [index, { where, revision }] of scores.entries()) {
    const before = scores[index - 1]
    const wanted = before === undefined ? 1 : before.revision + (before.kind === 'final' ? 1 : 0)
    if (revision !== wanted)
      findings.add(
        'scores-numbered',
        `${where} of ${session} has revision ${revision}, and should have ${wanted}`,
      )
  }
}

/** Where no goal was in sight, each event of a session has exactly one update. */
function checkCounts(
  good: Streams['good'],
  bySession: ReadonlyMap<string, readonly Score[]>,
  findings: Findings,
): void {
  const events = new Map<string, { ids: Set<string>; hasGoal: boolean }>()
  for (const { fields, key } of good.records) {
    if (fields === undefined || (fields['session_id'] ?? null) === null) continue
    const session = sessionOf(fields, key)
    const own = events.get(session) ?? { ids: new Set(), hasGoal: false }
    own.ids.add(fields['event_id'] as string)
    if (fields['action'] === 'transaction') own.hasGoal = true
    events.set(session, own)
  }
  for (const [session, { ids, hasGoal }] of events) {
    if (hasGoal) continue
    const updates = (bySession.get(session) ?? []).filter(({ kind }) => kind === 'update')
    const scored = new Set(updates.map(({ eventId }) => eventId))
    const missing = [...ids].filter(id => !scored.has(id))
    if (missing.length > 0) findings.add('scores-counted', `${missing.join()} of ${session} have no score`)
    if (updates.length > scored.size)
      findings.add('scores-counted', `${session} has ${updates.length} updates for ${scored.size} events`)
  }
}
