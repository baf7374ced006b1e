// Loaded before a worker's program: makes the changes of the mistake that its address names, when their files are loaded.
import { registerHooks } from 'node:module'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { applyChanges, MISTAKES, type MistakeName } from './changes.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const name = new URL(import.meta.url).searchParams.get('mistake') as MistakeName
const files = new Set<string>(MISTAKES[name].changes.map(({ file }) => file))

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.startsWith('file:')) return loaded
    const file = relative(ROOT, fileURLToPath(url))
    if (!files.has(file)) return loaded
    const source = applyChanges(name, file, String(loaded.source))
    process.stderr.write(`planted ${name} in ${file}\n`)
    return { ...loaded, source }
  },
})
