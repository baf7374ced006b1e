import type { RawRecord } from '@sluicebox/event/records'
import { isObject, type SentEvent } from '@sluicebox/protocol/sent-event'
import type { BrowserName } from './browsers.ts'
import type { OsName } from './systems.ts'

/** What a browser tells about itself in client hints (https://wicg.github.io/ua-client-hints/). */
export interface Hints {
  /** The browser that the brands name; null when no brand is known. */
  readonly browserName: BrowserName | null
  /** As exact as the hints give it: by default only the first number. */
  readonly browserVersion: string | null
  readonly isHeadless: boolean
  readonly osName: OsName | null
  readonly osVersion: string | null
  readonly isMobile: boolean | null
  /** Empty when it is not given. */
  readonly model: string
}

/**
 * Known brands by their names in lower case. All others are ignored, because browsers send made-up brands on purpose.
 */
const BRANDS: ReadonlyMap<string, BrowserName> = new Map<string, BrowserName>(
  Object.entries({
    'google chrome': 'Chrome',
    chromium: 'Chromium',
    'microsoft edge': 'Edge',
    'microsoft edge webview2': 'Edge',
    opera: 'Opera',
    'opera gx': 'Opera GX',
    'opera mini': 'Opera Mini',
    operamobile: 'Opera',
    brave: 'Brave',
    'brave browser': 'Brave',
    vivaldi: 'Vivaldi',
    yabrowser: 'Yandex Browser',
    yandex: 'Yandex Browser',
    yowser: 'Yandex Browser',
    'samsung internet': 'Samsung Internet',
    duckduckgo: 'DuckDuckGo',
    whale: 'Whale',
    'naver whale': 'Whale',
    'coc coc': 'Coc Coc',
    coccoc: 'Coc Coc',
    'android webview': 'Android WebView',
    'oculus browser': 'Oculus Browser',
    'meta quest browser': 'Oculus Browser',
    silk: 'Silk',
    'amazon silk': 'Silk',
    huaweibrowser: 'Huawei Browser',
    'huawei browser': 'Huawei Browser',
    miuibrowser: 'Mi Browser',
    'mi browser': 'Mi Browser',
    vivobrowser: 'Vivo Browser',
    heytapbrowser: 'HeyTap Browser',
    ucbrowser: 'UC Browser',
    'avast secure browser': 'Avast',
    'avg secure browser': 'Avast',
    'ccleaner browser': 'Avast',
    'norton private browser': 'Avast',
    ecosia: 'Ecosia',
    puffin: 'Puffin',
    'aloha browser': 'Aloha',
    qqbrowser: 'QQ Browser',
    'qihoo 360': '360 Browser',
    electron: 'Electron',
  } as const),
)

const PLATFORMS: ReadonlyMap<string, OsName> = new Map<string, OsName>(
  Object.entries({
    windows: 'Windows',
    win32: 'Windows',
    macos: 'macOS',
    'mac os x': 'macOS',
    linux: 'Linux',
    android: 'Android',
    'chrome os': 'ChromeOS',
    'chromium os': 'ChromeOS',
    chromeos: 'ChromeOS',
    ios: 'iOS',
    fuchsia: 'Fuchsia',
    harmonyos: 'HarmonyOS',
    openharmony: 'HarmonyOS',
    tizen: 'Tizen',
    ipados: 'iOS',
    tvos: 'tvOS',
    watchos: 'watchOS',
    visionos: 'visionOS',
  } as const),
)

interface Brand {
  readonly brand: string
  readonly version: string
}

const HINT = 'sec-ch-ua'
const HINTS_ENTITY = 'iglu:org.ietf/http_client_hints/'
/** What the trackers of apps send about the device. */
const MOBILE_ENTITY = 'iglu:com.snowplowanalytics.snowplow/mobile_context/'
/** No browser sends longer values. */
const VALUE_LENGTH_MAX = 512
const BRANDS_MAX = 10

/**
 * The client hints that belong to an event, as header lines; empty if there are none. A tracker's entity describes the
 * browser of the page and comes first. The headers describe the client that sent the request, so they count only when
 * the request and the event have the same user agent.
 */
export function hintLines(
  event: Pick<SentEvent, 'entities' | 'userAgent'>,
  raw: Pick<RawRecord, 'headers' | 'user_agent'>,
): string {
  for (const { schema, data } of event.entities) {
    if (!isObject(data)) continue
    if (schema.startsWith(HINTS_ENTITY)) return linesOf(data)
    if (schema.startsWith(MOBILE_ENTITY))
      return linesOf({
        platform: data['osType'],
        platformVersion: data['osVersion'],
        model: data['deviceModel'],
      })
  }
  if (event.userAgent !== null && event.userAgent !== raw.user_agent) return ''
  let lines = ''
  for (const header of raw.headers)
    if (header.startsWith(HINT)) lines += `${header.slice(0, VALUE_LENGTH_MAX)}\n`
  return lines
}

/** Returns the entity as header lines, so that one function reads both. */
function linesOf(data: Readonly<Record<string, unknown>>): string {
  const { brands, isMobile, platform, platformVersion, model, uaFullVersion } = data
  const list = (Array.isArray(brands) ? (brands as readonly Brand[]) : [])
    .slice(0, BRANDS_MAX)
    .map(({ brand, version }) => `${quoted(brand)};v=${quoted(version)}`)
  const line = (name: string, value: unknown): string =>
    typeof value === 'string' && value !== '' ? `${HINT}${name}: ${quoted(value)}\n` : ''
  return [
    list.length === 0 ? '' : `${HINT}: ${list.join(', ')}\n`,
    typeof isMobile === 'boolean' ? `${HINT}-mobile: ?${isMobile ? 1 : 0}\n` : '',
    line('-platform', platform),
    line('-platform-version', platformVersion),
    line('-model', model),
    line('-full-version', uaFullVersion),
  ].join('')
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, 100))

/** Reads header lines. A malformed line counts as absent. */
export function readHints(lines: string): Hints {
  const values = new Map<string, string>()
  for (const line of lines.split('\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) values.set(line.slice(HINT.length, colon).toLowerCase(), line.slice(colon + 1).trim())
  }
  const brands = brandsIn(values.get('') ?? '')
  const fullBrands = brandsIn(values.get('-full-version-list') ?? '')
  const all = brands.length > 0 ? brands : fullBrands
  const chosen =
    all.find(({ brand }) => isSpecific(nameOf(brand))) ??
    all.find(({ brand }) => nameOf(brand) === 'Chromium')
  const platform = textIn(values.get('-platform'))
  const osName = PLATFORMS.get(platform.toLowerCase()) ?? null
  return {
    browserName: chosen === undefined ? null : (nameOf(chosen.brand) as BrowserName),
    browserVersion:
      chosen === undefined ? null : versionOf(chosen, fullBrands, textIn(values.get('-full-version'))),
    isHeadless: all.some(({ brand }) => /^headless/i.test(brand)),
    osName,
    osVersion: osVersion(osName, textIn(values.get('-platform-version'))),
    isMobile: values.get('-mobile') === '?1' ? true : values.get('-mobile') === '?0' ? false : null,
    model: textIn(values.get('-model')),
  }
}

const nameOf = (brand: string): BrowserName | undefined => BRANDS.get(brand.toLowerCase())
const isSpecific = (name: BrowserName | undefined): boolean => name !== undefined && name !== 'Chromium'

/** Reads a list of brands: `"Chromium";v="126", "Not.A/Brand";v="8"`. */
function brandsIn(value: string): readonly Brand[] {
  const found = value.matchAll(/"((?:[^"\\]|\\.)*)"\s*;\s*v="([\d.]*)"/g)
  return Array.from(found, ([, brand, version]) => ({ brand: brand!, version: version! }))
}

/** Reads a quoted string. Some trackers and proxies leave the quotes out. */
const textIn = (value: string | undefined): string =>
  value === undefined ? '' : value.replace(/^"(.*)"$/, '$1').trim()

/** Returns the full version if it is given for the same brand. */
function versionOf({ brand, version }: Brand, full: readonly Brand[], single: string): string | null {
  const listed = full.find(other => other.brand === brand)?.version
  const fits = (candidate: string | undefined): boolean =>
    candidate !== undefined && /^\d[\d.]*$/.test(candidate) && majorOf(candidate) === majorOf(version)
  return (fits(listed) ? listed : fits(single) ? single : version) || null
}

export const majorOf = (version: string | null): string | null => version?.split('.')[0] ?? null

/** Windows has its own numbers here: 13 and above means Windows 11, 1 to 10 means Windows 10. */
function osVersion(name: OsName | null, sent: string): string | null {
  if (name === null || !/^\d[\d.]*$/.test(sent)) return null
  if (name !== 'Windows') return sent.replace(/(?:\.0)+$/, '') || null
  const major = Number(majorOf(sent))
  if (major > 0) return major >= 13 ? '11' : '10'
  return { '0.1': '7', '0.2': '8', '0.3': '8.1' }[sent.split('.').slice(0, 2).join('.')] ?? null
}
