import { collectDefaultMetrics, Registry } from 'prom-client'

export { Registry } from 'prom-client'

/** A registry for the process, with Node's own figures (memory, event-loop delay, garbage collection). */
export function createMetrics(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'sluicebox_' })
  return registry
}
