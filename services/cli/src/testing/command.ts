import { runCommand } from '../program.ts'
import { output } from '../terminal.ts'

/** What a command printed, and the code that its process would end with. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** Standard output as the values of `--json`, one a line. */
  json(): unknown[]
}

export interface RunningCommand extends PromiseLike<Ran> {
  /** Resolves once standard output holds the text. The test's own time limit bounds it. */
  printed(text: string): Promise<void>
  /** What Ctrl-C does to the command, and to nothing else in this process. */
  interrupt(): void
}

/** Environment variables of one run; undefined takes one away. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Runs a command line in this process, as `sluicebox` does. One at a time: output and exit code are the process's. */
export async function sluicebox(...args: readonly string[]): Promise<Ran> {
  return start(args)
}

/** The same, with environment variables. */
export async function sluiceboxWith(env: Environment, ...args: readonly string[]): Promise<Ran> {
  return start(args, env)
}

/** Starts a command line that continues until it is interrupted. */
export function start(args: readonly string[], env: Environment = {}): RunningCommand {
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

  const done = runCommand(args)
    .then(code => ({ code: code ?? Number(process.exitCode ?? 0), stdout: stdout(), stderr, json }))
    .finally(() => {
      Object.assign(output, original)
      process.exitCode = codeBefore
      process.env = envBefore
    })
  return {
    then: (onRan, onFailed) => done.then(onRan, onFailed),
    printed: text =>
      new Promise(resolve => {
        onData = () => {
          if (stdout().includes(text)) resolve()
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
