// A process for stop.test.ts: works until it is stopped, as its argument says.
import { createLogger } from '../log.ts'
import { stopOnSignal } from '../stop.ts'

const [how = 'finish'] = process.argv.slice(2)
const stop = stopOnSignal({
  graceMs: how === 'hang' ? 200 : 10_000,
  logger: createLogger({ level: 'info', name: 'test' }),
})
const work = setInterval(() => {}, 1000)
process.stdout.write('ready\n')
stop.signal.addEventListener('abort', () => {
  process.stdout.write('stopping\n')
  if (how === 'finish') {
    clearInterval(work)
    process.stdout.write('finished\n')
    stop.finished('done')
  }
  if (how === 'fail') stop.finished('failed')
})
if (how === 'throw')
  setImmediate(() => {
    throw new Error('not caught')
  })
if (how === 'reject') setImmediate(() => void Promise.reject(new Error('not caught')))
