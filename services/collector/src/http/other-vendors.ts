/** Where the clients of other vendors post, by path. They speak protocols that are not served here. */
const PATHS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'Segment or RudderStack': [
      ...[
        '/v1/track',
        '/v1/page',
        '/v1/identify',
        '/v1/screen',
        '/v1/group',
        '/v1/alias',
        '/v1/batch',
        '/v1/import',
      ],
      ...['/v1/t', '/v1/p', '/v1/i', '/v1/s', '/v1/g', '/v1/a', '/v1/b', '/v1/m'],
    ],
    PostHog: ['/e', '/i/v0/e', '/capture', '/decide', '/flags', '/s', '/engage'],
    'Google Analytics': [
      '/collect',
      '/g/collect',
      '/j/collect',
      '/r/collect',
      '/mp/collect',
      '/debug/mp/collect',
    ],
    Matomo: ['/matomo.php', '/piwik.php'],
    Plausible: ['/api/event'],
    Umami: ['/api/send', '/api/collect'],
    Amplitude: ['/2/httpapi', '/httpapi', '/batch', '/identify', '/groupidentify'],
    Mixpanel: ['/track', '/import', '/groups'],
    Meta: ['/tr'],
    Heap: ['/api/track', '/api/integrations/add_user_properties'],
    'Adobe Analytics': ['/b/ss', '/ee/v1/interact', '/ee/v1/collect'],
    Fathom: ['/api/fathom'],
    Countly: ['/i/bulk'],
  }).flatMap(([vendor, paths]) => paths.map(path => [path, vendor] as const)),
)

/** Paths with a part of the site's own in them: the folder of an installation, a project, a suite. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\/(?:matomo|piwik)\.php$/, 'Matomo'],
  [/^\/v1\/projects\/[^/]+\//, 'Segment or RudderStack'],
  [/^\/array\/[^/]+\/config(?:\.js)?$/, 'PostHog'],
  [/^\/g\/s\/collect$/, 'Google Analytics'],
  [/^\/b\/ss\/|^\/ee\/(?:[^/]+\/)?v\d\/(?:interact|collect)$/, 'Adobe Analytics'],
  [/^\/api\/\d+\/(?:envelope|store)$/, 'Sentry'],
  [/^\/watch\/\d+(?:\/\d+)?$/, 'Yandex Metrica'],
]

/** The vendor whose client posts to `path`; undefined for an unknown path. */
export function vendorAt(path: string): string | undefined {
  return PATHS.get(path) ?? PATTERNS.find(([pattern]) => pattern.test(path))?.[1]
}
