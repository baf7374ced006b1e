import { describe, expect, test } from 'vitest'
import { blankRaw } from '@sluicebox/event/blank'
import { blankEvent, type SelfDescribing, type SentEvent } from '@sluicebox/protocol/sent-event'
import type { Agent } from './agent.ts'
import { readHintedAgent } from './hinted-agent.ts'
import { hintLines, readHints } from './hints.ts'

const WINDOWS =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36'
const MAC = WINDOWS.replace('Windows NT 10.0; Win64; x64', 'Macintosh; Intel Mac OS X 10_15_7')
const LINUX = WINDOWS.replace('Windows NT 10.0; Win64; x64', 'X11; Linux x86_64')
const PHONE = WINDOWS.replace('Windows NT 10.0; Win64; x64', 'Linux; Android 10; K').replace(
  ' Safari',
  ' Mobile Safari',
)
const TABLET = WINDOWS.replace('Windows NT 10.0; Win64; x64', 'Linux; Android 10; K')
const GREASE = '"Not/A)Brand";v="8"'
const brand = (name: string): string => `sec-ch-ua: ${GREASE}, "Chromium";v="126", "${name}";v="126"`
const CHROME = brand('Google Chrome')

describe('hints are believed before what browsers freeze', () => {
  test.each<[what: string, text: string, lines: string[], Partial<Agent>]>([
    [
      'nothing',
      WINDOWS,
      [],
      { browserName: 'Chrome', osName: 'Windows', osVersion: '10', deviceType: 'desktop' },
    ],
    [
      'Windows 11',
      WINDOWS,
      [CHROME, 'sec-ch-ua-platform: "Windows"', 'sec-ch-ua-platform-version: "15.0.0"'],
      { browserName: 'Chrome', browserVersion: '126.0.0.0', osName: 'Windows', osVersion: '11' },
    ],
    [
      'the first Windows 11',
      WINDOWS,
      ['sec-ch-ua-platform: "Windows"', 'sec-ch-ua-platform-version: "13.0.0"'],
      { osVersion: '11' },
    ],
    [
      'the last Windows 10',
      WINDOWS,
      ['sec-ch-ua-platform: "Windows"', 'sec-ch-ua-platform-version: "10.0.0"'],
      { osVersion: '10' },
    ],
    [
      'Windows 8.1',
      WINDOWS,
      ['sec-ch-ua-platform: "Windows"', 'sec-ch-ua-platform-version: "0.3.0"'],
      { osVersion: '8.1' },
    ],
    [
      'Windows without a version',
      WINDOWS,
      ['sec-ch-ua-platform: "Windows"', 'sec-ch-ua-platform-version: ""'],
      { osVersion: '10' },
    ],
    [
      'a version without quotes',
      WINDOWS,
      ['sec-ch-ua-platform: Windows', 'sec-ch-ua-platform-version: 14.0.0'],
      { osVersion: '11' },
    ],
    [
      'Android 14',
      PHONE,
      [
        CHROME,
        'sec-ch-ua-mobile: ?1',
        'sec-ch-ua-platform: "Android"',
        'sec-ch-ua-platform-version: "14.0.0"',
        'sec-ch-ua-model: "Pixel 8"',
      ],
      { osName: 'Android', osVersion: '14', deviceType: 'mobile' },
    ],
    [
      'macOS',
      MAC,
      ['sec-ch-ua-platform: "macOS"', 'sec-ch-ua-platform-version: "14.5.0"'],
      { osName: 'macOS', osVersion: '14.5' },
    ],
    ['Brave', WINDOWS, [brand('Brave')], { browserName: 'Brave', browserVersion: '126' }],
    ['Edge', WINDOWS, [brand('Microsoft Edge')], { browserName: 'Edge' }],
    [
      'Opera',
      WINDOWS,
      [`sec-ch-ua: "Opera";v="112", "Chromium";v="126", ${GREASE}`],
      { browserName: 'Opera', browserVersion: '112' },
    ],
    ['Vivaldi', LINUX, [brand('Vivaldi')], { browserName: 'Vivaldi' }],
    ['DuckDuckGo', MAC, [brand('DuckDuckGo')], { browserName: 'DuckDuckGo' }],
    [
      'the full version',
      WINDOWS,
      [CHROME, `sec-ch-ua-full-version-list: ${GREASE}, "Google Chrome";v="126.0.6478.127"`],
      { browserName: 'Chrome', browserVersion: '126.0.6478.127' },
    ],
    [
      'a full version of another brand',
      WINDOWS,
      [brand('Brave'), 'sec-ch-ua-full-version: "1.67.119"'],
      { browserName: 'Brave', browserVersion: '126' },
    ],
    [
      'brands alone in the long list',
      WINDOWS,
      ['sec-ch-ua-full-version-list: "Brave";v="126.0.1.2"'],
      { browserName: 'Brave', browserVersion: '126.0.1.2' },
    ],
    [
      'made-up brands alone',
      WINDOWS,
      [`sec-ch-ua: ${GREASE}, "(Nope;Browser";v="99"`],
      { browserName: 'Chrome', browserVersion: '126.0.0.0' },
    ],
    ['Chromium alone', LINUX, [`sec-ch-ua: ${GREASE}, "Chromium";v="126"`], { browserName: 'Chromium' }],
    [
      'an app that shows pages',
      `${PHONE} Instagram 334.0.4.32`,
      [brand('Android WebView')],
      { browserName: 'Instagram', browserVersion: '334.0.4.32' },
    ],
    [
      'a browser that calls itself Chrome in the hints',
      `${WINDOWS} YaBrowser/24.4.0`,
      [CHROME],
      { browserName: 'Yandex Browser', browserVersion: '24.4.0' },
    ],
    [
      'a phone that asks for desktop pages',
      LINUX,
      [CHROME, 'sec-ch-ua-mobile: ?0', 'sec-ch-ua-platform: "Android"'],
      { osName: 'Android', osVersion: null, deviceType: 'tablet' },
    ],
    [
      'an iPad that says Macintosh',
      MAC,
      ['sec-ch-ua-mobile: ?0', 'sec-ch-ua-platform: "iOS"'],
      { osName: 'iOS', osVersion: null, deviceType: 'tablet' },
    ],
    [
      'a tablet',
      TABLET,
      [CHROME, 'sec-ch-ua-mobile: ?0', 'sec-ch-ua-platform: "Android"'],
      { deviceType: 'tablet' },
    ],
    ['a tablet by its model', PHONE, ['sec-ch-ua-model: "SM-X906B"'], { deviceType: 'tablet' }],
    [
      'a phone without Mobile',
      TABLET,
      ['sec-ch-ua-mobile: ?1', 'sec-ch-ua-platform: "Android"'],
      { deviceType: 'mobile' },
    ],
    [
      'a television by its model',
      TABLET,
      ['sec-ch-ua-mobile: ?0', 'sec-ch-ua-platform: "Android"', 'sec-ch-ua-model: "BRAVIA 4K VH21"'],
      { osName: 'Android', deviceType: 'tv' },
    ],
    [
      'a Fire tablet by its model',
      TABLET,
      ['sec-ch-ua-platform: "Android"', 'sec-ch-ua-model: "KFTRWI"'],
      { osName: 'Fire OS', deviceType: 'tablet' },
    ],
    [
      'a headset',
      'Mozilla/5.0 (X11; Linux x86_64; Quest 3) AppleWebKit/537.36 (KHTML, like Gecko) OculusBrowser/33.2 Chrome/124.0.0.0 VR Safari/537.36',
      ['sec-ch-ua-mobile: ?0', 'sec-ch-ua-platform: "Android"'],
      { browserName: 'Oculus Browser', osName: 'Android', deviceType: 'headset' },
    ],
    ['ChromeOS', LINUX, ['sec-ch-ua-platform: "Chrome OS"'], { osName: 'ChromeOS', deviceType: 'desktop' }],
    [
      'an Xbox',
      WINDOWS.replace('x64)', 'x64; Xbox; Xbox One)'),
      ['sec-ch-ua-platform: "Windows"'],
      { osName: 'Xbox', deviceType: 'console' },
    ],
    [
      'an unknown platform',
      WINDOWS,
      ['sec-ch-ua-platform: "Unknown"'],
      { osName: 'Windows', osVersion: '10' },
    ],
    [
      'no user agent',
      '',
      [brand('Brave'), 'sec-ch-ua-platform: "Linux"', 'sec-ch-ua-mobile: ?0'],
      { text: null, browserName: 'Brave', osName: 'Linux', deviceType: 'desktop' },
    ],
    [
      'a headless browser in disguise',
      WINDOWS,
      [brand('HeadlessChrome')],
      { browserName: 'HeadlessChrome', deviceType: 'bot', bot: 'headless' },
    ],
    [
      'a bot with hints',
      'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
      [CHROME, 'sec-ch-ua-mobile: ?1'],
      { browserName: 'Googlebot', deviceType: 'bot', bot: 'search' },
    ],
    [
      'what no browser sends',
      WINDOWS,
      [
        'sec-ch-ua: ";v=',
        'sec-ch-ua-mobile: yes',
        'sec-ch-ua-platform: "__proto__"',
        'sec-ch-ua-platform-version: "x"',
      ],
      { browserName: 'Chrome', osName: 'Windows', osVersion: '10', deviceType: 'desktop' },
    ],
  ])('%s', (_what, text, lines, expected) => {
    expect(readHintedAgent(text, lines.join('\n'))).toMatchObject(expected)
  })
})

describe('the hints of an event', () => {
  const HEADERS = ['origin: https://shop.example.com', CHROME, 'sec-ch-ua-platform: "Windows"']
  const raw = blankRaw({ headers: HEADERS, user_agent: WINDOWS })
  const event = (changes: Partial<SentEvent>): SentEvent => ({ ...blankEvent({}), ...changes })
  const hints = (data: object): SelfDescribing => ({
    schema: 'iglu:org.ietf/http_client_hints/jsonschema/1-0-0',
    data,
  })
  const mobile: SelfDescribing = {
    schema: 'iglu:com.snowplowanalytics.snowplow/mobile_context/jsonschema/1-0-2',
    data: { osType: 'ios', osVersion: '17.5.1', deviceManufacturer: 'Apple Inc.', deviceModel: 'iPad13,4' },
  }
  const entity = hints({
    isMobile: false,
    brands: [
      { brand: 'Brave', version: '126' },
      { brand: 'Not "A" Brand', version: '8' },
    ],
    platform: 'Windows',
    platformVersion: '15.0.0',
    uaFullVersion: '126.1.67.119',
    model: '',
  })

  test.each<[string, Partial<SentEvent>, Partial<ReturnType<typeof readHints>>]>([
    ['the headers of its request', {}, { browserName: 'Chrome', osName: 'Windows', osVersion: null }],
    ['the same for a user agent that repeats the header', { userAgent: WINDOWS }, { browserName: 'Chrome' }],
    ['none for the user agent of another', { userAgent: MAC }, { browserName: null, osName: null }],
    [
      'its entity before the headers',
      { entities: [entity] },
      { browserName: 'Brave', browserVersion: '126.1.67.119', osVersion: '11', isMobile: false },
    ],
    [
      'its entity for the user agent of another',
      { entities: [entity], userAgent: MAC },
      { browserName: 'Brave' },
    ],
    [
      'what the tracker of an app says',
      { entities: [mobile], userAgent: 'Shop/1 CFNetwork/1 Darwin/23.0.0' },
      { osName: 'iOS', osVersion: '17.5.1', model: 'iPad13,4' },
    ],
    [
      'an entity without brands',
      { entities: [hints({ isMobile: true, brands: [] })] },
      { browserName: null, isMobile: true },
    ],
  ])('are %s', (_what, changes, expected) => {
    expect(readHints(hintLines(event(changes), raw))).toMatchObject(expected)
  })

  test('are empty without any', () => {
    expect(hintLines(event({}), blankRaw({ headers: ['origin: https://shop.example.com'] }))).toBe('')
  })
})
