import { createProgram, runCommand } from '../program.ts'
import { output } from '../terminal.ts'

/** What a command printed, and the code that its process would end with. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** Standard output as the values of `--json`, one per line. */
  json(): unknown[]
}

export interface RunningCommand extends PromiseLike<Ran> {
  /** Resolves once standard output holds the text this many times. The test's own time limit bounds it. */
  printed(text: string, times?: number): Promise<void>
  /** What Ctrl-C does to the command, and to nothing else in this process. */
  interrupt(): void
}

/** Environment variables of one run; undefined takes one away. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Runs a command line in this process, as `sluicebox` does: words separated by spaces, then further arguments. One at a
 * time, since output and exit code are the process's.
 */
export async function sluicebox(line: string, ...more: readonly string[]): Promise<Ran> {
  return sluiceboxWith({}, line, ...more)
}

/** The same, with environment variables. */
export async function sluiceboxWith(
  env: Environment,
  line: string,
  ...more: readonly string[]
): Promise<Ran> {
  return start([...line.split(' '), ...more], env)
}

/** What the help of a command offers: its options by their long names, and its examples without the prompt. */
export async function helpOf(line: string): Promise<{ options: string[]; examples: string[] }> {
  const { code, stdout } = await sluicebox(line, '--help')
  if (code !== 0) throw new Error(`the help of "${line}" ended with ${code}`)
  return {
    options: [...stdout.matchAll(/^  (?:-\w, )?--([\w-]+)/gm)].map(match => match[1]!),
    examples: [...stdout.matchAll(/^  \$ (.+)$/gm)].map(match => match[1]!),
  }
}

/** Starts a command line that continues until it is interrupted. */
export function start(
  args: readonly string[],
  env: Environment = {},
  program = createProgram(),
): RunningCommand {
  const original = { ...output }
  const codeBefore = process.exitCode
  const envBefore = { ...process.env }
  const listenersBefore = new Set(process.listeners('SIGINT'))
  const written: Buffer[] = []
  let stderr = ''
  let onData = (): void => {}
  const stdout = (): string => Buffer.concat(written).toString()

  output.data = bytes => {
    written.push(Buffer.from(bytes))
    onData()
  }
  output.messages = text => void (stderr += text)
  for (const [name, value] of Object.entries(env))
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  process.exitCode = undefined

  const done = runCommand(args, program)
    .then(code => ({ code: code ?? Number(process.exitCode ?? 0), stdout: stdout(), stderr, json }))
    .finally(() => {
      Object.assign(output, original)
      process.exitCode = codeBefore
      process.env = envBefore
    })
  return {
    then: (onRan, onFailed) => done.then(onRan, onFailed),
    printed: (text, times = 1) =>
      new Promise(resolve => {
        onData = () => {
          if (stdout().split(text).length > times) resolve()
        }
        onData()
      }),
    interrupt() {
      for (const listener of process.listeners('SIGINT'))
        if (!listenersBefore.has(listener)) listener('SIGINT')
    },
  }

  function json(): unknown[] {
    return stdout()
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line) as unknown)
  }
}
