import { crc32 } from 'node:zlib'
import type { InputRecord } from '../log.ts'

/** The state of a partition, as a stage saved it. */
export interface Snapshot {
  /** The state contains exactly the records of all positions below. */
  readonly position: bigint
  /** The stage's version of the layout of `bytes`. */
  readonly version: string
  readonly bytes: Uint8Array
  /** The last record in the state. It identifies the log that the state was made from. */
  readonly last?: PlacedRecord | undefined
}

/** A record's identity: no two logs have a record with the same instant at the same position. */
export type PlacedRecord = Pick<InputRecord, 'position' | 'appendedAt'>

/** Keeps the latest snapshot of each partition of each group. Losing one costs time, never correctness. */
export interface SnapshotStore {
  /** Rejects with a `DamagedSnapshotError` when what is kept is not what was saved. */
  load(group: string, partition: number): Promise<Snapshot | undefined>
  save(group: string, partition: number, snapshot: Snapshot): Promise<void>
}

/** What is kept of a snapshot is not what was saved: waiting does not help, and replay does. */
export class DamagedSnapshotError extends Error {}

/** The part of an object store that snapshots need. */
export interface Objects {
  get(key: string): Promise<Uint8Array | undefined>
  put(key: string, bytes: Uint8Array): Promise<unknown>
}

const MAGIC = 0x534c_4232
const HEADER_BYTES = 36
/** Written as the position of the last record when the state has none. */
const NOWHERE = 2n ** 64n - 1n

/**
 * Keeps snapshots as objects named `<prefix><group>/<partition>.snapshot`. The layout of an object, little-endian:
 *
 *   magic (uint32) · CRC-32 of all that follows (uint32) · position (uint64) · position of the last record (uint64) ·
 *   its `appendedAt` (float64) · version bytes (uint32) · version · state
 */
export function createSnapshots(objects: Objects, prefix = 'snapshots/'): SnapshotStore {
  const keyOf = (group: string, partition: number): string => `${prefix}${group}/${partition}.snapshot`
  return {
    async load(group, partition) {
      const key = keyOf(group, partition)
      const object = await objects.get(key)
      if (object === undefined) return undefined
      const snapshot = decode(object)
      if (snapshot === undefined)
        throw new DamagedSnapshotError(
          `the snapshot ${key} is damaged: its checksum does not match. It is not used, and the next one replaces it`,
        )
      return snapshot
    },
    async save(group, partition, snapshot) {
      await objects.put(keyOf(group, partition), encode(snapshot))
    },
  }
}

function encode({ position, version, bytes, last }: Snapshot): Uint8Array {
  const versionBytes = Buffer.from(version)
  const object = Buffer.allocUnsafe(HEADER_BYTES + versionBytes.length + bytes.length)
  object.writeUInt32LE(MAGIC, 0)
  object.writeBigUInt64LE(position, 8)
  object.writeBigUInt64LE(last?.position ?? NOWHERE, 16)
  object.writeDoubleLE(last?.appendedAt ?? 0, 24)
  object.writeUInt32LE(versionBytes.length, 32)
  object.set(versionBytes, HEADER_BYTES)
  object.set(bytes, HEADER_BYTES + versionBytes.length)
  object.writeUInt32LE(crc32(object.subarray(8)), 4)
  return object
}

function decode(bytes: Uint8Array): Snapshot | undefined {
  const object = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (object.length < HEADER_BYTES || object.readUInt32LE(0) !== MAGIC) return undefined
  if (object.readUInt32LE(4) !== crc32(object.subarray(8))) return undefined
  const stateAt = HEADER_BYTES + object.readUInt32LE(32)
  const lastPosition = object.readBigUInt64LE(16)
  return {
    position: object.readBigUInt64LE(8),
    version: object.toString('utf8', HEADER_BYTES, stateAt),
    bytes: object.subarray(stateAt),
    ...(lastPosition === NOWHERE
      ? {}
      : { last: { position: lastPosition, appendedAt: object.readDoubleLE(24) } }),
  }
}
