import { describe, expect, test } from 'vitest'
import { timeFormat } from './time-format.ts'

const at = (iso: string): number => Date.parse(iso)

describe('timeFormat', () => {
  test.each([
    ['iso', '2019-10-01T00:00:00Z', at('2019-10-01T00:00:00Z')],
    ['iso', '2019-10-01T02:00:00+02:00', at('2019-10-01T00:00:00Z')],
    ['iso', '2019-10-01 00:00:00', at('2019-10-01T00:00:00Z')],
    ['iso', '2019-10-01', at('2019-10-01T00:00:00Z')],
    ['iso', 'yesterday', NaN],
    ['iso', '2019-02-30', NaN],
    ['iso', '2019-10-01T00:00:00Z and more', NaN],
    ['iso', '2019-10-01T00:00:00.123456Z', at('2019-10-01T00:00:00.123Z')],
    ['iso', '1969-12-31T23:59:59Z', NaN],
    ['epoch_ms', '1569888000123456', NaN],
    ['epoch_s', '1569888000123', NaN],
    ['epoch_s', '0x10', NaN],
    ['epoch_s', '1e3', NaN],
    ['epoch_s', '-5', NaN],
    ['dd.MM.yyyy', '01.01.0070', NaN],
    ['epoch_s', '1569888000', at('2019-10-01T00:00:00Z')],
    ['epoch_ms', '1569888000123', at('2019-10-01T00:00:00.123Z')],
    ['epoch_us', '1569888000123456', at('2019-10-01T00:00:00.123Z')],
    ['epoch_ms', ' ', NaN],
    ['epoch_ms', 'soon', NaN],
    ["yyyy-MM-dd HH:mm:ss 'UTC'", '2019-10-01 23:59:59 UTC', at('2019-10-01T23:59:59Z')],
    ["yyyy-MM-dd HH:mm:ss 'UTC'", '2019-10-01 23:59:59', NaN],
    ['dd.MM.yyyy HH:mm', '29.02.2024 07:05', at('2024-02-29T07:05:00Z')],
    ['dd.MM.yyyy', '29.02.2023', NaN],
    ['dd.MM.yyyy', '31.04.2023', NaN],
    ['yyyyMMddHHmmssSSS', '20191001120000007', at('2019-10-01T12:00:00.007Z')],
    ['yyyy-MM-dd HH:mm', '2019-10-01 24:00', NaN],
  ])('reads %s: %s', (format, text, expected) => {
    const read = timeFormat(format)(text)
    expect(typeof read === 'string' ? NaN : read).toBe(expected)
  })

  test.each([
    ['epoch_ms', '1569888000', 'it looks like epoch_s'],
    ['epoch_ms', '1569888000123456', 'it looks like epoch_us'],
    ['epoch_s', '1569888000123', 'it looks like epoch_ms'],
    ['epoch_us', '1569888000123', 'it looks like epoch_ms'],
    ['epoch_us', '1569888000', 'it looks like epoch_s'],
    ['epoch_ms', '99999999999999999999', 'is not between 1970 and 9999'],
    ['iso', '10000-01-01', 'is not between 1970 and 9999'],
  ])('says what is wrong with %s: %s', (format, text, says) => {
    expect(timeFormat(format)(text)).toContain(says)
  })

  test.each(['', 'HH:mm', 'yyyy-MM', 'yyyy-MM-dd hh:mm', 'unix'])('refuses the format "%s"', format => {
    expect(() => timeFormat(format)).toThrow(/time format/)
  })
})
