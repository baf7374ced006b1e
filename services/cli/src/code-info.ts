import { execFileSync } from 'node:child_process'
import type { CodeInfo } from '@sluicebox/trainer/dataset/info'
import { VERSION } from './version.ts'

/** Identifies this Sluicebox: its version, and in a clone the commit. */
export function codeInfo(): CodeInfo {
  const git = (...args: string[]): string | undefined => {
    try {
      return execFileSync('git', args, {
        cwd: import.meta.dirname,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim()
    } catch {
      // Not a clone, or no git: the version alone identifies it.
      return undefined
    }
  }
  const commit = git('rev-parse', 'HEAD') ?? null
  return {
    repository: null,
    commit,
    dirty: commit === null ? null : git('status', '--porcelain', '--untracked-files=no') !== '',
    version: VERSION,
    node: process.version,
  }
}

/** The command as it was typed, to be written down. Paths stay as they were given. */
export function commandLine(): string {
  const quoted = process.argv
    .slice(2)
    .map(arg => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`))
  return `sluicebox ${quoted.join(' ')}`
}
