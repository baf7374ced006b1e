// npm run bench [-- NAME…]: measures, in one run, what docs/reference/performance.md reports.
import { cpus } from 'node:os'
import { formatRows, isReached, type Row } from './row.ts'

const BENCHES: Readonly<Record<string, () => Promise<Row[]>>> = {
  model: async () => (await import('./model.ts')).benchModel(),
  enricher: async () => (await import('./enricher.ts')).benchEnricher(),
  scorer: async () => (await import('./scorer.ts')).benchScorer(),
  collector: async () => (await import('./collector.ts')).benchCollector(),
  up: async () => (await import('./up.ts')).benchUp(),
  kafka: async () => (await import('./kafka.ts')).benchKafka(),
  trainer: async () => (await import('./trainer.ts')).benchTrainer(),
}

const names = process.argv.slice(2)
const unknown = names.filter(name => !Object.hasOwn(BENCHES, name))
if (unknown.length > 0) {
  process.stderr.write(
    `there is no benchmark "${unknown.join(', ')}"; there are ${Object.keys(BENCHES).join(', ')}\n`,
  )
  process.exit(2)
}
process.stdout.write(
  `Node.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}\n`,
)
let missed = 0
for (const [name, bench] of Object.entries(BENCHES)) {
  if (names.length > 0 && !names.includes(name)) continue
  process.stderr.write(`measuring ${name} …\n`)
  const rows = await bench()
  missed += rows.filter(row => !isReached(row)).length
  process.stdout.write(`\n### ${name}\n\n${formatRows(rows)}\n`)
}
process.stdout.write(missed === 0 ? '\nevery target reached\n' : `\n${missed} missed\n`)
