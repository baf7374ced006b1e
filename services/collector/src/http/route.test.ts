import { expect, test } from 'vitest'
import { createRouter } from './route.ts'

const route = createRouter({
  paths: { '/acme/track': '/com.snowplowanalytics.snowplow/tp2', '/pixel': '/i' },
  reservedSegments: ['micro', 'v1', 'health'],
})

test.each([
  ['POST', '/com.snowplowanalytics.snowplow/tp2', 'tracker /com.snowplowanalytics.snowplow/tp2'],
  ['POST', '/com.acme/v7', 'tracker /com.acme/v7'],
  ['POST', '/a/b', 'tracker /a/b'],
  ['GET', '/com.snowplowanalytics.snowplow/tp2', 'pixel /com.snowplowanalytics.snowplow/tp2'],
  ['HEAD', '/a/b', 'pixel /a/b'],
  ['GET', '/i', 'pixel /i'],
  ['HEAD', '/i', 'pixel /i'],
  ['GET', '/ice.png', 'pixel /ice.png'],
  ['POST', '/i', 'other'],
  // Mapped paths, of any number of segments.
  ['POST', '/acme/track', 'tracker /com.snowplowanalytics.snowplow/tp2'],
  ['GET', '/acme/track', 'pixel /com.snowplowanalytics.snowplow/tp2'],
  ['GET', '/pixel', 'pixel /i'],
  ['DELETE', '/acme/track', 'other'],
  ['POST', '/v1/events', 'events'],
  ['GET', '/v1/events', 'events-method'],
  ['PUT', '/v1/events', 'events-method'],
  ['OPTIONS', '/v1/events', 'preflight'],
  ['OPTIONS', '/anything/at/all', 'preflight'],
  ['OPTIONS', '*', 'preflight'],
  ['GET', '/health', 'health'],
  ['HEAD', '/health', 'health'],
  ['POST', '/health', 'other'],
  ['GET', '/sink-health', 'sink-health'],
  ['GET', '/robots.txt', 'robots'],
  ['GET', '/crossdomain.xml', 'other'],
  ['GET', '/r/tp2', 'redirect'],
  ['POST', '/r/x', 'redirect'],
  // Reserved for pages of ours.
  ['GET', '/micro/good', 'other'],
  ['POST', '/v1/other', 'other'],
  ['GET', '/health/live', 'other'],
  // Neither one nor three segments, nor empty ones.
  ['POST', '/a', 'other'],
  ['POST', '/a/b/c', 'other'],
  ['POST', '/a/', 'other'],
  ['POST', '//b', 'other'],
  ['GET', '/', 'other'],
  ['GET', '', 'other'],
  ['GET', 'http://elsewhere.test/i', 'other'],
  ['PUT', '/a/b', 'other'],
  ['TRACE', '/a/b', 'other'],
])('%s %s is for %s', (method, path, expected) => {
  const found = route(method, path)
  expect('path' in found ? `${found.kind} ${found.path}` : found.kind).toBe(expected)
})
