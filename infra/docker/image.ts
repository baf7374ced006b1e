// The image without Docker. Follows the Dockerfile in a folder, and runs programs there as in a container: the folder
// is their root, and they run as the image's user. Needs root on Linux.
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { copyFile, cp, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from './compose-file.ts'

const run = promisify(execFile)

export interface Image {
  /** The folder that is the root of what runs in it. */
  readonly root: string
  /** Runs a program in it with `env` as its whole environment. */
  spawn(command: readonly string[], env?: Env): ChildProcess
  /** Runs a program in it and returns what it printed. Rejects when the program fails. */
  exec(command: readonly string[], env?: Env): Promise<string>
  readonly entrypoint: readonly string[]
}

type Env = Readonly<Record<string, string>>

interface Instruction {
  readonly name: string
  readonly args: string
}

/** Returns a sentence that says why the image can't be made here; undefined when it can. */
export function imageProblem(): string | undefined {
  return process.platform === 'linux' && process.getuid?.() === 0
    ? undefined
    : 'The image is tried out by root on Linux only.'
}

/** Follows the Dockerfile in an empty folder. */
export async function makeImage(dir: string): Promise<Image> {
  const [app, root] = [join(dir, 'build', 'app'), join(dir, 'root')]
  const [build = [], final = []] = await readStages()
  await copyContext(app)
  // The base image has the same version of Node.js as the one that runs this.
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` }
  for (const { name, args } of build) {
    if (name !== 'RUN') continue
    const command = args
      .replaceAll(/^(--\S+ )+/g, '')
      .replaceAll(/ \/(app|rootfs)\b/g, (_, path) => ` ${path === 'app' ? app : root}`)
    await run('sh', ['-c', command], { cwd: app, env, maxBuffer: 1 << 26 })
  }
  for (const { name, args } of final) {
    if (name !== 'COPY') continue
    const [source, target] = args.split(' ').filter(word => !word.startsWith('--')) as [string, string]
    // The root is in its place already.
    if (source === '/app') await cp(app, join(root, target), { recursive: true, verbatimSymlinks: true })
    else if (!source.startsWith('/rootfs')) throw new Error(`COPY ${args}: this is not known here`)
  }
  const last = (name: string): string => final.findLast(each => each.name === name)?.args ?? ''
  const settings = Object.fromEntries([
    // As Docker does where the image says nothing.
    ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    ...final.filter(({ name }) => name === 'ENV').map(({ args }) => args.split('=') as [string, string]),
  ])
  const inside = (command: readonly string[]): string[] => [`--userspec=${last('USER')}`, root, ...command]
  return {
    root,
    entrypoint: JSON.parse(last('ENTRYPOINT')) as string[],
    spawn: (command, others = {}) =>
      spawn('chroot', inside(command), {
        env: { ...settings, ...others },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    async exec(command, others = {}) {
      const options = { env: { ...settings, ...others }, maxBuffer: 1 << 26 }
      return (await run('chroot', inside(command), options)).stdout
    },
  }
}

/** The instructions of the Dockerfile by stage, continued lines joined. */
export async function readStages(): Promise<Instruction[][]> {
  const text = (await readFile(join(ROOT, 'Dockerfile'), 'utf8')).replaceAll(/\\\n\s*/g, '')
  const stages: Instruction[][] = []
  for (const line of text.split('\n')) {
    const [, name = '', args = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? []
    if (name === 'FROM') stages.push([])
    if (name !== '') stages.at(-1)?.push({ name, args })
  }
  return stages
}

/** Copies the files of the repository that .dockerignore does not exclude. */
async function copyContext(target: string): Promise<void> {
  const rules = (await readFile(join(ROOT, '.dockerignore'), 'utf8'))
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => ({ isKept: line.startsWith('!'), pattern: toRegExp(line.replace(/^!/, '')) }))
  const listed = ['ls-files', '--cached', '--others', '--exclude-standard']
  const files = (await run('git', listed, { cwd: ROOT, maxBuffer: 1 << 26 })).stdout.trim().split('\n')
  for (const file of files) {
    // A folder that matches includes everything in it; the last rule that matches decides.
    const parts = file.split('/')
    const paths = parts.map((_, i) => parts.slice(0, i + 1).join('/'))
    const rule = rules.findLast(({ pattern }) => paths.some(path => pattern.test(path)))
    if (rule !== undefined && !rule.isKept) continue
    await mkdir(dirname(join(target, file)), { recursive: true })
    await copyFile(join(ROOT, file), join(target, file)).catch((error: NodeJS.ErrnoException) => {
      // Deleted, and not committed yet.
      if (error.code !== 'ENOENT') throw error
    })
  }
}

/** In Docker’s patterns a star also matches dots, but not slashes. */
function toRegExp(pattern: string): RegExp {
  const source = pattern
    .replaceAll('.', '\\.')
    .replaceAll('**/', '<any>')
    .replaceAll('*', '[^/]*')
    .replaceAll('<any>', '(.*/)?')
  return new RegExp(`^${source}$`)
}
