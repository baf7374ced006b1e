import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'

// Reads the file of an LMDB environment by itself, page by page. The native reader trusts its file: given one that is
// cut off, or whose pages are not what they were, it may read forever or end the process. Everything here is bounded by
// the size of the file. Layout: LMDB 1.0, data version 2, lib/lmdb/libraries/liblmdb/mdb.c.

/** The file of the log is not what LMDB wrote. The message says in what, and continues "the log in <dir> is damaged: ". */
export class DamagedFileError extends Error {}

const HEADER_BYTES = 24
const NODE_BYTES = 8
const META = { magic: 0xbeefc0de, version: 2 }
const PAGE = { branch: 1, leaf: 2, overflow: 4, meta: 8, leaf2: 0x20 }
const NODE = { big: 1, table: 2 }
/** The root of an empty table. */
const NO_PAGE = 2 ** 64
/** More than the largest record takes. */
const VALUE_PAGES_MAX = 65_536
/** A tree of this depth would hold more than any disk. */
const DEPTH_MAX = 32

interface Meta {
  readonly txnid: number
  readonly pageBytes: number
  readonly lastPage: number
  /** The roots of the list of free pages, and of the tables. */
  readonly roots: readonly [number, number]
}

/** An entry of a table. */
export interface Entry {
  /** Undefined for a large value that was found by itself; then bytes may follow it. */
  readonly key: Buffer | undefined
  readonly value: Buffer
  /** The transaction that wrote the page with the entry. */
  readonly txnid: number
}

interface LmdbFile extends Disposable {
  readonly pageBytes: number
  readonly pages: number
  read(page: number, count?: number): Buffer
}

export const dataFile = (dir: string): string => join(dir, 'data.mdb')

const u64 = (bytes: Buffer, at: number): number =>
  bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 0x1_0000_0000

function openFile(dir: string, pageBytes: number): LmdbFile {
  const fd = openSync(dataFile(dir), 'r')
  const { size } = fstatSync(fd)
  return {
    pageBytes,
    pages: Math.floor(size / pageBytes),
    read(page, count = 1) {
      const bytes = Buffer.allocUnsafe(count * pageBytes)
      const read = readSync(fd, bytes, 0, bytes.length, page * pageBytes)
      return bytes.subarray(0, read)
    },
    [Symbol.dispose]: () => closeSync(fd),
  }
}

/** The sizes that LMDB gives its pages. */
const PAGE_BYTES = [4096, 8192, 16_384, 32_768, 65_536, 1024, 2048]

/** Returns the two pages that name the current state; undefined for one that is not whole. */
function readMetas(dir: string): (Meta | undefined)[] {
  const [first] = PAGE_BYTES.flatMap(pageBytes => {
    using file = openFile(dir, pageBytes)
    const metas = [0, 1].map(page => metaOf(file.read(page), page))
    return metas.some(meta => meta?.pageBytes === pageBytes) ? [metas] : []
  })
  return first ?? [undefined, undefined]
}

function metaOf(page: Buffer, number: number): Meta | undefined {
  if (page.length < 1024 || u64(page, 0) !== number || (page.readUInt16LE(18) & PAGE.meta) === 0)
    return undefined
  if (page.readUInt32LE(24) !== META.magic || page.readUInt32LE(28) !== META.version) return undefined
  const [free, main] = [48, 96]
  return {
    pageBytes: page.readUInt32LE(free),
    roots: [u64(page, free + 40), u64(page, main + 40)],
    lastPage: u64(page, 144),
    txnid: u64(page, 152),
  }
}

export interface CheckOptions {
  /** How long the walk may take; what it has not seen by then is not checked. */
  readonly forMs: number
  /** Monotonic milliseconds. */
  readonly now?: () => number
}

/** Another process may change the pages while they are read. */
const ATTEMPTS_MAX = 5

/**
 * Checks the structure of a log's file: its current state, every page of its trees, the order of their keys. Does not
 * read records. Throws a `DamagedFileError`. A folder without a file passes: a log can be created there.
 */
export function checkFile(dir: string, options: CheckOptions): { readonly isComplete: boolean } {
  for (let attempt = 1; ; attempt++) {
    const before = existsSync(dataFile(dir)) ? newestMeta(dir) : undefined
    if (before === undefined) return { isComplete: true }
    try {
      return { isComplete: walk(dir, before, options) }
    } catch (error) {
      if (!(error instanceof DamagedFileError)) throw error
      // A writer has used pages again that this walk was about to read.
      if (newestMeta(dir)?.txnid === before.txnid) throw error
      if (attempt === ATTEMPTS_MAX) return { isComplete: false }
    }
  }
}

function newestMeta(dir: string): Meta {
  const [a, b] = readMetas(dir)
  if (a === undefined || b === undefined)
    throw new DamagedFileError(
      a === b
        ? 'neither of the two pages that say where its current state is can be read'
        : "one of the two pages that say where its current state is can't be read",
    )
  return a.txnid > b.txnid ? a : b
}

/** Returns whether everything was walked. */
function walk(dir: string, meta: Meta, { forMs, now = () => performance.now() }: CheckOptions): boolean {
  using file = openFile(dir, meta.pageBytes)
  if (file.pages <= meta.lastPage)
    throw new DamagedFileError(
      `it has ${file.pages} pages of ${meta.pageBytes} bytes, and needs ${meta.lastPage + 1}: its end is cut off`,
    )
  const until = now() + forMs
  const waiting = meta.roots.filter(root => root < NO_PAGE).map(page => ({ page, depth: 0 }))
  while (waiting.length > 0) {
    if (now() > until) return false
    const { page, depth } = waiting.pop()!
    if (depth > DEPTH_MAX) throw new DamagedFileError(`page ${page} is part of a circle`)
    if (page > meta.lastPage) throw new DamagedFileError(`page ${page} is named, and there is none`)
    for (const child of childrenOf(file.read(page), page, meta))
      waiting.push({ page: child, depth: depth + 1 })
  }
  return true
}

/** Returns the pages that a page of a tree leads to. Throws when it is not one. */
function childrenOf(bytes: Buffer, page: number, meta: Meta): number[] {
  const flags = bytes.length < meta.pageBytes ? 0 : bytes.readUInt16LE(18)
  const isBranch = (flags & PAGE.branch) !== 0
  if (u64(bytes, 0) !== page || (!isBranch && (flags & PAGE.leaf) === 0))
    throw new DamagedFileError(`page ${page} does not hold what LMDB wrote to it`)
  if ((flags & PAGE.leaf2) !== 0) return []
  const children: number[] = []
  for (const { at, flags: kind, dataAt } of nodesOf(bytes, page)) {
    if (isBranch)
      children.push(bytes.readUInt16LE(at) + bytes.readUInt16LE(at + 2) * 0x1_0000 + kind * 2 ** 32)
    else if ((kind & NODE.table) !== 0) {
      const root = u64(bytes, dataAt + 40)
      if (root < NO_PAGE) children.push(root)
    } else if ((kind & NODE.big) !== 0 && u64(bytes, dataAt) > meta.lastPage)
      throw new DamagedFileError(`page ${page} names a page beyond the end of the file`)
  }
  return children
}

interface Node {
  readonly at: number
  readonly flags: number
  readonly keyAt: number
  readonly dataAt: number
  readonly dataBytes: number
}

/** Returns the nodes of a page of a tree. Throws when one is not within the page. */
function nodesOf(bytes: Buffer, page: number): Node[] {
  const count = bytes.readUInt16LE(20) >> 1
  if (count === 0 || HEADER_BYTES + 2 * count > bytes.length)
    throw new DamagedFileError(`page ${page} does not hold what LMDB wrote to it`)
  return Array.from({ length: count }, (_, index) => {
    const at = HEADER_BYTES + bytes.readUInt16LE(HEADER_BYTES + 2 * index)
    const isInside = at + NODE_BYTES <= bytes.length
    const keyBytes = isInside ? bytes.readUInt16LE(at + 6) : 0
    const dataAt = at + NODE_BYTES + keyBytes
    if (!isInside || dataAt > bytes.length)
      throw new DamagedFileError(`page ${page} has a node beyond its end`)
    return {
      at,
      flags: bytes.readUInt16LE(at + 4),
      keyAt: at + NODE_BYTES,
      dataAt,
      dataBytes: bytes.readUInt16LE(at) + bytes.readUInt16LE(at + 2) * 0x1_0000,
    }
  })
}

export interface Scanned {
  readonly page: number
  readonly pages: number
}

/**
 * Returns every entry of every table that any page of the file still holds, whatever the state of the others: also
 * those that were deleted or replaced since, of which `txnid` tells the newest.
 */
export function* scanEntries(dir: string, onProgress: (scanned: Scanned) => void): Generator<Entry> {
  const [a, b] = readMetas(dir)
  using file = openFile(dir, (a ?? b)?.pageBytes ?? PAGE_BYTES[0]!)
  for (let page = 0; page < file.pages; page++) {
    onProgress({ page, pages: file.pages })
    const bytes = file.read(page)
    if (u64(bytes, 0) !== page) continue
    const flags = bytes.readUInt16LE(18)
    const txnid = u64(bytes, 8)
    if ((flags & PAGE.overflow) !== 0) {
      const count = Math.min(bytes.readUInt32LE(20), file.pages - page, VALUE_PAGES_MAX)
      yield { key: undefined, value: file.read(page, count).subarray(HEADER_BYTES), txnid }
      continue
    }
    if ((flags & (PAGE.leaf | PAGE.leaf2)) !== PAGE.leaf) continue
    for (const node of wholeNodesOf(bytes, page)) {
      const value = valueOf(file, bytes, node)
      if (value !== undefined) yield { key: bytes.subarray(node.keyAt, node.dataAt), value, txnid }
    }
  }
}

function wholeNodesOf(bytes: Buffer, page: number): Node[] {
  try {
    return nodesOf(bytes, page)
  } catch {
    return []
  }
}

/** Returns the value of a node, wherever it is stored; undefined when it can't be. */
function valueOf(file: LmdbFile, bytes: Buffer, { flags, dataAt, dataBytes }: Node): Buffer | undefined {
  if ((flags & NODE.table) !== 0) return undefined
  if ((flags & NODE.big) === 0)
    return dataAt + dataBytes <= bytes.length ? bytes.subarray(dataAt, dataAt + dataBytes) : undefined
  if (dataAt + 8 > bytes.length) return undefined
  const page = u64(bytes, dataAt)
  const pages = Math.ceil((HEADER_BYTES + dataBytes) / file.pageBytes)
  if (page + pages > file.pages) return undefined
  return file.read(page, pages).subarray(HEADER_BYTES, HEADER_BYTES + dataBytes)
}
