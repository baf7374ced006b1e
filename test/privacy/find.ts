// Finds a text in bytes, in whatever form a pipeline may have stored it.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { openParquetObject } from '@sluicebox/archiver/objects/parquet-object'

/** The text as it is, in codes, in capitals and small letters of codes, in escapes, and in base64 wherever it begins there. */
export function formsOf(text: string): string[] {
  const coded = text.replaceAll(/[^\w]/g, char => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
  const escaped = text.replaceAll(/[^\w]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
  const plain = [
    text,
    encodeURIComponent(text),
    encodeURIComponent(encodeURIComponent(text)),
    coded,
    coded.toUpperCase(),
    escaped,
  ]
  const inBase64 = [0, 1, 2].flatMap(before => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)])
    // Without the characters at the ends, in which bits of what is around it are.
    const whole = bytes.toString('base64').replace(/=+$/, '')
    const own = whole.slice(before === 0 ? 0 : before + 1, bytes.length % 3 === 0 ? undefined : -1)
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')]
  })
  return [...new Set([...plain, ...inBase64])]
}

/** Every file below a folder, as it is and with what is compressed in it, by its path. Latin-1 keeps every byte. */
export async function* textsOf(folder: string): AsyncGenerator<[string, string]> {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name)
    if (!statSync(path).isFile()) continue
    const bytes = readFileSync(path)
    yield [name, bytes.toString('latin1')]
    if (bytes.toString('latin1', 0, 3) === 'Obj') yield [`${name} (inflated)`, inflateBlocks(bytes)]
    if (bytes.toString('latin1', 0, 4) === 'PAR1') yield [`${name} (rows)`, await rowsOf(bytes)]
  }
}

/** The blocks of an Avro container file: each is between two sync markers, behind two numbers of up to five bytes. */
function inflateBlocks(bytes: Buffer): string {
  const sync = bytes.subarray(-16)
  let text = ''
  for (let at = bytes.indexOf(sync); at >= 0;) {
    const end = bytes.indexOf(sync, at + 16)
    if (end < 0) break
    const block = bytes.subarray(at + 16, end)
    for (let skipped = 2; skipped <= 10; skipped++) {
      try {
        text += inflateRawSync(block.subarray(skipped)).toString('latin1')
        break
      } catch {
        // The numbers were longer.
      }
    }
    at = end
  }
  return text
}

async function rowsOf(bytes: Buffer): Promise<string> {
  let text = ''
  for await (const group of openParquetObject(new Uint8Array(bytes)).groups())
    for (const { fields } of group)
      for (const value of Object.values(fields))
        text += `${value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value)}\n`
  return text
}
