import { AssignerProtocol } from 'kafkajs'

// Which member gets which partitions. The member that leads the group decides it for all.

export interface Member {
  readonly id: string
  /** The partitions that it has now. */
  readonly owned: readonly number[]
}

/** All members of a group must use the same name: another way to share partitions needs another name. */
export const PROTOCOL = 'sluicebox-sticky'

/**
 * Shares the partitions out evenly. A member keeps the partitions that it has as far as that allows, because a new owner
 * has to restore their state first. When two members claim one partition, the one with the smaller id keeps it.
 */
export function assign(members: readonly Member[], partitionCount: number): Map<string, number[]> {
  const free = new Set(Array.from({ length: partitionCount }, (_, partition) => partition))
  const byId = [...members].sort((a, b) => (a.id < b.id ? -1 : 1))
  const claims = byId.map(({ id, owned }) => ({
    id,
    owned: [...new Set(owned)].filter(partition => free.delete(partition)),
  }))
  // Where the division is uneven, the members with the most partitions keep one more.
  claims.sort((a, b) => b.owned.length - a.owned.length)
  const assigned = new Map<string, number[]>()
  claims.forEach(({ id, owned }, index) => {
    const share =
      Math.floor(partitionCount / members.length) + (index < partitionCount % members.length ? 1 : 0)
    for (const partition of owned.slice(share)) free.add(partition)
    assigned.set(id, owned.slice(0, share))
  })
  const left = [...free].sort((a, b) => a - b)
  claims.forEach(({ id }, index) => {
    const share =
      Math.floor(partitionCount / members.length) + (index < partitionCount % members.length ? 1 : 0)
    const own = assigned.get(id)!
    own.push(...left.splice(0, share - own.length))
    own.sort((a, b) => a - b)
  })
  return assigned
}

/** Returns what a member sends when it joins: the topic, and the partitions that it has. */
export function encodeMember(topic: string, owned: readonly number[]): Buffer {
  return AssignerProtocol.MemberMetadata.encode({
    version: 1,
    topics: [topic],
    userData: Buffer.from(JSON.stringify(owned)),
  })
}

export function decodeMember(id: string, metadata: Buffer): Member {
  const userData = AssignerProtocol.MemberMetadata.decode(metadata)?.userData
  const owned =
    userData === undefined || userData.length === 0 ? [] : (JSON.parse(String(userData)) as number[])
  return { id, owned }
}

export function encodeAssignment(topic: string, partitions: readonly number[]): Buffer {
  return AssignerProtocol.MemberAssignment.encode({
    version: 1,
    assignment: { [topic]: [...partitions] },
    userData: Buffer.alloc(0),
  })
}

/** Returns the partitions that a member was given; an empty list when it was given none. */
export function decodeAssignment(topic: string, assignment: Buffer): readonly number[] {
  if (assignment.length === 0) return []
  return AssignerProtocol.MemberAssignment.decode(assignment)?.assignment[topic] ?? []
}
