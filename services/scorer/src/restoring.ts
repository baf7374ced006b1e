import type { Health } from '@sluicebox/runtime/admin'

/** A partition whose sessions are being restored: the replay goes from `from` to `committed`, and is at `position`. */
export interface Restoring {
  readonly partition: number
  readonly from: bigint
  readonly position: bigint
  readonly committed: bigint
}

/** What a readiness probe reports while partitions are being restored, and afterwards. */
export function restoringHealth(restoring: readonly Restoring[]): Health {
  if (restoring.length === 0) return { ok: true }
  return {
    ok: false,
    reason: 'restoring',
    details: {
      restoring: restoring.map(({ partition, from, position, committed }) => ({
        partition,
        position: String(position),
        committed: String(committed),
        percent: Math.floor((100 * Number(position - from)) / Number(committed - from)),
      })),
    },
  }
}
