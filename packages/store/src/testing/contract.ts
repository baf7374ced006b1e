import { describe, expect, onTestFinished, test } from 'vitest'
import type { Store } from '../store.ts'

/** A store for one test, empty. */
export interface StoreFixture {
  readonly store: Store
  /** Another client of the same store: another process would have one. */
  open(): Promise<Store>
  close(): Promise<void>
}

/** What store.ts promises, as tests. Every store must pass. */
export function storeContract(name: string, openFixture: () => Promise<StoreFixture>): void {
  async function fixture(): Promise<StoreFixture> {
    const opened = await openFixture()
    onTestFinished(() => opened.close())
    return opened
  }

  describe(`${name} is a store`, () => {
    test('returns the bytes that were created, and only those', async () => {
      const { store } = await fixture()
      const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 256)
      expect(await store.create('raw/a.avro', bytes)).toBe('created')
      expect(await store.create('raw/empty', new Uint8Array())).toBe('created')
      expect(Buffer.from((await store.get('raw/a.avro')) as Uint8Array).equals(bytes)).toBe(true)
      expect((await store.get('raw/empty'))?.length).toBe(0)
    })

    test('has nothing under a key that was never written', async () => {
      const { store } = await fixture()
      await store.create('raw/a/b', text('x'))
      expect(await store.get('raw/c')).toBeUndefined()
      expect(await store.get('raw/a')).toBeUndefined()
      expect(await store.get('raw/a/b/c')).toBeUndefined()
    })

    test('leaves an object as it was when it is created again', async () => {
      const { store, open } = await fixture()
      await store.create('k', text('first'))
      expect(await store.create('k', text('second'))).toBe('exists')
      expect(await (await open()).create('k', text('third'))).toBe('exists')
      expect(string(await store.get('k'))).toBe('first')
    })

    test('lets exactly one of many creators win, whichever client asks', async () => {
      const { store, open } = await fixture()
      const stores = [store, await open(), await open()]
      for (let race = 0; race < 20; race++) {
        const outcomes = await Promise.all(
          stores.map((each, i) => each.create(`race/${race}`, text(`by ${i}`.repeat(1000)))),
        )
        const winner = outcomes.indexOf('created')
        expect(outcomes.filter(outcome => outcome === 'created')).toHaveLength(1)
        expect(string(await store.get(`race/${race}`))).toBe(`by ${winner}`.repeat(1000))
      }
    })

    test('replaces an object by put, and puts one that is new', async () => {
      const { store } = await fixture()
      await store.put('k', text('first'))
      await store.put('k', text('second'))
      expect(string(await store.get('k'))).toBe('second')
      expect(await store.create('k', text('third'))).toBe('exists')
    })

    test('has no object after a delete, and accepts a second delete', async () => {
      const { store } = await fixture()
      await store.create('a/k', text('x'))
      await store.delete('a/k')
      await store.delete('a/k')
      await store.delete('a/never')
      expect(await store.get('a/k')).toBeUndefined()
      expect(await keys(store, '')).toEqual([])
      expect(await store.create('a/k', text('y'))).toBe('created')
    })

    test('lists keys in their order, whatever the order of writing, with sizes', async () => {
      const { store } = await fixture()
      const written = ['b', 'a/b/c', 'a-b', 'a+b/x', 'a=1/10', 'a=1/9', 'A', 'a/B', 'z/~', 'a0']
      for (const key of [...written].reverse()) await store.create(key, text(key))
      const listed = []
      for await (const object of store.list('')) listed.push(object)
      expect(listed).toEqual([...written].sort().map(key => ({ key, bytes: key.length })))
    })

    test.each([
      { prefix: 'raw/', found: ['raw/1/a', 'raw/1/b', 'raw/10/a', 'raw/2/a'] },
      { prefix: 'raw/1', found: ['raw/1/a', 'raw/1/b', 'raw/10/a'] },
      { prefix: 'raw/1/', found: ['raw/1/a', 'raw/1/b'] },
      { prefix: 'raw/1/b', found: ['raw/1/b'] },
      { prefix: 'ra', found: ['raw/1/a', 'raw/1/b', 'raw/10/a', 'raw/2/a', 'raz'] },
      { prefix: 'raw/3', found: [] },
      { prefix: 'nothing/here', found: [] },
    ])('lists what starts with "$prefix"', async ({ prefix, found }) => {
      const { store } = await fixture()
      for (const key of ['raw/1/a', 'raw/1/b', 'raw/10/a', 'raw/2/a', 'raz', 's'])
        await store.create(key, text('x'))
      expect(await keys(store, prefix)).toEqual(found)
    })

    test('lists more objects than one page of a listing holds', async () => {
      const { store } = await fixture()
      const names = Array.from({ length: 1100 }, (_, i) => `many/${String(i).padStart(5, '0')}`)
      await Promise.all(names.map(key => store.create(key, text('x'))))
      expect(await keys(store, 'many/')).toEqual(names)
    })

    test('accepts a caller that leaves a listing in the middle', async () => {
      const { store } = await fixture()
      for (const key of ['a', 'b', 'c']) await store.create(key, text('x'))
      for await (const object of store.list('')) {
        expect(object.key).toBe('a')
        break
      }
    })

    test('shows a new object to other clients at once', async () => {
      const { store, open } = await fixture()
      const other = await open()
      await store.create('a/b', text('x'))
      expect(string(await other.get('a/b'))).toBe('x')
      expect(await keys(other, 'a/')).toEqual(['a/b'])
    })

    test.each([
      '',
      '/',
      '/a',
      'a/',
      'a//b',
      '.',
      '..',
      '../a',
      'a/../b',
      'a/./b',
      'a/..',
      '.hidden',
      'a/.tmp/b',
      'a\\b',
      'a\0b',
      'a b',
      'ä',
      'C:a',
      'x'.repeat(201),
      Array.from({ length: 10 }, () => 'x'.repeat(99)).join('/'),
    ])('refuses the key %j', async key => {
      const { store } = await fixture()
      await expect(async () => store.create(key, text('x'))).rejects.toThrow("can't be the key")
      await expect(async () => store.put(key, text('x'))).rejects.toThrow("can't be the key")
      await expect(async () => store.get(key)).rejects.toThrow("can't be the key")
      await expect(async () => store.delete(key)).rejects.toThrow("can't be the key")
      expect(await keys(store, '')).toEqual([])
    })

    test.each(['/', '../', 'a/../', '.', 'a//', 'a\\'])('refuses to list the prefix %j', async prefix => {
      const { store } = await fixture()
      await expect(keys(store, prefix)).rejects.toThrow("can't be the prefix")
    })
  })
}

async function keys(store: Store, prefix: string): Promise<string[]> {
  const found = []
  for await (const { key } of store.list(prefix)) found.push(key)
  return found
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const string = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)
