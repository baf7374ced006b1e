import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { Transform, pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** Formats that can't be read, by how their files begin. */
const UNREADABLE = [
  { name: 'a zip archive', begins: 'PK\u0003\u0004' },
  { name: 'a Parquet file', begins: 'PAR1' },
  { name: 'an Avro file', begins: 'Obj\u0001' },
  { name: 'compressed by zstd', begins: '\u0028\u00b5\u002f\u00fd' },
  { name: 'compressed by bzip2', begins: 'BZh' },
  { name: 'compressed by xz', begins: '\u00fd7zXZ' },
]
const GZIP = '\u001f\u008b'
const HEAD_BYTES = 6

/**
 * Yields the bytes of a file, decompressed if it is gzip. Calls `onProgress` with the share of the file that was read,
 * 0 to 1. Throws when the file can't be read, is damaged, or is of a format that can't be read.
 */
export async function* fileBytes(
  path: string,
  onProgress: (share: number) => void = () => {},
): AsyncGenerator<Uint8Array> {
  const { size, head } = await look(path)
  const unreadable = UNREADABLE.find(({ begins }) => head.startsWith(begins))
  if (unreadable !== undefined)
    throw new Error(`is ${unreadable.name}: make it csv or ndjson, or .gz of them`)
  let read = 0
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      read += chunk.length
      onProgress(read / size)
      done(null, chunk)
    },
  })
  const bytes = pipeline(createReadStream(path), counter, () => {})
  if (!path.endsWith('.gz') && !head.startsWith(GZIP)) {
    yield* bytes as AsyncIterable<Uint8Array>
    return
  }
  const gunzip = createGunzip()
  try {
    yield* pipeline(bytes, gunzip, () => {}) as AsyncIterable<Uint8Array>
  } catch (error) {
    throw new Error(gzipFault(error as NodeJS.ErrnoException), { cause: error })
  }
  // Bytes that the decompressor does not read would be lost silently. Only zeros are allowed, because some writers pad
  // a file with them.
  for await (const chunk of createReadStream(path, { start: gunzip.bytesWritten }))
    if ((chunk as Buffer).some(byte => byte !== 0))
      throw new Error('is damaged: something that is not compressed follows its compressed data')
}

async function look(path: string): Promise<{ size: number; head: string }> {
  await using file = await open(path)
  const { size } = await file.stat()
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
  return { size, head: buffer.toString('latin1', 0, bytesRead) }
}

function gzipFault({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'Z_BUF_ERROR') return 'is cut off: its compressed data has no end; copy it again'
  return code?.startsWith('Z_') === true ? `is damaged, or not compressed by gzip: ${message}` : message
}
