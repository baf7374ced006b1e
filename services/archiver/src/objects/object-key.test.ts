import { describe, expect, test } from 'vitest'
import { manifestKey, objectKey, parseManifestKey, parseObjectKey } from './object-key.ts'

describe('keys of objects', () => {
  test('name date and hour of the first record in UTC, partition and padded start position', () => {
    expect(
      objectKey({ stream: 'raw', partition: 3, start: 1042n }, Date.UTC(2026, 10, 20, 15, 59, 59, 999)),
    ).toBe('raw/event_date=2026-11-20/event_hour=15/raw+3+00000000000000001042.avro')
    expect(objectKey({ stream: 'scored', partition: 0, start: 0n }, Date.UTC(2027, 0, 1))).toBe(
      'scored/event_date=2027-01-01/event_hour=00/scored+0+00000000000000000000.parquet',
    )
  })

  test.each([
    { stream: 'raw', partition: 0, start: 0n },
    { stream: 'good', partition: 12, start: 2n ** 63n - 1n },
    { stream: 'bad', partition: 7, start: 49590338271490256608559692538361571095921575989136588898n },
  ] as const)('are read back: $stream, $partition, $start', start => {
    expect(parseObjectKey(objectKey(start, 0))).toEqual(start)
    expect(parseManifestKey(manifestKey(start))).toEqual(start)
  })

  test('sort by position within a partition and hour', () => {
    const keys = [1n, 9n, 10n, 99n, 100n, 2n ** 40n, 2n ** 63n].map(start =>
      objectKey({ stream: 'raw', partition: 1, start }, 0),
    )
    expect([...keys].sort()).toEqual(keys)
  })

  test.each([
    'raw/event_date=2026-11-20/event_hour=15/raw+3+1042.avro',
    'raw/event_date=2026-11-20/event_hour=15/good+3+00000000000000001042.avro',
    'other/event_date=2026-11-20/event_hour=15/other+3+00000000000000001042.avro',
    'raw/event_date=2026-11-20/raw+3+00000000000000001042.avro',
    'raw/event_date=2026-11-20/event_hour=15/raw+3+00000000000000001042.avro.part',
    'manifest/raw/3/00000000000000001042.json',
  ])('are not taken for one: %s', key => {
    expect(parseObjectKey(key)).toBeUndefined()
  })
})
