import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  BLOCK_BYTES_MAX,
  createBlocks,
  getText,
  isText,
  putText,
  type BlockRef,
  type Blocks,
} from './blocks.ts'
import { createDueHeap } from './due-heap.ts'
import { hash128, hashHex, hashOfWords } from './hash.ts'
import { createIdentity, formatUuid, hashSession, setDerivedUuid, setIdentity } from '../sessions/identity.ts'
import { createKeyIndex } from './key-index.ts'
import { createNumbering, type Numbering, type Numbers } from '../sessions/numbering.ts'
import {
  addSeen,
  DUPLICATE,
  freeSeenIds,
  hasSeen,
  NO_SEEN_IDS,
  type SeenIds,
} from '../sessions/seen-events.ts'

// The tables that sessions are kept in, each against the collection of the language that it replaces.

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

test('the hash of words is that of the text that they are', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 8, maxLength: 8 })), texts => {
      const [ofText, ofWords] = [new Uint32Array(4), new Uint32Array(4)]
      const text = texts.join('')
      const words = Uint32Array.from(
        { length: text.length / 2 },
        (_, i) => text.charCodeAt(2 * i) | (text.charCodeAt(2 * i + 1) << 16),
      )
      hash128(text, ofText)
      hashOfWords(words, ofWords)
      expect(ofWords).toEqual(ofText)
    }),
  )
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

test('the hash of a session is its own: of the visitor and the id, which can not change places, or of the visitor', () => {
  const [a, b, uuid] = ['a', 'b', '0e37df36-f698-11e6-8dd4-cb9ced3df976'].map(text => {
    const identity = createIdentity()
    setIdentity(identity, text)
    return identity
  })
  // The same 128 bits, as a text that is not a UUID.
  const sameBits = { ...uuid!, isUuid: false }
  const sessions = [a, b, uuid, sameBits].flatMap(visitor =>
    [a, b, uuid, sameBits, undefined].map(id => {
      const hash = new Uint32Array(4)
      hashSession(hash, visitor!, id)
      return hash.join()
    }),
  )
  expect(new Set(sessions).size).toBe(20)
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
        for (const text of [...texts, ...texts.map(each => `${each}a`)])
          expect(refs.map(ref => isText(blocks, ref, text))).toEqual(texts.map(each => each === text))
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
        expect(hasSeen(blocks, ref, expected.size, high, low)).toBe(expected.has(name))
        const answer = addSeen(blocks, ref, expected.size, high, low)
        expect(answer === DUPLICATE).toBe(expected.has(name))
        if (answer !== DUPLICATE) ref = answer
        expected.add(name)
      }
    }),
  )
})

describe('the numbering', () => {
  const sessionOf = (i: number): Uint32Array => {
    const hash = new Uint32Array(4)
    hash128(`session ${i}`, hash)
    return hash
  }
  const withRoomFor = (entriesMax: number, blocks = createBlocks()): Numbering =>
    createNumbering({ blocks, entriesMax, idsMax: 1_000 })
  const seen = (blocks: Blocks, ids: readonly number[], before: readonly number[] = []): SeenIds => {
    const blockOf = (words: readonly number[]): BlockRef =>
      words.reduce((ref, word, count) => addSeen(blocks, ref, count, 1, word), 0)
    return {
      seen: blockOf(ids),
      count: ids.length,
      before: blockOf(before),
      beforeCount: before.length,
      since: 7,
    }
  }

  test('gives each session its numbers and its event ids once, until they are due to be forgotten', () => {
    const ids = fc.uniqueArray(fc.nat(40), { maxLength: 25 })
    const command = fc.record({ isTake: fc.boolean(), id: fc.nat(30), wait: fc.nat(5), ids, before: ids })
    fc.assert(
      fc.property(fc.array(command, { maxLength: 300, size: 'max' }), commands => {
        let blocks = createBlocks()
        let numbering = withRoomFor(1_000, blocks)
        const expected = new Map<number, { numbers: Numbers; ids: readonly number[]; forgetAt: number }>()
        let now = 0
        commands.forEach(({ isTake, id, wait, ids: newer, before }, i) => {
          now += wait
          numbering.forget(now)
          for (const [key, { forgetAt }] of expected) if (forgetAt <= now) expected.delete(key)
          const found = expected.get(id)
          for (let event = 0; event <= 40; event++)
            expect(numbering.hasEvent(sessionOf(id), 1, event)).toBe(found?.ids.includes(event) ?? false)
          if (isTake || found !== undefined) {
            const taken = numbering.take(sessionOf(id))
            expect(taken).toEqual(found === undefined ? undefined : { ...found.numbers, ids: taken!.ids })
            if (taken !== undefined) freeSeenIds(blocks, taken.ids)
            expected.delete(id)
          } else {
            const numbers = { n: i, revision: 2 * i }
            numbering.remember(sessionOf(id), numbers, seen(blocks, newer, before), now + 50)
            const all = [...newer, ...before]
            let count = all.length
            for (const each of expected.values()) count += each.ids.length
            for (const each of expected.values()) {
              if (count <= 1_000) break
              count -= each.ids.length
              each.ids = []
            }
            expected.set(id, { numbers, ids: all, forgetAt: now + 50 })
          }
          if (i % 40 === 0) {
            const again = createBlocks()
            again.restore(blocks.save().map(part => part.slice()))
            blocks = again
            const restored = withRoomFor(1_000, blocks)
            restored.restore(numbering.save().map(part => part.slice()))
            numbering = restored
          }
          expect(numbering.size).toBe(expected.size)
          expect(numbering.idCount).toBe(
            [...expected.values()].reduce((sum, each) => sum + each.ids.length, 0),
          )
        })
      }),
    )
  })

  test('frees the event ids of what it forgets', () => {
    const blocks = createBlocks()
    const numbering = withRoomFor(50, blocks)
    const ids = Array.from({ length: 100 }, (_, i) => i)
    let bytes = 0
    for (let i = 0; i < 5_000; i++) {
      numbering.forget(i)
      numbering.remember(sessionOf(i), { n: i, revision: 1 }, seen(blocks, ids), i + (i % 2 === 0 ? 40 : 90))
      if (i === 200) bytes = blocks.bytes
    }
    expect(blocks.bytes).toBe(bytes)
  })

  test('forgets the oldest for want of room, and says so', () => {
    const numbering = withRoomFor(10)
    for (let i = 0; i < 15; i++) numbering.remember(sessionOf(i), { n: i, revision: 1 }, NO_SEEN_IDS, 1_000)
    expect([numbering.size, numbering.forgottenEarly]).toEqual([10, 5])
    expect(numbering.take(sessionOf(4))).toBeUndefined()
    expect(numbering.take(sessionOf(5))).toMatchObject({ n: 5, revision: 1 })
  })

  test('continues over more entries than fit into one piece of memory', () => {
    const numbering = withRoomFor(20_000)
    for (let i = 0; i < 30_000; i++) {
      numbering.forget(i)
      numbering.remember(sessionOf(i), { n: i, revision: 1 }, NO_SEEN_IDS, i + 9_000)
    }
    expect(numbering.size).toBe(9_000)
    expect(numbering.take(sessionOf(21_000))).toMatchObject({ n: 21_000, revision: 1 })
    expect(numbering.take(sessionOf(20_999))).toBeUndefined()
  })
})
