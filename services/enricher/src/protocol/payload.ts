import { readIglu } from './iglu.ts'
import { refuse, type Payload, type ProtocolOptions, type Request } from './request.ts'
import { readPixel, readTp2 } from './tp2.ts'
import { readV1 } from './v1.ts'

/** Reads the events of a request. Total: whatever the bytes are, it returns. */
export function readPayload(request: Request, options: ProtocolOptions): Payload {
  const path = request.path.replace(/^\/+|\/+$/g, '')
  switch (Object.hasOwn(options.paths, path) ? options.paths[path] : path) {
    case 'tp2':
    case 'com.snowplowanalytics.snowplow/tp2':
      return readTp2(request, options)
    case 'i':
    case 'ice.png':
    case 'com.snowplowanalytics.snowplow/tp1':
      return readPixel(request)
    case 'v1/events':
      return readV1(request, options)
    case 'iglu':
    case 'com.snowplowanalytics.iglu/v1':
      return readIglu(request, options)
    default:
      return refuse(request, 'path_unsupported', `${request.path || 'an empty path'} is none of those known`)
  }
}
