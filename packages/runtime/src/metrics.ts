import { collectDefaultMetrics, Registry } from 'prom-client'

export { Registry } from 'prom-client'

/** A registry for the process, with Node's own figures (memory, event-loop delay, garbage collection). */
export function createMetrics(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'sluicebox_' })
  // Gauges that are named like counters, which mislead queries; the same figures by kind are there as well.
  for (const name of ['handles', 'requests', 'resources'])
    registry.removeSingleMetric(`sluicebox_nodejs_active_${name}_total`)
  return registry
}
