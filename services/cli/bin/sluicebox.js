#!/usr/bin/env node
// Plain JavaScript, so that any Node.js can read it: the command itself is TypeScript and needs the Node.js that this
// project brings along (the dev dependency `node`), whatever the machine has.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const MAJOR_MIN = 24
const main = new URL('../src/main.ts', import.meta.url)

if (Number(process.versions.node.split('.')[0]) >= MAJOR_MIN) {
  await import(main.href)
} else {
  const node = bundledNode()
  if (node === undefined) {
    console.error(
      `sluicebox needs Node.js ${MAJOR_MIN} and found ${process.version}. Run "npm ci" in the project, which installs it beside, or upgrade Node.js.`,
    )
    process.exit(1)
  }
  // The channel tells the command when this process is gone, even if it was killed.
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc']
  const child = spawn(node, [main.pathname, ...process.argv.slice(2)], { stdio })
  // A signal to this process is meant for the command.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 1))
}

function bundledNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json')
    const path = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    return existsSync(path) ? path : undefined
  } catch {
    return undefined
  }
}
