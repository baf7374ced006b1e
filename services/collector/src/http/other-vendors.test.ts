import { expect, test } from 'vitest'
import { vendorAt } from './other-vendors.ts'

test.each([
  ['/v1/track', 'Segment or RudderStack'],
  ['/e', 'PostHog'],
  ['/mp/collect', 'Google Analytics'],
  ['/matomo.php', 'Matomo'],
  ['/api/event', 'Plausible'],
  ['/2/httpapi', 'Amplitude'],
  ['/v1/events', undefined],
  ['/i', undefined],
  ['/com.snowplowanalytics.snowplow/tp2', undefined],
  ['/constructor', undefined],
])('at %s posts %s', (path, vendor) => {
  expect(vendorAt(path)).toBe(vendor)
})
