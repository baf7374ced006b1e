import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFrameSplitter, readRequestHead } from './frames.ts'
import { requestFrame } from './testing/fake-broker.ts'

test('messages come out whole, wherever the bytes are parted', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 })
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (bodies, sizes) => {
      const frames = bodies.map(body => {
        const frame = Buffer.alloc(4 + body.length)
        frame.writeInt32BE(body.length)
        frame.set(body, 4)
        return frame
      })
      const bytes = Buffer.concat(frames)
      const out: string[] = []
      const split = createFrameSplitter(frame => out.push(frame.toString('hex')))
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = sizes[i % sizes.length]!
        split(bytes.subarray(at, at + size))
        at += size
      }
      expect(out).toEqual(frames.map(frame => frame.toString('hex')))
    }),
  )
})

test.each([-1, 0x7fffffff])('a length of %d is not a frame', length => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(length)
  expect(() => createFrameSplitter(() => {})(bytes)).toThrow('is not one of')
})

test.each([
  ['endTxn', 'scorer-1'],
  ['produce', ''],
] as const)('the head of a request says what it is: %s of "%s"', (api, clientId) => {
  expect(readRequestHead(requestFrame({ api, clientId, id: 7 }))).toMatchObject({
    api,
    version: 3,
    correlationId: 7,
    clientId,
  })
})
