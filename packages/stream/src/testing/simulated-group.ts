import { FencedError, type OwnedPartition } from '../log.ts'
import type { Process, Simulation } from './simulation.ts'

// The members of a consumer group share the partitions. A member that loses one learns of it late, and continues
// meanwhile.

export interface Group {
  readonly committed: readonly bigint[]
  /** Throws a `FencedError` unless `epoch` is the latest of the partition. */
  check(partition: number, epoch: number): void
  commit(partition: number, next: bigint): void
  /** Resolves when `signal` has aborted and each call of `use` has returned. */
  join(
    process: Process,
    signal: AbortSignal,
    own: Own,
    use: (owned: OwnedPartition) => Promise<void>,
  ): Promise<void>
  /** Gives the partitions to other members. */
  rebalance(): void
}

export type Own = (partition: number, epoch: number, committed: bigint, signal: AbortSignal) => OwnedPartition

interface Member {
  readonly process: Process
  readonly signal: AbortSignal
  /** Starts to own a partition. */
  gain(partition: number, epoch: number, lost: AbortSignal): void
}

/** How long until the group removes a member whose process is dead. */
const SESSION_MS = 10_000

export function createGroup(simulation: Simulation, partitions: number, staleCommitted: boolean): Group {
  const { random } = simulation
  const committed = new Array<bigint>(partitions).fill(0n)
  const committedBefore = [...committed]
  const epochs = new Array<number>(partitions).fill(0)
  const owners = new Array<{ member: Member; lost: AbortController } | undefined>(partitions).fill(undefined)
  let members: Member[] = []

  /** Gives each partition an owner; the member at index `favourite` gets the first partition. */
  function assign(favourite = 0): void {
    for (let partition = 0; partition < partitions; partition++) {
      const member = members[(partition + favourite) % members.length]
      const former = owners[partition]
      if (former?.member === member) continue
      if (former !== undefined)
        void simulation.later(former.member.process, {}, () =>
          former.lost.abort(new Error('The partition was lost.')),
        )
      if (member === undefined) {
        owners[partition] = undefined
        continue
      }
      const epoch = ++epochs[partition]!
      const lost = new AbortController()
      owners[partition] = { member, lost }
      void simulation.later(member.process, {}, () => member.gain(partition, epoch, lost.signal))
    }
  }

  function watch(member: Member): void {
    simulation.after(undefined, SESSION_MS, () => {
      if (!members.includes(member)) return
      if (member.process.isAlive) return watch(member)
      members = members.filter(other => other !== member)
      assign()
    })
  }

  return {
    committed,
    check(partition, epoch) {
      if (epochs[partition] !== epoch)
        throw new FencedError(`Partition ${partition} has another owner: this one can no longer commit.`)
    },
    commit(partition, next) {
      committed[partition] = next
    },
    async join(process, signal, own, use) {
      if (signal.aborted) return
      const failed = new AbortController()
      let failure: Error | undefined
      let running = 0
      const member: Member = {
        process,
        signal,
        gain(partition, epoch, lost) {
          const from = staleCommitted ? committedBefore[partition]! : committed[partition]!
          committedBefore[partition] = committed[partition]!
          running++
          const ended = AbortSignal.any([signal, failed.signal, lost])
          use(own(partition, epoch, from, ended))
            .catch((error: Error) => {
              failure ??= error
              failed.abort(error)
            })
            .finally(() => running--)
        },
      }
      await simulation.later(process, {}, () => {
        members = [...members, member]
        // The new member gets the first partition, so that every join takes a partition from another member.
        assign(members.length - 1)
        watch(member)
      })
      await simulation.later(
        process,
        { ready: () => (signal.aborted || failed.signal.aborted) && running === 0 },
        () => {
          members = members.filter(other => other !== member)
          assign()
        },
      )
      if (failure !== undefined) throw failure
    },
    rebalance() {
      if (members.length > 0) assign(random.below(members.length))
    },
  }
}
