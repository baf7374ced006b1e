import { afterEach, describe, expect, test } from 'vitest'
import { output, paint, print, progress, table, tell, tellFailure, visible } from './terminal.ts'

const original = { ...output }
afterEach(() => void Object.assign(output, original))

/** What `write` sends to standard output and to standard error. */
function written(write: () => void): { data: string; messages: string } {
  const found = { data: '', messages: '' }
  output.data = bytes => void (found.data += String(bytes))
  output.messages = text => void (found.messages += text)
  write()
  return found
}

describe('what is printed', () => {
  test('is a line of standard output where it is data', () => {
    expect(written(() => print('{"raw":1}'))).toEqual({ data: '{"raw":1}\n', messages: '' })
  })

  test('is a line of standard error where it is a message', () => {
    expect(written(() => tell('drained'))).toEqual({ data: '', messages: 'drained\n' })
  })

  test('is the message of a failure alone, without a trace', () => {
    const { data, messages } = written(() => tellFailure(new Error('the disk is full')))
    expect([data, messages]).toEqual(['', 'error: the disk is full\n'])
  })
})

describe('what a visitor sent', () => {
  test.each<[what: string, text: string, shown: string]>([
    ['a command to the terminal', 'a\u001b]0;x\u0007b', 'a\\u001b]0;x\\u0007b'],
    ['a clearing of the screen', '\u001b[2J', '\\u001b[2J'],
    ['the same in one character', '\u009b2J', '\\u009b2J'],
    ['a carriage return', 'a\rb', 'a\\u000db'],
    ['a turned direction', 'gpj\u202egepj.exe', 'gpj\\u202egepj.exe'],
    ['an isolate', '\u2066a\u2069', '\\u2066a\\u2069'],
    ['a blank of no width', 'v\u200b1\ufeff', 'v\\u200b1\\ufeff'],
    ['a tag', 'a\u{e0041}', 'a\\udb40\\udc41'],
    ['letters of any script, a tab and a line end', 'é世\tالعربية\n', 'é世\tالعربية\n'],
    [
      'a colour of ours',
      paint('red', 'x', { isTTY: true } as never),
      paint('red', 'x', { isTTY: true } as never),
    ],
  ])('%s is shown and not obeyed', (_what, text, shown) => {
    expect(visible(text)).toBe(shown)
    expect(written(() => print(text)).data).toBe(`${shown}\n`)
    expect(written(() => tell(text)).messages).toBe(`${shown}\n`)
  })

  test('has the same meaning in JSON', () => {
    const value = { a: 'x\u202e\u{e0041}\u009b\u007f' }
    expect(JSON.parse(visible(JSON.stringify(value)))).toEqual(value)
  })
})

describe('colour', () => {
  const terminal = { isTTY: true } as NodeJS.WriteStream
  const pipe = { isTTY: false } as NodeJS.WriteStream
  const noColor = process.env['NO_COLOR']
  afterEach(() => {
    if (noColor === undefined) delete process.env['NO_COLOR']
    else process.env['NO_COLOR'] = noColor
  })

  test.each<[where: string, stream: NodeJS.WriteStream, variable: string, text: string]>([
    ['a terminal', terminal, '', '\u001B[31mfault\u001B[0m'],
    ['a terminal with NO_COLOR', terminal, '1', 'fault'],
    ['a pipe', pipe, '', 'fault'],
    ['a pipe with NO_COLOR', pipe, '1', 'fault'],
  ])('on %s', (_where, stream, variable, text) => {
    process.env['NO_COLOR'] = variable
    expect(paint('red', 'fault', stream)).toBe(text)
  })
})

describe('a table', () => {
  test('has texts to the left and numbers to the right, and no blanks at the end of a line', () => {
    expect(
      table([
        ['stream', 'records', 'note'],
        ['raw', '7', ''],
        ['scored', '12345', 'final'],
      ]),
    ).toBe(['stream  records  note', 'raw           7', 'scored    12345  final'].join('\n'))
  })

  test.each(['0', '-1', '+0.5', '1,000', '12 %', '3 s', '5 ms', '7 µs', '2 MB'])('%j is a number', cell => {
    expect(table([['a heading'], [cell]]).split('\n')[1]).toBe(cell.padStart('a heading'.length))
  })

  test.each(['-', 'v1', '1 of 2', '0/17', ''])('%j is a text', cell => {
    expect(table([['a heading'], [cell]]).split('\n')[1]).toBe(cell)
  })

  test('without rows is empty', () => {
    expect(table([])).toBe('')
  })
})

test('progress writes nothing where standard error is not a terminal', () => {
  const bar = progress('draining')
  const { data, messages } = written(() => {
    bar.update(0.5, 'half')
    bar.stop()
  })
  expect([data, messages]).toEqual(['', ''])
})
