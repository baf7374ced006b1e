import type { TestProject } from 'vitest/node'
import { startProxiedKafka, type KafkaPlace } from '../world/kafka.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The Kafka of one broker that the tests share. */
    readonly kafka: KafkaPlace
  }
}

/** Starts what all tests of the delivery use; answers how to stop it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const kafka = await startProxiedKafka(1)
  project.provide('kafka', kafka.place)
  return async () => kafka[Symbol.asyncDispose]()
}
