import { errorOf } from '../protocol/errors.ts'
import { send, type Broker } from '../protocol/wire.ts'

/**
 * The state of the last transaction of a transactional id, as its coordinator reports it. `unknown` when the coordinator
 * does not know the id, and for states that do not say how the transaction ended.
 */
export type TransactionState = 'committing' | 'committed' | 'aborting' | 'aborted' | 'unknown'

const STATES: Readonly<Record<string, TransactionState>> = {
  PrepareCommit: 'committing',
  CompleteCommit: 'committed',
  PrepareAbort: 'aborting',
  CompleteAbort: 'aborted',
}

const API = { apiKey: 65, apiVersion: 0, apiName: 'DescribeTransactions' }
const TRANSACTIONAL_ID_NOT_FOUND = 105
const THROTTLE_BYTES = 4

/** Asks the coordinator for the state of the last transaction (KIP-664; brokers from 3.0 on). Changes nothing. */
export async function stateOf(coordinator: Broker, transactionalId: string): Promise<TransactionState> {
  const { errorCode, state } = await send(coordinator, API, encodeRequest(transactionalId), decodeResponse)
  if (errorCode === TRANSACTIONAL_ID_NOT_FOUND) return 'unknown'
  if (errorCode !== 0) throw errorOf(errorCode)
  return STATES[state] ?? 'unknown'
}

/** Returns the end of the request's header, which the client does not write here, and the body. */
export function encodeRequest(transactionalId: string): Buffer {
  const id = Buffer.from(transactionalId)
  return Buffer.concat([NO_TAGS, uvarint(2), uvarint(id.length + 1), id, NO_TAGS])
}

/** Reads the end of the response's header, and the first transaction. */
export function decodeResponse(bytes: Buffer): { errorCode: number; state: string } {
  let at = 0
  const readUvarint = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.readUInt8(at++)
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const readString = (): string => {
    const length = readUvarint() - 1
    at += length
    return bytes.toString('utf8', at - length, at)
  }
  for (let tags = readUvarint(); tags > 0; tags--) {
    readUvarint()
    const length = readUvarint()
    at += length
  }
  at += THROTTLE_BYTES
  if (readUvarint() < 2)
    throw new Error('the coordinator describes none of the transactions that it was asked for')
  const errorCode = bytes.readInt16BE(at)
  at += 2
  readString()
  return { errorCode, state: readString() }
}

const NO_TAGS = Buffer.of(0)

function uvarint(value: number): Buffer {
  const bytes: number[] = []
  for (; value >= 0x80; value >>>= 7) bytes.push((value & 0x7f) | 0x80)
  return Buffer.of(...bytes, value)
}
