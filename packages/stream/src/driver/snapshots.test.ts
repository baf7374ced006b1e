import { describe, expect, test } from 'vitest'
import { createSnapshots, DamagedSnapshotError } from './snapshots.ts'

describe('snapshots', () => {
  const snapshot = { position: 2n ** 60n, version: 'features 7', bytes: Uint8Array.of(1, 2, 3) }

  function createStore() {
    const objects = new Map<string, Uint8Array>()
    return {
      objects,
      snapshots: createSnapshots({
        get: async key => objects.get(key),
        put: async (key, bytes) => objects.set(key, Uint8Array.from(bytes)),
      }),
    }
  }

  test('are kept by group and partition', async () => {
    const { snapshots, objects } = createStore()
    await snapshots.save('scorer', 3, snapshot)
    expect([...objects.keys()]).toEqual(['snapshots/scorer/3.snapshot'])
    const loaded = await snapshots.load('scorer', 3)
    expect({ ...loaded, bytes: [...loaded!.bytes] }).toEqual({ ...snapshot, bytes: [1, 2, 3] })
    expect(await snapshots.load('scorer', 2)).toBeUndefined()
    expect(await snapshots.load('other', 3)).toBeUndefined()
  })

  test('name the last record, when there is one', async () => {
    const { snapshots } = createStore()
    const last = { position: 2n ** 60n - 1n, appendedAt: 1_700_000_000_000.5 }
    await snapshots.save('scorer', 0, { ...snapshot, last })
    expect((await snapshots.load('scorer', 0))?.last).toEqual(last)
    await snapshots.save('scorer', 0, snapshot)
    expect((await snapshots.load('scorer', 0))?.last).toBeUndefined()
  })

  test('replace the snapshot before', async () => {
    const { snapshots } = createStore()
    await snapshots.save('scorer', 0, snapshot)
    await snapshots.save('scorer', 0, { ...snapshot, position: 7n, bytes: new Uint8Array() })
    expect(await snapshots.load('scorer', 0)).toMatchObject({ position: 7n })
  })

  test('are refused when any byte is damaged or missing', async () => {
    const { snapshots, objects } = createStore()
    await snapshots.save('scorer', 0, snapshot)
    const [key, whole] = [...objects][0]!
    for (let at = 0; at < whole.length; at++) {
      objects.set(key, whole.with(at, whole[at]! ^ 1))
      await expect(snapshots.load('scorer', 0)).rejects.toThrow(DamagedSnapshotError)
      objects.set(key, whole.slice(0, at))
      await expect(snapshots.load('scorer', 0)).rejects.toThrow(DamagedSnapshotError)
    }
  })
})
