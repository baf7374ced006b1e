// Makes sure that a process which dies without stopping its servers leaves nothing behind. A shell reads from a pipe of
// this process. When the pipe ends, for whatever reason, the shell kills the servers that it was given and removes the
// folder with their data.
import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SCRIPT = `
pids=' '
while read -r line; do
  pid=\${line#?}
  case $line in
    +*) pids="$pids$pid " ;;
    -*) pids="\${pids%% $pid *} \${pids#* $pid }" ;;
  esac
done
[ "$pids" = ' ' ] || kill -9 $pids 2>/dev/null
for try in 1 2 3 4 5; do rm -rf "$1" 2>/dev/null && break; sleep 0.2; done
`

interface Guard {
  readonly folder: string
  readonly tell: (line: string) => void
}

let guard: Guard | undefined

function startGuard(): Guard {
  const folder = mkdtempSync(join(tmpdir(), 'sluicebox-servers-'))
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'sh', folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
  })
  // A server also runs without its guard, but would then survive an unclean end of this process.
  child.on('error', () => undefined)
  child.stdin.on('error', () => undefined)
  child.unref()
  ;(child.stdin as unknown as Socket).unref()
  return { folder, tell: line => child.stdin.write(`${line}\n`) }
}

/**
 * Makes the guard kill the process when this one is gone. Call the returned function when the process has ended by
 * itself.
 */
export function guardProcess(pid: number): () => void {
  guard ??= startGuard()
  const { tell } = guard
  tell(`+${pid}`)
  return () => tell(`-${pid}`)
}

/** Returns a new folder for a server's data. The guard removes it when this process is gone, if it still exists. */
export async function guardedFolder(name: string): Promise<string> {
  guard ??= startGuard()
  return mkdtemp(join(guard.folder, `${name}-`))
}
