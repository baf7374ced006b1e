import { readIglu } from './iglu.ts'
import { refuse, type Payload, type ProtocolOptions, type Request } from './request.ts'
import { readPixel, readTp2 } from './tp2.ts'
import { readV1 } from './v1.ts'

export type Protocol = 'tp2' | 'pixel' | 'v1' | 'iglu'

const PATHS: ReadonlyMap<string, Protocol> = new Map([
  ['com.snowplowanalytics.snowplow/tp2', 'tp2'],
  ['com.snowplowanalytics.snowplow/tp1', 'pixel'],
  ['i', 'pixel'],
  ['ice.png', 'pixel'],
  ['v1/events', 'v1'],
  ['com.snowplowanalytics.iglu/v1', 'iglu'],
])

/** Returns the protocol of a path; undefined for an unknown path. `paths` are further paths of the site. */
export function protocolAt(path: string, paths: ProtocolOptions['paths']): Protocol | undefined {
  const bare = path.replace(/^\/+|\/+$/g, '')
  return Object.hasOwn(paths, bare) ? paths[bare] : PATHS.get(bare)
}

/**
 * Reads the events of a request in the protocol of its path. It is total: it returns for any bytes, and never throws.
 */
export function readPayload(request: Request, options: ProtocolOptions): Payload {
  switch (protocolAt(request.path, options.paths)) {
    case 'tp2':
      return readTp2(request, options)
    case 'pixel':
      return readPixel(request)
    case 'v1':
      return readV1(request, options)
    case 'iglu':
      return readIglu(request, options)
    case undefined:
      return refuse(request, 'path_unsupported', `${request.path || 'an empty path'} is none of those known`)
  }
}
