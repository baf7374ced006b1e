/** Encodings of recordings, by the names of the Encoding Standard. */
export const ENCODINGS = ['utf-8', 'latin1', 'windows-1252', 'utf-16le', 'utf-16be'] as const

/** The longest line, or row of a csv. A longer one means a file of another format, or a quote that is never closed. */
export const LINE_CHARS_MAX = 64 * 1024 * 1024

const NEWLINE = 0x0a
/** More bytes without the end of a line are decoded as they are. */
const UNCUT_BYTES_MAX = 1024 * 1024

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
  let isMidLine = false
  const decode = (block: Uint8Array, stream: boolean): string => {
    try {
      const text = decoder.decode(block, { stream })
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++
      return text
    } catch {
      const line = lines + 1 + (isWide ? 0 : badLine(block, encoding, isMidLine))
      throw new Error(
        `line ${line} has bytes that are not ${encoding}: write "encoding" in the map (${ENCODINGS.join(', ')}), or convert the file`,
      )
    }
  }
  for await (const chunk of bytes) {
    // Cut at line ends, so that the line of a fault is known. (In UTF-16 a byte alone does not mark the end of a line.)
    const block = isWide ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    const isUncut = isWide || block.length > UNCUT_BYTES_MAX
    const end = isUncut ? block.length : block.lastIndexOf(NEWLINE) + 1
    rest = block.subarray(end)
    if (end > 0) yield decode(block.subarray(0, end), true)
    isMidLine = end > 0 ? block[end - 1] !== NEWLINE : isMidLine
  }
  const last = decode(rest, false)
  if (last !== '') yield last
}

/** The number, from 0, of the first line that can't be decoded. */
function badLine(block: Uint8Array, encoding: string, isMidLine: boolean): number {
  let line = 0
  let start = 0
  // The rest of a UTF-8 character that began in the previous block.
  while (isMidLine && start < 3 && ((block[start] ?? 0) & 0xc0) === 0x80) start++
  for (; start < block.length; line++) {
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

/** The lines of a text that comes in blocks, without their ends. Throws for a line beyond `LINE_CHARS_MAX`. */
export async function* linesOf(blocks: AsyncIterable<string>): AsyncGenerator<string> {
  let number = 0
  /** The pieces of a line whose end has not come. */
  let pieces: string[] = []
  let chars = 0
  for await (const block of blocks) {
    let start = 0
    for (let end = block.indexOf('\n'); end >= 0; end = block.indexOf('\n', start)) {
      number++
      yield withoutReturn(pieces.join('') + block.slice(start, end))
      pieces = []
      chars = 0
      start = end + 1
    }
    if (start === block.length) continue
    pieces.push(block.slice(start))
    chars += block.length - start
    if (chars > LINE_CHARS_MAX)
      throw new Error(
        `row ${number + 1} has more than ${LINE_CHARS_MAX} characters: is it one object per line?`,
      )
  }
  if (pieces.length > 0) yield withoutReturn(pieces.join(''))
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}
