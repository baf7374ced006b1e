import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BLOCK_BYTES_MAX, createBlocks, getText, putText, type BlockRef } from './blocks.ts'
import { createDueHeap } from './due-heap.ts'
import { hash128, hashHex } from './hash.ts'
import { createIdentity, formatUuid, setDerivedUuid, setIdentity } from '../sessions/identity.ts'
import { createKeyIndex } from './key-index.ts'
import { createNumbering } from '../sessions/numbering.ts'
import { addSeen, DUPLICATE } from '../sessions/seen-events.ts'

// The tables that sessions are kept in, each against the collection of the language that it stands for.

describe('the hash', () => {
  test.each([
    ['', '00000000000000000000000000000000'],
    ['a', '033bb196ccef4fe1ccef4fe1ccef4fe1'],
    ['0123456', 'b486d475587c4a63fcf888682d417688'],
    ['01234567', '6dfcf55b9db5fbd59f65185fa018ca2d'],
    ['012345678', 'fc0e6ce3efe449c01bec22a741c93d42'],
    ['6f0d9c1e-2b3a-4c5d-8e7f-0123456789ab', '516fbeab884842d4d68f103cc817d113'],
    ['grüße, 世界 🛒', '60fe4602e84e35d0cb99752863226cdc'],
  ])('of %j is that of another implementation of MurmurHash3, over its UTF-16', (text, expected) => {
    expect(hashHex(text)).toBe(expected)
  })
})

describe('an identity', () => {
  test('of a UUID is its 128 bits, and they give the UUID back', () => {
    fc.assert(
      fc.property(fc.uuid(), uuid => {
        const identity = createIdentity()
        setIdentity(identity, uuid)
        const [a, b, c, d] = identity.words as unknown as [number, number, number, number]
        expect(identity.isUuid).toBe(true)
        expect(formatUuid(a, b, c, d)).toBe(uuid)
      }),
    )
  })

  test.each([
    ['in upper case', '0E37DF36-F698-11E6-8DD4-CB9CED3DF976'],
    ['without dashes', '0e37df36f69811e68dd4cb9ced3df976'],
    ['with a letter that is not a digit', '0e37df36-f698-11e6-8dd4-cb9ced3df97g'],
    ['with a letter from another script', '0e37df36-f698-11e6-8dd4-cb9ced3df97а'],
    ['one longer', '0e37df36-f698-11e6-8dd4-cb9ced3df9766'],
    ['nothing', ''],
  ])('of a text that is not a UUID in its usual form (%s) is its hash', (_what, text) => {
    const identity = createIdentity()
    const hash = new Uint32Array(4)
    setIdentity(identity, text)
    hash128(text, hash)
    expect([identity.isUuid, ...identity.words]).toEqual([false, ...hash])
  })

  test('made of a text is a UUID of version 8, always the same', () => {
    const [one, same, other] = ['a', 'a', 'b'].map(text => {
      const identity = createIdentity()
      setDerivedUuid(identity, text)
      return identity
    })
    expect(one!.text).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(same).toEqual(one)
    expect(other!.text).not.toBe(one!.text)
    const read = createIdentity()
    setIdentity(read, one!.text)
    expect(read).toEqual(one)
  })
})

test('the index finds what a Map would, whatever is added and removed', () => {
  // Hashes that collide in all their bits and in their last ones.
  const hash = fc.constantFrom(0, 1, 8, 9, 0xffffffff, 0x80000001, 1024, 1032)
  const command = fc.record({ isAdd: fc.boolean(), key: fc.nat(60), hash })
  fc.assert(
    fc.property(fc.array(command, { maxLength: 300, size: 'max' }), commands => {
      const index = createKeyIndex()
      const expected = new Map<string, number>()
      const keys: string[] = []
      for (const { isAdd, key, hash: of } of commands) {
        const name = `${key} ${of}`
        const slot = expected.get(name)
        if (isAdd && slot === undefined) {
          index.insert(of, keys.length)
          expected.set(name, keys.length)
          keys.push(name)
        } else if (!isAdd && slot !== undefined) {
          index.remove(of, slot)
          expected.delete(name)
        }
        expect(index.find(of, candidate => keys[candidate] === name)).toBe(expected.get(name) ?? -1)
      }
      expect(index.size).toBe(expected.size)
      for (const [name, slot] of expected)
        expect(index.find(Number(name.split(' ')[1]), candidate => keys[candidate] === name)).toBe(slot)
    }),
  )
})

test('the heap gives slots in the order of their instants, postponed ones later', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(50), fc.nat(3)), { maxLength: 600, size: 'max' }), entries => {
      const heap = createDueHeap((a, b) => a < b)
      entries.forEach(([due], slot) => heap.push(due, slot))
      // Each entry is put back once, later by its second number.
      const isPostponed = new Set<number>()
      const order: number[] = []
      while (heap.size > 0) {
        const slot = heap.top()
        const later = entries[slot]![1]
        if (later > 0 && !isPostponed.has(slot)) {
          isPostponed.add(slot)
          heap.postponeTop(heap.topDue() + later)
        } else {
          order.push(slot)
          heap.pop()
        }
      }
      const due = (slot: number): number => entries[slot]![0] + entries[slot]![1]
      expect(order).toEqual(entries.map((_, slot) => slot).sort((a, b) => due(a) - due(b) || a - b))
    }),
  )
})

describe('blocks', () => {
  test('keep apart what is written to them, and are used again', () => {
    const command = fc.oneof(
      fc.nat(300).map(bytes => ({ bytes })),
      fc.nat(40).map(free => ({ free })),
    )
    fc.assert(
      fc.property(fc.array(command, { maxLength: 200, size: 'max' }), commands => {
        let blocks = createBlocks()
        const held: { ref: BlockRef; mark: number }[] = []
        commands.forEach((made, i) => {
          if ('free' in made) {
            const [gone] = held.splice(made.free, 1)
            if (gone !== undefined) blocks.free(gone.ref)
          } else {
            const ref = blocks.allocate(made.bytes)
            const start = blocks.start(ref)
            expect(4 * blocks.wordCount(ref)).toBeGreaterThanOrEqual(made.bytes)
            blocks.words(ref).fill(i + 1, start, start + blocks.wordCount(ref))
            held.push({ ref, mark: i + 1 })
          }
          if (i % 50 === 0) {
            const again = createBlocks()
            again.restore(blocks.save().map(part => part.slice()))
            blocks = again
          }
        })
        for (const { ref, mark } of held) {
          const start = blocks.start(ref)
          const words = blocks.words(ref).subarray(start, start + blocks.wordCount(ref))
          expect(words.every(word => word === mark)).toBe(true)
        }
        expect(new Set(held.map(({ ref }) => ref)).size).toBe(held.length)
      }),
    )
  })

  test('of every size up to the largest can be had', () => {
    const blocks = createBlocks()
    for (let bytes = 16; bytes <= BLOCK_BYTES_MAX; bytes *= 2)
      for (const asked of [bytes - 1, bytes]) expect(4 * blocks.wordCount(blocks.allocate(asked))).toBe(bytes)
    expect(() => blocks.allocate(BLOCK_BYTES_MAX + 1)).toThrow('no block holds')
  })

  test.each([
    ['all', 1],
    ['every third', 3],
  ])('take up no more memory when %s are freed and allocated again', (_what, nth) => {
    const blocks = createBlocks()
    const held = Array.from({ length: 10_000 }, () => blocks.allocate(64))
    const { bytes } = blocks
    for (let i = 0; i < held.length; i += nth) blocks.free(held[i]!)
    for (let i = 0; i < held.length; i += nth) held[i] = blocks.allocate(64)
    expect(blocks.bytes).toBe(bytes)
    expect(new Set(held).size).toBe(held.length)
  })

  test('give memory back when none of them is left', () => {
    const blocks = createBlocks()
    const held = Array.from({ length: 10_000 }, () => blocks.allocate(64))
    const { bytes } = blocks
    for (const ref of held) blocks.free(ref)
    expect(blocks.bytes).toBeLessThan(bytes / 10)
  })

  test('give back any text', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), texts => {
        const blocks = createBlocks()
        const refs = texts.map(text => putText(blocks, text))
        expect(refs.map(ref => getText(blocks, ref))).toEqual(texts)
      }),
    )
  })
})

test('seen events are a set, however many there are', () => {
  const id = fc.oneof(fc.nat(9), fc.nat(200), fc.nat())
  fc.assert(
    fc.property(fc.array(fc.tuple(id, id), { maxLength: 400, size: 'max' }), ids => {
      const blocks = createBlocks()
      const expected = new Set<string>(['1,7'])
      // Blocks that were used before: what they held must not be taken for ids.
      for (let bytes = 16; bytes <= 16_384; bytes += bytes < 128 ? 16 : bytes) {
        const used = blocks.allocate(bytes)
        const start = blocks.start(used)
        blocks.words(used).fill(7, start, start + blocks.wordCount(used))
        blocks.free(used)
      }
      let ref = addSeen(blocks, 0, 0, 1, 7)
      for (const [high, low] of ids) {
        // Two zeros are kept as (1, 0).
        const name = high === 0 && low === 0 ? '1,0' : `${high},${low}`
        const answer = addSeen(blocks, ref, expected.size, high, low)
        expect(answer === DUPLICATE).toBe(expected.has(name))
        if (answer !== DUPLICATE) ref = answer
        expected.add(name)
      }
    }),
  )
})

describe('the numbering', () => {
  const identityOf = (i: number): ReturnType<typeof createIdentity> => {
    const identity = createIdentity()
    setIdentity(identity, `session ${i}`)
    return identity
  }

  test('gives each session its numbers once, until they are due to be forgotten', () => {
    const command = fc.record({ isTake: fc.boolean(), id: fc.nat(30), wait: fc.nat(5) })
    fc.assert(
      fc.property(fc.array(command, { maxLength: 300, size: 'max' }), commands => {
        let numbering = createNumbering(1_000)
        const expected = new Map<number, { n: number; revision: number; forgetAt: number }>()
        let now = 0
        commands.forEach(({ isTake, id, wait }, i) => {
          now += wait
          numbering.forget(now)
          for (const [key, { forgetAt }] of expected) if (forgetAt <= now) expected.delete(key)
          const found = expected.get(id)
          if (isTake || found !== undefined) {
            const numbers = found === undefined ? undefined : { n: found.n, revision: found.revision }
            expect(numbering.take(identityOf(id))).toEqual(numbers)
            expected.delete(id)
          } else {
            numbering.remember(identityOf(id), { n: i, revision: 2 * i }, now + 50)
            expected.set(id, { n: i, revision: 2 * i, forgetAt: now + 50 })
          }
          if (i % 40 === 0) {
            const again = createNumbering(1_000)
            again.restore(numbering.save().map(part => part.slice()))
            numbering = again
          }
          expect(numbering.size).toBe(expected.size)
        })
      }),
    )
  })

  test('forgets the oldest for want of room, and says so', () => {
    const numbering = createNumbering(10)
    for (let i = 0; i < 15; i++) numbering.remember(identityOf(i), { n: i, revision: 1 }, 1_000)
    expect([numbering.size, numbering.forgottenEarly]).toEqual([10, 5])
    expect(numbering.take(identityOf(4))).toBeUndefined()
    expect(numbering.take(identityOf(5))).toEqual({ n: 5, revision: 1 })
  })

  test('continues over more entries than fit into one piece of memory', () => {
    const numbering = createNumbering(20_000)
    for (let i = 0; i < 30_000; i++) {
      numbering.forget(i)
      numbering.remember(identityOf(i), { n: i, revision: 1 }, i + 9_000)
    }
    expect(numbering.size).toBe(9_000)
    expect(numbering.take(identityOf(21_000))).toEqual({ n: 21_000, revision: 1 })
    expect(numbering.take(identityOf(20_999))).toBeUndefined()
  })
})
