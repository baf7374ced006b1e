import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Unzip, UnzipInflate } from 'fflate'
import { PARAMETERS_BYTES_MAX } from '../parameters/parameters-file.ts'

const MEBIBYTE = 2 ** 20

/** The files of a bundle, each with the most bytes that it may have. */
export const BUNDLE_FILES = {
  'bundle.json': 64 * MEBIBYTE,
  'model.bin': PARAMETERS_BYTES_MAX,
  'golden.ndjson': 64 * MEBIBYTE,
  'MODEL_CARD.md': 4 * MEBIBYTE,
} as const

export type BundleFile = keyof typeof BUNDLE_FILES
export type BundleFiles = Record<BundleFile, Uint8Array>

/** Most bytes of a zipped bundle, and entries in it. */
const ZIP_BYTES_MAX = 256 * MEBIBYTE
const ZIP_ENTRIES_MAX = 1_000
/** One push inflates to 1,032 times as much at most, and after each push what came out is counted. */
const PUSH_BYTES = 16 * 1024

/** The four files of a bundle, from its folder or zip. Everything else there is left alone. */
export async function readBundleFiles(path: string): Promise<BundleFiles> {
  const { isDirectory, isFile, size } = await statOf(path)
  const found = isDirectory ? await readFolder(path) : unzip(await readZip(path, isFile, size))
  for (const name of Object.keys(BUNDLE_FILES) as BundleFile[])
    if (found[name] === undefined) throw new Error(`There is no ${name} in it.`)
  return found as BundleFiles
}

async function readFolder(path: string): Promise<Partial<BundleFiles>> {
  const found: Partial<BundleFiles> = {}
  for (const name of Object.keys(BUNDLE_FILES) as BundleFile[]) {
    const file = join(path, name)
    // Looked at before it is opened: a pipe or a device would never end. A link is followed, as config maps need it;
    // where it leads to does not matter, because the content must have the hash in the manifest.
    const { isFile, size } = await statOf(file)
    if (!isFile) throw new Error(`There is no file ${name} in it.`)
    checkSize(name, size)
    found[name] = await readFile(file)
  }
  return found
}

async function readZip(path: string, isFile: boolean, size: number): Promise<Uint8Array> {
  if (!isFile) throw new Error('There is neither a folder nor a zip file.')
  if (size > ZIP_BYTES_MAX) throw new Error(`The zip has ${size} bytes; ${ZIP_BYTES_MAX} is the limit.`)
  return readFile(path)
}

/** In memory: no name in the zip ever becomes a path. Its files may be in one folder. */
export function unzip(zip: Uint8Array): Partial<BundleFiles> {
  const chunks = new Map<BundleFile, { parts: Uint8Array[]; bytes: number; isComplete: boolean }>()
  let folder: string | undefined
  let entries = 0
  const unzipper = new Unzip(entry => {
    if (++entries > ZIP_ENTRIES_MAX) throw new Error(`The zip has more than ${ZIP_ENTRIES_MAX} entries.`)
    const [, entryFolder, name] = /^([^/\\]+\/)?([^/\\]+)$/.exec(entry.name) ?? []
    if (name === undefined || !Object.hasOwn(BUNDLE_FILES, name)) return
    const file = name as BundleFile
    if (chunks.has(file)) throw new Error(`The zip has ${file} twice.`)
    if (chunks.size > 0 && folder !== entryFolder)
      throw new Error('The zip has its files in different folders.')
    folder = entryFolder
    const content = { parts: [] as Uint8Array[], bytes: 0, isComplete: false }
    chunks.set(file, content)
    entry.ondata = (error, chunk, isLast) => {
      if (error) throw error
      // The size in the header is not trusted; the decompressed bytes are counted.
      content.bytes += chunk.length
      checkSize(file, content.bytes)
      content.parts.push(chunk)
      content.isComplete = isLast
    }
    entry.start()
  })
  unzipper.register(UnzipInflate)
  try {
    for (let at = 0; at < zip.length; at += PUSH_BYTES)
      unzipper.push(zip.subarray(at, at + PUSH_BYTES), at + PUSH_BYTES >= zip.length)
  } catch (cause) {
    throw new Error(`The zip cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
  const found: Partial<BundleFiles> = {}
  for (const [file, { parts, bytes, isComplete }] of chunks) {
    if (!isComplete) throw new Error(`The zip ends in the middle of ${file}.`)
    found[file] = concat(parts, bytes)
  }
  return found
}

function checkSize(name: BundleFile, bytes: number): void {
  const bytesMax = BUNDLE_FILES[name]
  if (bytes > bytesMax) throw new Error(`${name} has more than ${bytesMax} bytes, which is the limit.`)
}

async function statOf(path: string): Promise<{ isDirectory: boolean; isFile: boolean; size: number }> {
  try {
    const found = await stat(path)
    return { isDirectory: found.isDirectory(), isFile: found.isFile(), size: found.size }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return { isDirectory: false, isFile: false, size: 0 }
  }
}

function concat(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
