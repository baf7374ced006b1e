import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import avro from 'avsc'
import type { Fields } from './schemas.ts'

/** An object of the archive, as any reader of Avro container files gets it. */
export interface ArchiveObject {
  readonly file: string
  /** From its own metadata. */
  readonly partition: number
  readonly start: bigint
  readonly end: bigint
  readonly records: readonly Fields[]
}

/** Every Avro object of a stream under the archive's folder, by partition and start. */
export async function readArchive(dir: string, stream: string): Promise<ArchiveObject[]> {
  const folder = join(dir, stream)
  if (!existsSync(folder)) return []
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
  const objects = await Promise.all(files.map(readObject))
  return objects.sort((a, b) => a.partition - b.partition || Number(a.start - b.start))
}

async function readObject(file: string): Promise<ArchiveObject> {
  const decoder = avro.createFileDecoder(file)
  const records: Fields[] = []
  let meta: Record<string, Buffer> = {}
  decoder.on('metadata', (_type: unknown, _codec: unknown, header: { meta: Record<string, Buffer> }) => {
    meta = header.meta
  })
  decoder.on('data', record => records.push(record as Fields))
  await once(decoder, 'end')
  const value = (name: string): string => {
    const found = meta[`sluicebox.${name}`]
    if (found === undefined) throw new Error(`${file} does not say its ${name}`)
    return found.toString()
  }
  if (Number(value('records')) !== records.length)
    throw new Error(`${file} holds ${records.length} records, and says ${value('records')}`)
  return {
    ...{ file, records, partition: Number(value('partition')) },
    ...{ start: BigInt(value('start')), end: BigInt(value('end')) },
  }
}
