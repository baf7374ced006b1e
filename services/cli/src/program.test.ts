import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '@sluicebox/runtime/config'
import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { EXIT, EXIT_MEANINGS } from './exit-codes.ts'
import { UsageError } from './options.ts'
import { createProgram, runCommand } from './program.ts'
import { helpOf, sluicebox, sluiceboxWith, start } from './testing/command.ts'
import { VERSION } from './version.ts'

/** Every command that does something, by its words. */
const leaves = createProgram().commands.flatMap(command =>
  command.commands.length === 0
    ? [command.name()]
    : command.commands.map(sub => `${command.name()} ${sub.name()}`),
)

function find(words: readonly string[]): Command {
  let found = createProgram()
  for (const word of words) found = found.commands.find(each => each.name() === word) ?? found
  return found
}

describe('the command line', () => {
  test('names what to begin with, when it is asked for help', async () => {
    const { code, stdout } = await sluicebox('--help')
    expect(code).toBe(0)
    expect(stdout).toContain('$ sluicebox up ')
    for (const command of createProgram().commands) expect(stdout).toContain(`\n  ${command.name()} `)
  })

  test('prints its version', async () => {
    expect(await sluicebox('--version')).toMatchObject({ code: 0, stdout: `${VERSION}\n`, stderr: '' })
  })

  test.each<[line: string, says: string]>([
    ['nonsense', "unknown command 'nonsense'"],
    ['statsu', 'Did you mean status?'],
    ['--nonsense', "unknown option '--nonsense'"],
    ['status nonsense', 'too many arguments'],
    ['status --data', "option '--data <dir>' argument missing"],
    ['status --jsno', 'Did you mean --json?'],
  ])('%j is wrong usage: %s', async (line, says) => {
    const { code, stdout, stderr } = await sluicebox(line)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain(says)
    expect(stderr).toContain('(--help lists commands and options)')
  })

  test('prints a trace where SLUICEBOX_TRACE is set', async () => {
    const env = { SLUICEBOX_TRACE: '1' }
    const { code, stderr } = await sluiceboxWith(env, 'tail good --data there-is-no-such-folder')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error: there is no log in there-is-no-such-folder/)
    expect(stderr).toMatch(/\n +at .*data\.ts/)
  })
})

test.each(leaves)('the help of %j describes every option and shows examples that work', async line => {
  const command = find(line.split(' '))
  expect(command.description()).toMatch(/^[a-z].*[^.]$/)
  for (const { long, description } of command.options) expect(description, String(long)).not.toBe('')
  for (const argument of command.registeredArguments) expect(argument.description).not.toBe('')

  const { options, examples } = await helpOf(line)
  expect(options.at(-1)).toBe('help')
  const own = examples.filter(example => example.includes(`sluicebox ${line}`))
  expect(own).not.toEqual([])
  for (const example of own) {
    const [, args = ''] = example.split(`sluicebox ${line}`)
    const used = (args.split(/ [|>&]/)[0] as string).split(' ').filter(word => word.startsWith('--'))
    expect(options, example).toEqual(expect.arrayContaining(used.map(word => word.slice(2))))
  }
})

describe('the exit code', () => {
  class StalledError extends Error {
    override readonly name = 'StalledError'
  }

  function programThat(action: () => Promise<void> | void): Command {
    const program = new Command('test').exitOverride()
    program.command('act').action(action)
    return program
  }

  test.each<[cause: string, error: unknown, code: number]>([
    ['a failure', new Error('test: the disk is full'), 1],
    ['a failure that is not an error', 'test: a text', 1],
    ['wrong usage', new UsageError('test: name a place'), 2],
    ['a wrong configuration', new ConfigError(['test: port: must be a number']), 2],
    ['a log that stalled', new StalledError('test: nothing could be read'), 70],
  ])('after %s is as the README lists it', async (_cause, error, code) => {
    const program = programThat(() => Promise.reject(error as Error))
    const { code: ended, stderr } = await start(['act'], {}, program)
    expect(ended).toBe(code)
    expect(stderr).toMatch(/^error: .*test: /s)
  })

  test('has its line in the README and in the help, with its meaning', async () => {
    const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
    const { stdout } = await sluicebox('--help')
    for (const [name, code] of Object.entries(EXIT)) {
      const meaning = EXIT_MEANINGS[name as keyof typeof EXIT]
      expect(readme).toContain(`\n| ${code} | ${meaning} |\n`)
      expect(stdout).toContain(`  ${code}  ${meaning}\n`)
    }
  })

  test('is left to the command when it ends without an error', async () => {
    expect(
      await runCommand(
        ['act'],
        programThat(() => {}),
      ),
    ).toBeUndefined()
  })
})
