// Counts what came of a run that is over, from anywhere:
//   node test/delivery/checker/main.ts --history FILE --brokers HOST:PORT,… [--prefix P] [--registry URL] [--archive DIR]
import { parseArgs } from 'node:util'
import { check, gatherEvidence } from './check.ts'

const { values } = parseArgs({
  options: {
    history: { type: 'string' },
    brokers: { type: 'string' },
    prefix: { type: 'string', default: '' },
    registry: { type: 'string' },
    archive: { type: 'string' },
  },
})
const { history, brokers, prefix, registry, archive } = values
if (history === undefined || brokers === undefined)
  throw new Error('give --history, the file that the clients wrote, and --brokers, such as 127.0.0.1:9092')

const { findings, ...figures } = check(
  await gatherEvidence({
    ...{ historyFile: history, brokers: brokers.split(','), prefix },
    ...(registry === undefined ? {} : { registryUrl: registry }),
    ...(archive === undefined ? {} : { archive: { dir: archive, upTo: [] } }),
  }),
)
for (const { check: name, message } of findings) process.stdout.write(`${name}: ${message}\n`)
process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
if (findings.length > 0) process.exitCode = 1
