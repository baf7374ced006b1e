// docker-compose.yml as data, for tests and for running its services without Docker.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

export const ROOT = join(import.meta.dirname, '../..')

export interface ComposeService {
  readonly image: string
  readonly build?: string | { readonly dockerfile_inline: string }
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string | number>>
  readonly profiles?: readonly string[]
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly tmpfs?: readonly string[]
  readonly user?: string
  readonly read_only?: boolean
  readonly init?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly pids_limit?: number
  readonly mem_limit?: string
  readonly restart?: string
  readonly logging?: unknown
  readonly stop_grace_period?: string
  readonly healthcheck?: { readonly test: readonly string[]; readonly interval: string }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly volumes: Readonly<Record<string, null>>
}

/** The file with its variables at their defaults. */
export function readCompose(path = 'docker-compose.yml'): ComposeFile {
  const text = readFileSync(join(ROOT, path), 'utf8')
    .replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')
    .replaceAll('$$', '$')
  return parse(text, {
    merge: true,
    customTags: ['!override'].map(tag => ({ tag, collection: 'seq' as const })),
  }) as ComposeFile
}

/** 40s, 512m and the like as numbers: seconds, bytes. */
export function quantity(text: string): number {
  const [, amount, unit] = /^(\d+)([a-z])$/.exec(text) ?? []
  const factor = { s: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[unit ?? '']
  if (factor === undefined) throw new Error(`${text} is not a quantity that is known here`)
  return Number(amount) * factor
}
