import { setTimeout as sleep } from 'node:timers/promises'
import {
  assign,
  decodeAssignment,
  decodeMember,
  encodeAssignment,
  encodeMember,
  PROTOCOL,
} from './assignment.ts'
import type { Connection } from '../protocol/connection.ts'
import { isDefinite, isHopeless, typeOf } from '../protocol/errors.ts'
import type { Broker } from '../protocol/wire.ts'

export interface MembershipParts {
  readonly connection: Connection
  readonly groupId: string
  readonly topic: string
  readonly sessionTimeoutMs: number
  /** Leaves the group when it aborts. */
  readonly signal: AbortSignal
  /** Returns the partitions that this member has now. */
  readonly owned: () => readonly number[]
  /** Called with the partitions that this member has from now on. */
  readonly onAssigned: (partitions: readonly number[]) => void
  /** Called with an error; the member retries. */
  readonly onProblem: (error: Error) => void
  /** Called with an error that a retry can't fix; the member stops. */
  readonly onHopeless: (error: Error) => void
}

export interface Membership {
  /** Resolves when the group has confirmed after this call that the member still belongs to it, or the member has joined again. */
  confirm(signal: AbortSignal): Promise<void>
  /** Resolves when the member has left the group. */
  readonly ended: Promise<void>
}

const RETRY_MS = 200

/**
 * Joins a consumer group and stays in it by heartbeats. While the group assigns the partitions again, each member
 * continues with those that it has. A member that loses a partition learns it from the new assignment, or from a commit
 * that is refused because the next owner has fenced it.
 */
export function joinGroup(parts: MembershipParts): Membership {
  const { connection, groupId, topic, sessionTimeoutMs, signal } = parts
  const heartbeatMs = Math.max(50, Math.floor(sessionTimeoutMs / 8))
  let memberId = ''
  let joined: { readonly generationId: number; readonly coordinator: Broker } | undefined
  let heardAt = performance.now()
  let waiting: (() => void)[] = []
  let beatNow = Promise.withResolvers<void>()

  function heard(): void {
    heardAt = performance.now()
    const resolvers = waiting
    waiting = []
    for (const resolve of resolvers) resolve()
  }

  async function join(): Promise<void> {
    const coordinator = await connection.coordinator('group', groupId)
    const group = await coordinator.joinGroup({
      groupId,
      memberId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: sessionTimeoutMs,
      groupProtocols: [{ name: PROTOCOL, metadata: encodeMember(topic, parts.owned()) }],
    })
    memberId = group.memberId
    const { generationId } = group
    const synced = await coordinator.syncGroup({
      groupId,
      generationId,
      memberId,
      groupAssignment: group.leaderId === memberId ? await share(group.members) : [],
    })
    joined = { generationId, coordinator }
    const partitions = decodeAssignment(topic, synced.memberAssignment)
    parts.onAssigned(partitions)
    heard()
    if (partitions.length === 0)
      parts.onProblem(
        new Error(
          `this member has no partition: ${groupId} has more members than ${topic} has partitions. Add partitions, or stop a member`,
        ),
      )
  }

  async function share(members: readonly { memberId: string; memberMetadata: Buffer }[]) {
    await connection.renew()
    const { length: partitionCount } = await connection.partitions(topic)
    const assigned = assign(
      members.map(member => decodeMember(member.memberId, member.memberMetadata)),
      partitionCount,
    )
    return [...assigned].map(([id, partitions]) => ({
      memberId: id,
      memberAssignment: encodeAssignment(topic, partitions),
    }))
  }

  async function beat(): Promise<void> {
    const { generationId, coordinator } = joined!
    await Promise.race([sleep(heartbeatMs, undefined, { ref: true }), beatNow.promise])
    beatNow = Promise.withResolvers<void>()
    if (signal.aborted) return
    await coordinator.heartbeat({ groupId, groupGenerationId: generationId, memberId })
    heard()
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        await (joined === undefined ? join() : beat())
      } catch (error) {
        const type = typeOf(error)
        if (type === 'REBALANCE_IN_PROGRESS' || type === 'ILLEGAL_GENERATION') joined = undefined
        else if (type === 'UNKNOWN_MEMBER_ID') {
          // The group has removed this member: its partitions have other owners now.
          joined = undefined
          memberId = ''
          parts.onAssigned([])
        } else if (isHopeless(error)) return parts.onHopeless(error as Error)
        else {
          if (!isDefinite(error)) parts.onProblem(error as Error)
          if (performance.now() - heardAt > sessionTimeoutMs) {
            // The group has received no heartbeat for this long, so it must have removed this member.
            joined = undefined
            parts.onAssigned([])
          }
          await sleep(RETRY_MS)
          await connection.renew().catch(() => {})
          if (joined !== undefined)
            joined = await connection
              .coordinator('group', groupId)
              .then(coordinator => ({ ...joined!, coordinator }))
              .catch(() => joined)
        }
      }
    }
  }

  async function leave(): Promise<void> {
    if (memberId === '') return
    const coordinator = await connection.coordinator('group', groupId)
    await coordinator.leaveGroup({ groupId, memberId })
  }

  signal.addEventListener('abort', () => {
    beatNow.resolve()
    heard()
  })
  return {
    ended: run().then(() => leave().catch(() => {})),
    async confirm(until) {
      if (signal.aborted || until.aborted) return
      await new Promise<void>(resolve => {
        waiting.push(resolve)
        until.addEventListener('abort', () => resolve(), { once: true })
        beatNow.resolve()
      })
    },
  }
}
