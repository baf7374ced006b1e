import { collectDefaultMetrics, Registry } from 'prom-client'

export { Registry } from 'prom-client'

/** Returns a registry with the metrics of Node.js itself: memory, event-loop delay, garbage collection. */
export function createMetrics(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'sluicebox_' })
  // These gauges have names of counters, which mislead queries. The same figures exist by kind.
  for (const name of ['handles', 'requests', 'resources'])
    registry.removeSingleMetric(`sluicebox_nodejs_active_${name}_total`)
  return registry
}
