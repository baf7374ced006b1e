import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { numberOption, UsageError, wholeNumberOption } from '../options.ts'
import { createSender } from '../traffic/sender.ts'
import { simulate } from '../traffic/simulated-visitors.ts'
import { print, progress, tell } from '../terminal.ts'

export function addSimulate(program: Command): void {
  program
    .command('simulate')
    .description('posts events of simulated visitors, each marked as simulated')
    .requiredOption('--to <url>', 'address of the collector')
    .option('--sessions <n>', 'how many visits', wholeNumberOption({ min: 1 }), 100)
    .option('--rate <events>', 'events per second', numberOption({ min: 0.1 }), 50)
    .option(
      '--seed <n>',
      'the same seed makes the same events, which count only once (default: a new seed each time)',
      wholeNumberOption({ min: 0 }),
    )
    .option('--json', 'print the counts as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ sluicebox simulate --to http://localhost:8080
  $ sluicebox simulate --to http://localhost:8080 --sessions 1000 --rate 500 --seed 7`,
    )
    .action(async (options: { to: string; sessions: number; rate: number; seed?: number; json?: true }) => {
      const seed = options.seed ?? randomInt(2 ** 31)
      const events = paced(simulate({ sessions: options.sessions, seed }), options.rate)
      const counts = await sendPaced(options.to, events, { count: options.sessions * EVENTS_PER_SESSION })
      if (options.json) print(JSON.stringify({ sessions: options.sessions, seed, ...counts }))
      else
        tell(
          `sent ${counts.accepted + counts.bad} events of ${options.sessions} visits (seed ${seed}): ${counts.accepted} accepted, ${counts.bad} bad`,
        )
    })
}

/** About how many events a simulated visit has, for the progress bar. */
const EVENTS_PER_SESSION = 7

/** Made while they are sent: the number of visits bounds neither the memory nor the wait for the first request. */
function* paced(events: Iterable<object>, perSecond: number): Generator<PacedEvent> {
  let index = 0
  for (const event of events) yield { dueMs: (index++ / perSecond) * 1000, json: JSON.stringify(event) }
}

export interface PacedEvent {
  readonly dueMs: number
  readonly json: string
}

/**
 * Sends each event when it is due, counted from now; as fast as the collector takes them when all are due at 0. Stops
 * when the signal aborts; everything that was sent is acknowledged by then.
 */
export async function sendPaced(
  to: string,
  events: Iterable<PacedEvent> | AsyncIterable<PacedEvent>,
  { count, signal }: { readonly count: number; readonly signal?: AbortSignal },
): Promise<{ accepted: number; bad: number; requests: number; retries: number }> {
  if (!/^https?:$/.test(URL.parse(to)?.protocol ?? ''))
    throw new UsageError(
      `--to ${to} is not the address of a collector: write it as "sluicebox up" prints it, such as http://localhost:8080`,
    )
  const sender = createSender({ to })
  const bar = progress('sending')
  const begun = performance.now()
  let sent = 0
  try {
    for await (const event of events) {
      const aheadMs = event.dueMs - (performance.now() - begun)
      // A timer is not precise enough for shorter waits.
      if (aheadMs > 5) await sleep(aheadMs, undefined, { signal }).catch(() => {})
      if (signal?.aborted === true) break
      await sender.send(event.json)
      sent++
      bar.update(Math.min(1, sent / count), `${sent} events`)
    }
    await sender.flush()
  } finally {
    bar.stop()
  }
  return sender.counts
}
