import { unlessAborted } from '../aborted.ts'
import type { World } from '../driver/world.ts'
import { createRandom, type Random } from '@sluicebox/event/random'

// A world in which each operation waits for its turn, and a random number from a seed decides which one is next. Time
// is a number. The same seed gives the same run.

/** What a crash ends. The code of a dead process may still run, but none of its waits ever ends. */
export interface Process {
  readonly name: string
  readonly isAlive: boolean
}

export interface Simulation {
  readonly random: Random
  now(): number
  start(name: string): Process
  /** Ends a process without warning. Some of its writes that are in flight take effect. */
  kill(process: Process): void
  /** Runs `effect` later and settles as it does. With a process, the crash of that process prevents it. */
  later<T>(process: Process | undefined, how: Later, effect: () => T): Promise<T>
  after(process: Process | undefined, ms: number, effect: () => void): void
  worldOf(process: Process): World
  /** Lets one operation happen. Resolves with false when none can. */
  step(): Promise<boolean>
  /** Loses no answer from now on. */
  calm(): void
}

export interface Later {
  readonly ready?: () => boolean
  /** The answer to a write can be lost, whether or not the write took effect. */
  readonly isWrite?: boolean
  /** Operations of one lane happen in the order of their calls. */
  readonly lane?: string
}

/** The answer to a write was lost: the write may or may not have taken effect. */
export class LostAnswerError extends Error {}

interface Operation {
  readonly process: Process | undefined
  readonly how: Later
  /** Takes effect and returns; takes effect and loses the response; does neither. */
  perform(): void
  performUnanswered(): void
  drop(): void
}

interface Timer {
  readonly process: Process | undefined
  readonly at: number
  readonly effect: () => void
}

/** `lostAnswers` is the share of answers to writes that are lost, from 0 to 1. */
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
      for (const operation of its)
        if (operation.how.isWrite && random.chance(0.5)) operation.performUnanswered()
    },
    later(process, how, effect) {
      return new Promise((resolve, reject) => {
        if (process?.isAlive === false) return
        const drop = (): void => reject(new LostAnswerError('The answer was lost.'))
        const perform = (answer: (result: ReturnType<typeof effect>) => void): void => {
          try {
            answer(effect())
          } catch (error) {
            reject(error as Error)
          }
        }
        operations.push({
          process,
          how,
          drop,
          perform: () => perform(resolve),
          performUnanswered: () => perform(drop),
        })
      })
    },
    after(process, ms, effect) {
      if (process?.isAlive !== false) timers.push({ process, at: now + ms, effect })
    },
    worldOf: process => ({
      now: () => now,
      random: random.next,
      async wait(ms, signal) {
        const over = Promise.withResolvers<void>()
        if (process.isAlive && !signal.aborted) timers.push({ process, at: now + ms, effect: over.resolve })
        await unlessAborted(over.promise, signal)
      },
    }),
    async step() {
      // First all code that the last operation resumed runs up to its next wait.
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
      else if (random.chance(0.5)) operation.performUnanswered()
      else operation.drop()
      return true
    },
    calm() {
      lost = 0
    },
  }
}
