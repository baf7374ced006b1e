import { expect, test } from 'vitest'
import { vendorAt } from './other-vendors.ts'

test.each([
  ['/v1/track', 'Segment or RudderStack'],
  ['/e', 'PostHog'],
  ['/mp/collect', 'Google Analytics'],
  ['/matomo.php', 'Matomo'],
  ['/api/event', 'Plausible'],
  ['/2/httpapi', 'Amplitude'],
  ['/matomo/matomo.php', 'Matomo'],
  ['/a/b/piwik.php', 'Matomo'],
  ['/v1/projects/key/settings', 'Segment or RudderStack'],
  ['/array/phc_1/config.js', 'PostHog'],
  ['/g/s/collect', 'Google Analytics'],
  ['/b/ss/suite/1/JS-2.0', 'Adobe Analytics'],
  ['/ee/or2/v1/interact', 'Adobe Analytics'],
  ['/api/42/envelope', 'Sentry'],
  ['/watch/123', 'Yandex Metrica'],
  ['/watch/out', undefined],
  ['/v1/events', undefined],
  ['/i', undefined],
  ['/com.snowplowanalytics.snowplow/tp2', undefined],
  ['/constructor', undefined],
])('at %s posts %s', (path, vendor) => {
  expect(vendorAt(path)).toBe(vendor)
})
