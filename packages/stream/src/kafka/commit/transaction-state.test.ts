import { expect, test } from 'vitest'
import { decodeResponse, encodeRequest } from './transaction-state.ts'

// As version 0 of DescribeTransactions is laid out (KIP-664), from the end of the header on.

const LONG = 'x'.repeat(200)

test.each([
  ['a', [0, 2, 2, 97, 0]],
  // 201 takes two bytes.
  [LONG, [0, 2, 0xc9, 0x01, ...Buffer.from(LONG), 0]],
])('asks for one transaction: %.5s', (id, bytes) => {
  expect([...encodeRequest(id)]).toEqual(bytes)
})

function responseOf(header: number[], errorCode: number, id: string, state: string): Buffer {
  const string = (text: string): number[] =>
    text.length < 127
      ? [text.length + 1, ...Buffer.from(text)]
      : [((text.length + 1) & 0x7f) | 0x80, (text.length + 1) >> 7, ...Buffer.from(text)]
  const throttleMs = [0, 0, 0, 9]
  const rest = Array.from({ length: 30 }, () => 7)
  return Buffer.from([...header, ...throttleMs, 2, 0, errorCode, ...string(id), ...string(state), ...rest])
}

test.each([
  ['short', [0], 0, 'a', 'CompleteCommit'],
  ['a long id', [0], 0, LONG, 'PrepareAbort'],
  ['an error', [0], 105, 'a', ''],
  ['a header with unknown tags', [2, 0, 1, 0xff, 5, 2, 1, 2], 16, 'a', 'Ongoing'],
])('reads the error and the state: %s', (_name, header, errorCode, id, state) => {
  expect(decodeResponse(responseOf(header, errorCode, id, state))).toEqual({ errorCode, state })
})

test('rejects a response without a transaction', () => {
  expect(() => decodeResponse(Buffer.from([0, 0, 0, 0, 0, 1, 0]))).toThrow('describes none')
})
