import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from '../world/workers.ts'

export interface Peaks {
  rssBytes: number
  loopDelayMs: number
}

const LOOK_MS = 2_000

/** Looks at the metrics of the workers now and then; answers the largest figures of each kind of worker. */
export function watchWorkers(workers: readonly Worker[], signal: AbortSignal): ReadonlyMap<string, Peaks> {
  const peaks = new Map<string, Peaks>()

  async function look({ kind, adminUrl }: Worker): Promise<void> {
    const text = await fetch(`${adminUrl}/metrics`, { signal })
      .then(response => response.text())
      .catch(() => '')
    const peak = peaks.get(kind) ?? { rssBytes: 0, loopDelayMs: 0 }
    peak.rssBytes = Math.max(peak.rssBytes, figure(text, 'sluicebox_process_resident_memory_bytes'))
    peak.loopDelayMs = Math.max(
      peak.loopDelayMs,
      1000 * figure(text, 'sluicebox_nodejs_eventloop_lag_p99_seconds'),
    )
    peaks.set(kind, peak)
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await Promise.all(workers.map(look))
      await sleep(LOOK_MS, undefined, { signal }).catch(() => {})
    }
  }

  void run()
  return peaks
}

function figure(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1] ?? 0)
}
