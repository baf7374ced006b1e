import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { currencyCode, readRates } from './rates.ts'

const EUR = { base: 'EUR', ageDaysMax: 10 }
const at = (date: string): number => Date.parse(date)

const FILE = `date,currency,rate
2026-11-20,USD,1.25
2026-11-18,USD,1.2
2026-11-20,JPY,160
2026-11-23,USD,1.5
`

describe('the rate is the newest one of the same date or an earlier one', () => {
  const { rateAt, description } = readRates(FILE, EUR)
  test.each<[currency: string, instant: string, rate: number | string]>([
    ['USD', '2026-11-17T23:59:59.999Z', 'too_early'],
    ['USD', '2026-11-18T00:00:00Z', 1.2],
    ['USD', '2026-11-19T23:59:59.999Z', 1.2],
    ['USD', '2026-11-20T00:00:00Z', 1.25],
    ['USD', '2026-11-22T12:00:00Z', 1.25],
    ['USD', '2026-11-23T12:00:00Z', 1.5],
    ['USD', '2026-12-03T23:59:59.999Z', 1.5],
    ['USD', '2026-12-04T00:00:00Z', 'too_old'],
    ['JPY', '2026-11-30T23:59:59.999Z', 160],
    ['JPY', '2026-12-01T00:00:00Z', 'too_old'],
    ['CHF', '2026-11-20T00:00:00Z', 'unknown_currency'],
    ['usd', '2026-11-20T00:00:00Z', 'unknown_currency'],
    // The base currency has the rate 1 on every day, without a line.
    ['EUR', '1970-01-01T00:00:00Z', 1],
    ['EUR', '2126-01-01T00:00:00Z', 1],
    ['__proto__', '2026-11-20T00:00:00Z', 'unknown_currency'],
  ])('%s at %s: %s', (currency, instant, rate) => {
    expect(rateAt(currency, at(instant))).toBe(rate)
  })

  test('the file is described', () => {
    expect(description).toBe('2 currencies against EUR, 2026-11-18 to 2026-11-23')
  })
})

test.each<[what: string, text: string]>([
  ['a byte order mark and line ends of Windows', `\uFEFF${FILE.replaceAll('\n', '\r\n')}`],
  ['line ends of old Macs', FILE.replaceAll('\n', '\r')],
  ['quotes and spaces', FILE.replace('2026-11-20,USD,1.25', ' "2026-11-20" , "USD" , "1.25" ')],
  ['a header in another case', FILE.replace('date,currency,rate', 'Date,Currency,Rate')],
  ['codes in lower case', FILE.replaceAll('USD', 'usd')],
  ['empty lines', FILE.replaceAll('\n', '\n\n')],
  ['no line end at the end', FILE.trimEnd()],
  ['a line that is there twice', `${FILE}2026-11-20,USD,1.250`],
  ['the base currency with its rate', `${FILE}2026-11-20,EUR,1.0`],
])('a file may have %s', (_what, text) => {
  expect(readRates(text, EUR).rateAt('USD', at('2026-11-20'))).toBe(1.25)
})

test.each<[what: string, line: string, says: string]>([
  ['a rate of zero', '2026-11-20,USD,0', 'line 3 has the rate "0"; write how many USD one EUR is worth'],
  ['a negative rate', '2026-11-20,USD,-1.1', 'line 3 has the rate "-1.1"'],
  ['NaN', '2026-11-20,USD,NaN', 'line 3 has the rate "NaN"'],
  ['infinity', '2026-11-20,USD,Infinity', 'line 3 has the rate "Infinity"'],
  ['a rate that overflows', '2026-11-20,USD,1e400', 'line 3 has the rate "1e400"'],
  ['a rate so small that amounts overflow', '2026-11-20,USD,1e-300', 'line 3 has the rate "1e-300"'],
  ['a hexadecimal rate', '2026-11-20,USD,0x1', 'line 3 has the rate "0x1"'],
  ['no rate', '2026-11-20,USD,', 'line 3 has the rate ""'],
  ['what the central bank writes for none', '2026-11-20,USD,N/A', 'line 3 has the rate "N/A"'],
  ['a decimal comma', '2026-11-20,USD,1,25', 'line 3 has 4 fields, where date, currency and rate are three'],
  ['semicolons', '2026-11-20;USD;1.25', 'line 3 has 1 fields'],
  [
    'a day that is not there',
    '2026-02-30,USD,1.25',
    'line 3 has the date "2026-02-30"; write it as 2026-11-20',
  ],
  ['an American date', '11/20/2026,USD,1.25', 'line 3 has the date "11/20/2026"'],
  ['a date with a time', '2026-11-20T10:00Z,USD,1.25', 'line 3 has the date'],
  [
    'a name of a currency',
    '2026-11-20,Dollar,1.25',
    'line 3 has the currency "Dollar"; write its ISO 4217 code',
  ],
  ['a letter that has no lower case of its own', '2026-11-20,USſ,1.25', 'line 3 has the currency'],
  [
    'another rate of the same day',
    '2026-11-18,USD,1.3',
    'line 3 gives USD another rate for 2026-11-18 than line 2',
  ],
  [
    'a rate of the base currency',
    '2026-11-20,EUR,1.1',
    'line 3 has the rate "1.1" of EUR, which is the base currency',
  ],
])('%s is refused, with its line', (_what, line, says) => {
  const text = `date,currency,rate\n2026-11-18,USD,1.2\n${line}\n2026-11-19,USD,1.2\n`
  expect(() => readRates(text, EUR)).toThrow(says)
})

test.each<[what: string, text: string, says: string]>([
  ['an empty file', '', 'line 1 must be the header date,currency,rate, not ""'],
  ['one without a header', '2026-11-20,USD,1.25\n', 'line 1 must be the header'],
  ['columns in another order', 'currency,date,rate\n', 'line 1 must be the header'],
  ['the table of the central bank', 'Date,USD,JPY,\n2026-11-20,1.25,160,\n', 'line 1 must be the header'],
  ['nothing but a header', 'date,currency,rate\n\n', 'it has no rates; write one per line'],
])('%s is refused', (_what, text, says) => {
  expect(() => readRates(text, EUR)).toThrow(says)
})

test.each([
  ['EUR', 'EUR'],
  ['eur', 'EUR'],
  [' Eur ', 'EUR'],
  ['EURO', null],
  ['€', null],
  ['', null],
  ['12A', null],
  ['ıdr', null],
])('the code in %j is %s', (text, code) => {
  expect(currencyCode(text)).toBe(code)
})

test('the rate is the one that a search through all lines finds', () => {
  const day = fc.integer({ min: 20_000, max: 20_060 })
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(day, fc.integer({ min: 1, max: 1000 })), {
        minLength: 1,
        selector: ([d]) => d,
      }),
      day,
      fc.nat(30),
      (lines, asked, ageDaysMax) => {
        const text = lines.map(
          ([d, rate]) => `${new Date(d * 86_400_000).toISOString().slice(0, 10)},USD,${rate}`,
        )
        const { rateAt } = readRates(['date,currency,rate', ...text].join('\n'), { base: 'EUR', ageDaysMax })
        const newest = lines.filter(([d]) => d <= asked).sort((a, b) => b[0] - a[0])[0]
        const expected =
          newest === undefined ? 'too_early' : asked - newest[0] > ageDaysMax ? 'too_old' : newest[1]
        expect(rateAt('USD', asked * 86_400_000 + 5)).toBe(expected)
      },
    ),
  )
})
