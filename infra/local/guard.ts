// What a process that dies without stopping its servers leaves behind: nothing. A shell holds a pipe to us; when the pipe ends,
// however we ended, it kills the servers that it was given and removes the folder with their data.
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
  // Without its guard a server still runs; only an unclean end would leave it behind.
  child.on('error', () => undefined)
  child.stdin.on('error', () => undefined)
  child.unref()
  ;(child.stdin as unknown as Socket).unref()
  return { folder, tell: line => child.stdin.write(`${line}\n`) }
}

/** Has the process killed when this one is gone. Call the returned function when the process has ended on its own. */
export function guardProcess(pid: number): () => void {
  guard ??= startGuard()
  const { tell } = guard
  tell(`+${pid}`)
  return () => tell(`-${pid}`)
}

/** A new folder for a server's data, removed when this process is gone, unless it was before. */
export async function guardedFolder(name: string): Promise<string> {
  guard ??= startGuard()
  return mkdtemp(join(guard.folder, `${name}-`))
}
