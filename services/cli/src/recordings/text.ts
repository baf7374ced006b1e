/** Encodings of recordings, by the names of the Encoding Standard. */
export const ENCODINGS = ['utf-8', 'latin1', 'windows-1252', 'utf-16le', 'utf-16be'] as const

const NEWLINE = 0x0a

/**
 * Decodes `bytes` into blocks of text, without a byte order mark. Throws, naming the line, when the bytes are not of that
 * encoding: a file that is read in the wrong encoding would be damaged silently.
 */
export async function* decodeText(
  bytes: AsyncIterable<Uint8Array>,
  encoding: (typeof ENCODINGS)[number],
): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true })
  const isWide = encoding.startsWith('utf-16')
  let lines = 0
  let rest = Buffer.alloc(0)
  const decode = (block: Uint8Array, stream: boolean): string => {
    try {
      const text = decoder.decode(block, { stream })
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++
      return text
    } catch {
      const line = lines + 1 + (isWide ? 0 : badLine(block, encoding))
      throw new Error(
        `line ${line} has bytes that are not ${encoding}: write "encoding" in the map (${ENCODINGS.join(', ')}), or convert the file`,
      )
    }
  }
  for await (const chunk of bytes) {
    // Cut at line ends, so that the line of a fault is known. (In UTF-16 a byte alone does not mark the end of a line.)
    const block = isWide ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    const end = isWide ? block.length : block.lastIndexOf(NEWLINE) + 1
    rest = block.subarray(end)
    if (end > 0) yield decode(block.subarray(0, end), true)
  }
  const last = decode(rest, false)
  if (last !== '') yield last
}

/** The number, from 0, of the first line that can't be decoded. */
function badLine(block: Uint8Array, encoding: string): number {
  let line = 0
  for (let start = 0; start < block.length; line++) {
    const end = block.indexOf(NEWLINE, start) + 1 || block.length
    try {
      new TextDecoder(encoding, { fatal: true }).decode(block.subarray(start, end))
    } catch {
      return line
    }
    start = end
  }
  return line
}

/** The lines of a text that comes in blocks, without their ends. */
export async function* linesOf(blocks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = ''
  for await (const block of blocks) {
    const lines = (rest + block).split('\n')
    rest = lines.pop() as string
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line
  }
  if (rest !== '') yield rest
}
