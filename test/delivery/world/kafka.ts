import { startKafka, type KafkaVersion, type LocalKafka } from '@sluicebox/infra/local/kafka/kafka'
import { freePorts } from '@sluicebox/infra/local/ports'
import { startProxy, type KafkaProxy } from '../proxy/proxy.ts'

/** Where a Kafka is that several test files use one after another, each with a proxy of its own before it. */
export interface KafkaPlace {
  /** Where the brokers tell clients that they are: the proxy's ports. */
  readonly proxyPorts: readonly number[]
  /** Where they are. */
  readonly addresses: readonly string[]
  /** The way in past the proxy. */
  readonly directAddresses: readonly string[]
}

// Workers that die are to be noticed within a test's time.
const SETTINGS = {
  'group.min.session.timeout.ms': 500,
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': 500,
}

export interface ProxiedKafka extends AsyncDisposable {
  readonly place: KafkaPlace
  readonly server: LocalKafka
}

/** Starts Kafka so that its clients come through a proxy's ports. */
export async function startProxiedKafka(
  brokers: 1 | 3,
  version: KafkaVersion = '4.3.1',
): Promise<ProxiedKafka> {
  const proxyPorts = await freePorts(brokers)
  const server = await startKafka({
    brokers,
    version,
    settings: SETTINGS,
    advertised: id => `127.0.0.1:${proxyPorts[id - 1]!}`,
  })
  const { addresses, directAddresses } = server
  return {
    server,
    place: { proxyPorts, addresses, directAddresses },
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

export async function openProxy({ proxyPorts, addresses }: KafkaPlace): Promise<KafkaProxy> {
  const proxy = await startProxy({ ports: proxyPorts })
  proxy.pointTo(addresses)
  return proxy
}
