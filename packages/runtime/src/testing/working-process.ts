// A process for process.test.ts: its work ends as the argument says.
import { ConfigError } from '../config.ts'
import { processSettings, runProcess } from '../process.ts'
import { z } from 'zod'

const [how = 'done'] = process.argv.slice(2)
const config = z.object(processSettings).parse({ admin: { port: 0 }, shutdownGraceMs: 300 })

await runProcess({ name: 'test', config }, async ({ signal, serveAdmin, giveUp }) => {
  await using admin = await serveAdmin(() => ({ ok: true }))
  // Whatever is left open must not keep the process.
  setInterval(() => {}, 1000)
  switch (how) {
    case 'done':
      process.stdout.write(`${admin.url}\n`)
      await new Promise(resolve => signal.addEventListener('abort', resolve))
      return
    case 'fails':
      throw new Error('it went wrong')
    case 'is configured wrong':
      throw new ConfigError(['one fault'])
    case 'stalls':
      throw Object.assign(new Error('nothing was read for 60 s'), { name: 'StalledError' })
    default:
      giveUp(new Error('it went wrong'))
      // Closing never finishes.
      await new Promise(() => {})
  }
})
