import { describe, expect, test } from 'vitest'
import {
  durationOption,
  numberOption,
  placeArgument,
  speedOption,
  untilInterrupted,
  wholeNumberOption,
} from './options.ts'

describe('a number', () => {
  const parse = numberOption({ min: 0.1, max: 5 })

  test.each([
    ['0.1', 0.1],
    ['5', 5],
    ['1e0', 1],
    [' 2 ', 2],
  ])('%j is read', (text, value) => {
    expect(parse(text)).toBe(value)
  })

  test.each([
    ['', 'it must be a number.'],
    [' ', 'it must be a number.'],
    ['five', 'it must be a number.'],
    ['1,5', 'it must be a number.'],
    ['Infinity', 'it must be a number.'],
    ['NaN', 'it must be a number.'],
    ['0.09', 'it must be at least 0.1.'],
    ['-1', 'it must be at least 0.1.'],
    ['5.01', 'it must be at most 5.'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => parse(text)).toThrow(message)
  })

  test('has no bounds unless they are given', () => {
    expect(numberOption({})('-1e300')).toBe(-1e300)
  })
})

describe('a whole number', () => {
  const parse = wholeNumberOption({ min: 0, max: 65_535 })

  test.each([
    ['0', 0],
    ['65535', 65_535],
    ['8e3', 8000],
  ])('%j is read', (text, value) => {
    expect(parse(text)).toBe(value)
  })

  test.each([
    ['1.5', 'it must be a whole number.'],
    ['-1', 'it must be at least 0.'],
    ['65536', 'it must be at most 65535.'],
    ['x', 'it must be a number.'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => parse(text)).toThrow(message)
  })

  test('is one that a double holds exactly', () => {
    expect(() => wholeNumberOption({})('9007199254740993')).toThrow('it must be a whole number.')
  })
})

describe('a duration', () => {
  test.each([
    ['500ms', 500],
    ['0m', 0],
    ['90s', 90_000],
    ['1.5m', 90_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
  ])('%j is %d ms', (text, ms) => {
    expect(durationOption(text)).toBe(ms)
  })

  test.each(['', '10', 'm', '-1m', '1 m', '1w', '.5s', '1m30s'])('%j is refused', text => {
    expect(() => durationOption(text)).toThrow('it must be a number with a unit: 500ms, 90s, 10m, 24h, 7d.')
  })
})

describe('a speed', () => {
  test.each([
    ['1x', 1],
    ['60x', 60],
    ['0.5x', 0.5],
    ['max', Infinity],
  ])('%j is the factor %d', (text, factor) => {
    expect(speedOption(text)).toBe(factor)
  })

  test.each(['', '60', 'x', '0x', '-1x', 'fast', 'MAX'])('%j is refused', text => {
    expect(() => speedOption(text)).toThrow('it must be a factor such as 60x, or max.')
  })
})

describe('a place', () => {
  test.each([
    ['0/0', { partition: 0, position: 0n }],
    ['3/17', { partition: 3, position: 17n }],
    ['1/900719925474099301', { partition: 1, position: 900_719_925_474_099_301n }],
  ])('%j is a partition and a position', (text, place) => {
    expect(placeArgument(text)).toEqual(place)
  })

  test.each(['', '0', '0/', '/0', '-1/0', '0/-1', '0/1/2', 'bad/0', '0 / 1'])('%j is refused', text => {
    expect(() => placeArgument(text)).toThrow('it must be partition/position, such as 0/17')
  })
})

test('a command that waits for Ctrl-C stops at the first one', () => {
  const before = { SIGINT: process.listeners('SIGINT'), SIGTERM: process.listeners('SIGTERM') }
  const signal = untilInterrupted()
  expect(signal.aborted).toBe(false)
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    for (const listener of process.rawListeners(name))
      if (!before[name].includes(listener as NodeJS.SignalsListener)) {
        process.off(name, listener as NodeJS.SignalsListener)
        if (name === 'SIGINT') (listener as () => void)()
      }
  expect(signal.aborted).toBe(true)
})
