import type { World } from '../driver/world.ts'
import { createRandom, type Random } from '@sluicebox/event/random'

// A world in which everything that takes time waits for its turn, and chance, from a seed, says whose turn it is. Time
// is a number. The same seed gives the same run.

/** What a crash ends. Code of a dead process may still run, but nothing that it waits for ever comes. */
export interface Process {
  readonly name: string
  readonly isAlive: boolean
}

export interface Simulation {
  readonly random: Random
  now(): number
  start(name: string): Process
  /** Ends a process without warning. Of what it was writing, some arrives. */
  kill(process: Process): void
  /** `effect` happens later; the promise settles as it does. Process undefined: nobody's crash prevents it. */
  later<T>(process: Process | undefined, how: Later, effect: () => T): Promise<T>
  after(process: Process | undefined, ms: number, effect: () => void): void
  worldOf(process: Process): World
  /** Lets one thing happen. False when nothing can. */
  step(): Promise<boolean>
  /** From now on no answer is lost. */
  calm(): void
}

export interface Later {
  readonly ready?: () => boolean
  /** The answer to a write can be lost, whether or not it took effect. */
  readonly isWrite?: boolean
  /** Things of one lane happen in the order in which they were asked for. */
  readonly lane?: string
}

/** The answer to a write was lost: it may or may not have taken effect. */
export class LostAnswerError extends Error {}

interface Operation {
  readonly process: Process | undefined
  readonly how: Later
  /** Takes effect and tells so; takes effect and does not tell; does neither. */
  perform(): void
  performUntold(): void
  drop(): void
}

interface Timer {
  readonly process: Process | undefined
  readonly at: number
  readonly effect: () => void
}

/** `lostAnswers`: how many of the answers to writes are lost, from 0 to 1. */
export function createSimulation(seed: number, { lostAnswers }: { lostAnswers: number }): Simulation {
  const random = createRandom(seed)
  let now = 1_700_000_000_000
  let operations: Operation[] = []
  let timers: Timer[] = []
  let lost = lostAnswers

  function isReady({ how }: Operation, index: number): boolean {
    if (how.ready?.() === false) return false
    return how.lane === undefined || operations.findIndex(other => other.how.lane === how.lane) === index
  }

  function runTimer(): void {
    const next = timers.reduce((a, b) => (b.at < a.at ? b : a))
    timers = timers.filter(timer => timer !== next)
    now = Math.max(now, next.at)
    next.effect()
  }

  return {
    random,
    now: () => now,
    start: name => ({ name, isAlive: true }),
    kill(process) {
      ;(process as { isAlive: boolean }).isAlive = false
      const its = operations.filter(operation => operation.process === process)
      operations = operations.filter(operation => operation.process !== process)
      timers = timers.filter(timer => timer.process !== process)
      for (const operation of its) if (operation.how.isWrite && random.chance(0.5)) operation.performUntold()
    },
    later(process, how, effect) {
      return new Promise((resolve, reject) => {
        if (process?.isAlive === false) return
        const drop = (): void => reject(new LostAnswerError('The answer was lost.'))
        const perform = (tell: (result: ReturnType<typeof effect>) => void): void => {
          try {
            tell(effect())
          } catch (error) {
            reject(error as Error)
          }
        }
        operations.push({
          process,
          how,
          drop,
          perform: () => perform(resolve),
          performUntold: () => perform(drop),
        })
      })
    },
    after(process, ms, effect) {
      if (process?.isAlive !== false) timers.push({ process, at: now + ms, effect })
    },
    worldOf: process => ({
      now: () => now,
      random: random.next,
      wait: (ms, signal) =>
        new Promise(resolve => {
          if (signal.aborted) return resolve()
          signal.addEventListener('abort', () => resolve(), { once: true })
          if (process.isAlive) timers.push({ process, at: now + ms, effect: resolve })
        }),
    }),
    async step() {
      // Everything that the last thing has set going comes to its next wait first.
      await new Promise(resolve => setImmediate(resolve))
      const ready = operations.filter(isReady)
      if (timers.length > 0 && (ready.length === 0 || random.chance(0.05))) {
        runTimer()
        return true
      }
      if (ready.length === 0) return false
      const operation = random.pick(ready)
      operations = operations.filter(other => other !== operation)
      if (!operation.how.isWrite || !random.chance(lost)) operation.perform()
      else if (random.chance(0.5)) operation.performUntold()
      else operation.drop()
      return true
    },
    calm() {
      lost = 0
    },
  }
}
