// What of Kafka's protocol a proxy has to know: messages are length-prefixed; a request begins with what it is, and its
// answer with the number that the request was given.

/** The requests that faults are aimed at, by their names. */
export const APIS = {
  produce: 0,
  fetch: 1,
  listOffsets: 2,
  metadata: 3,
  offsetFetch: 9,
  findCoordinator: 10,
  joinGroup: 11,
  heartbeat: 12,
  leaveGroup: 13,
  syncGroup: 14,
  apiVersions: 18,
  initProducerId: 22,
  addPartitionsToTxn: 24,
  addOffsetsToTxn: 25,
  endTxn: 26,
  txnOffsetCommit: 28,
} as const

export type ApiName = keyof typeof APIS

const NAMES = new Map<number, ApiName>(Object.entries(APIS).map(([name, key]) => [key, name as ApiName]))

const LENGTH_BYTES = 4
/** More than any request or answer here is: a frame that claims it is not Kafka's protocol. */
const FRAME_BYTES_MAX = 200 * 1024 * 1024

/** Takes bytes as they come and gives whole messages, each with its length prefix. */
export function createFrameSplitter(onFrame: (frame: Buffer) => void): (chunk: Buffer) => void {
  let chunks: Buffer[] = []
  let held = 0
  return function split(chunk) {
    chunks.push(chunk)
    held += chunk.length
    for (;;) {
      if (held < LENGTH_BYTES) return
      if (chunks[0]!.length < LENGTH_BYTES) chunks = [Buffer.concat(chunks)]
      const bytes = LENGTH_BYTES + chunks[0]!.readInt32BE(0)
      if (bytes < LENGTH_BYTES || bytes > FRAME_BYTES_MAX)
        throw new Error(`a message of ${bytes} bytes is not one of Kafka's`)
      if (held < bytes) return
      const all = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
      onFrame(all.subarray(0, bytes))
      chunks = bytes < all.length ? [all.subarray(bytes)] : []
      held -= bytes
    }
  }
}

export interface RequestHead {
  readonly apiKey: number
  /** Undefined for requests that no fault is aimed at. */
  readonly api: ApiName | undefined
  readonly version: number
  readonly correlationId: number
  readonly clientId: string
}

/** The head of a request, which is the same in all versions. */
export function readRequestHead(frame: Buffer): RequestHead {
  const apiKey = frame.readInt16BE(4)
  const clientIdBytes = frame.readInt16BE(12)
  return {
    apiKey,
    api: NAMES.get(apiKey),
    version: frame.readInt16BE(6),
    correlationId: frame.readInt32BE(8),
    clientId: clientIdBytes <= 0 ? '' : frame.toString('utf8', 14, 14 + clientIdBytes),
  }
}

/** The number of the request that an answer belongs to. */
export function readCorrelationId(frame: Buffer): number {
  return frame.readInt32BE(LENGTH_BYTES)
}
