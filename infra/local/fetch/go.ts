// Programs from the Go module proxy, built once into the cache outside the repository.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { defaultCacheDir } from './download.ts'
import { withLock } from './lock.ts'

const BUILD_MS = 15 * 60_000
// From here on a Go fetches by itself the newer one that a module asks for.
const FETCHES_TOOLCHAINS = 21
const TOOLCHAIN = 'v0.0.1-go1.26.0'

export interface GoProgram {
  /** The package to build, such as example.com/tool/cmd/tool. */
  readonly package: string
  readonly version: string
  /** How its folder in the cache begins; the version follows. */
  readonly name: string
}

/** The path of the program, which is built if it isn't in the cache yet. */
export async function goProgram(
  { package: path, version, name }: GoProgram,
  onProgress?: (message: string) => void,
): Promise<string> {
  const cacheDir = defaultCacheDir()
  const folder = join(cacheDir, `${name}-${version}`)
  if (!existsSync(folder)) {
    await mkdir(cacheDir, { recursive: true })
    await withLock(join(cacheDir, 'lock'), async () => {
      if (existsSync(folder)) return
      onProgress?.(`Building ${name} ${version} into ${cacheDir} …`)
      const building = await mkdtemp(join(cacheDir, `.${name}-`))
      try {
        const go = await newEnoughGo()
        // Go finds its own root.
        const { GOROOT: _, ...others } = process.env
        const env = { ...others, GOBIN: building, GOTOOLCHAIN: 'auto', CGO_ENABLED: '0' }
        await run(go, ['install', `${path}@${version}`], env)
        await rename(building, folder)
      } finally {
        await rm(building, { recursive: true, force: true })
      }
    })
  }
  const [program] = await readdir(folder)
  return join(folder, program as string)
}

/** A Go that fetches newer ones by itself: the one on the path, or where that is too old one that it fetches. */
async function newEnoughGo(): Promise<string> {
  const version = await run('go', ['version'])
  if (Number(/go1\.(\d+)/.exec(version)?.[1]) >= FETCHES_TOOLCHAINS) return 'go'
  const [, os, arch] = / (\w+)\/(\w+)\s*$/.exec(version) ?? []
  const module = `golang.org/toolchain@${TOOLCHAIN}.${os}-${arch}`
  const { Dir } = JSON.parse(await run('go', ['mod', 'download', '-json', module])) as { Dir: string }
  // Files of modules are not executable, and their folders can't be written.
  for (const folder of [join(Dir, 'bin'), join(Dir, 'pkg', 'tool', `${os}_${arch}`)])
    for (const file of await readdir(folder)) await chmod(join(folder, file), 0o755)
  return join(Dir, 'bin', 'go')
}

async function run(command: string, args: readonly string[], env = process.env): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { env, timeout: BUILD_MS, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else if (error.code === 'ENOENT')
        reject(new Error('Go is missing: install it (Debian: apt-get install golang-go) and try again.'))
      else reject(new Error(`go ${args.join(' ')} fails:\n${stderr.slice(-2000)}`, { cause: error }))
    })
  })
}
