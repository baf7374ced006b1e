import { AssignerProtocol } from 'kafkajs'

// Which member gets which partitions: the member that leads the group decides.

export interface Member {
  readonly id: string
  /** What it has at the moment. */
  readonly owned: readonly number[]
}

/** The members of a group have to agree on it: another way to share has another name. */
export const PROTOCOL = 'sluicebox-sticky'

/**
 * Shares the partitions out evenly. A member that has a partition keeps it as far as that allows, since its next owner has
 * to restore its state first. Of two members who claim one partition the first by id is believed.
 */
export function assign(members: readonly Member[], partitionCount: number): Map<string, number[]> {
  const free = new Set(Array.from({ length: partitionCount }, (_, partition) => partition))
  const byId = [...members].sort((a, b) => (a.id < b.id ? -1 : 1))
  const claims = byId.map(({ id, owned }) => ({
    id,
    owned: [...new Set(owned)].filter(partition => free.delete(partition)),
  }))
  // Where the division is uneven, the members with most keep one more.
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

/** What a member tells when it joins. */
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

/** None when the member got nothing. */
export function decodeAssignment(topic: string, assignment: Buffer): readonly number[] {
  if (assignment.length === 0) return []
  return AssignerProtocol.MemberAssignment.decode(assignment)?.assignment[topic] ?? []
}
