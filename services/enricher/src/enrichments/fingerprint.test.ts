import { describe, expect, test } from 'vitest'
import { fingerprint } from './fingerprint.ts'

describe('fingerprint', () => {
  const claims = { e: 'pv', url: 'https://a.example/', eid: '1', stm: '1', nuid: 'n', dtm: '5' }
  test('is the same for copies with other ids and send times, in any order', () => {
    const copy = { stm: '2', dtm: '5', url: 'https://a.example/', tnuid: 't', eid: '2', e: 'pv', cv: 'x' }
    expect(fingerprint(copy)).toBe(fingerprint(claims))
    expect(fingerprint(claims)).toMatch(/^[0-9a-f]{32}$/)
  })

  test.each([
    ['another value', { ...claims, dtm: '6' }],
    ['a field more', { ...claims, uid: '' }],
    ['values moved between fields', { ...claims, dtm: '', duid: '5' }],
  ])('is another for %s', (_name, other) => {
    expect(fingerprint(other)).not.toBe(fingerprint(claims))
  })
})
