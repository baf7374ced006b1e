import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AGENT_LISTS_VERSION, NO_AGENT, readUserAgent, USER_AGENT_LENGTH_MAX } from './agent.ts'
import { BOT_NAMES, BOTS } from './bot-list.ts'
import { BROWSER_NAMES, BROWSERS } from './browsers.ts'
import { DEVICE_TYPES } from './devices.ts'
import { readHintedAgent } from './hinted-agent.ts'
import { OS_NAMES, SYSTEMS } from './systems.ts'

const WINDOWS =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36'
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)'
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)'
const IPAD = 'Mozilla/5.0 (iPad; CPU OS 16_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)'
const ANDROID = 'Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko)'
const WEBVIEW =
  'Mozilla/5.0 (Linux; Android 14; SM-S918B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0.6478.71 Mobile Safari/537.36'
const on = (model: string): string =>
  `Mozilla/5.0 (Linux; Android 13; ${model}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0`

type Row = [
  browser: string,
  version: string | null,
  os: string,
  osVersion: string | null,
  device: string | null,
  text: string,
]

describe('browsers', () => {
  test.each<Row>([
    ['Chrome', '126.0.0.0', 'Windows', '10', 'desktop', WINDOWS],
    ['Chrome', '126.0.0.0', 'Android', '14', 'mobile', `${ANDROID} Chrome/126.0.0.0 Mobile Safari/537.36`],
    [
      'Chrome',
      '126.0.6478.54',
      'iOS',
      '17.5',
      'mobile',
      `${IPHONE} CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1`,
    ],
    [
      'Chrome',
      '124.0.0.0',
      'ChromeOS',
      '14541.0.0',
      'desktop',
      'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36',
    ],
    [
      'Chromium',
      '120.0.0.0',
      'Linux',
      null,
      'desktop',
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Ubuntu Chromium/120.0.0.0 Chrome/120.0.0.0 Safari/537.36',
    ],
    ['Safari', '17.5', 'macOS', '10.15.7', 'desktop', `${MAC} Version/17.5 Safari/605.1.15`],
    ['Safari', '17.5', 'iOS', '17.5', 'mobile', `${IPHONE} Version/17.5 Mobile/15E148 Safari/604.1`],
    ['Safari', '16.3', 'iOS', '16.3', 'tablet', `${IPAD} Version/16.3 Mobile/15E148 Safari/604.1`],
    [
      'Firefox',
      '127.0',
      'Windows',
      '10',
      'desktop',
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0',
    ],
    [
      'Firefox',
      '127.0',
      'Android',
      '14',
      'mobile',
      'Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0',
    ],
    [
      'Firefox',
      '127.0',
      'Android',
      '13',
      'tablet',
      'Mozilla/5.0 (Android 13; Tablet; rv:127.0) Gecko/127.0 Firefox/127.0',
    ],
    ['Firefox', '127.0', 'iOS', '17.5', 'mobile', `${IPHONE} FxiOS/127.0 Mobile/15E148 Safari/605.1.15`],
    ['Edge', '126.0.0.0', 'Windows', '10', 'desktop', `${WINDOWS} Edg/126.0.0.0`],
    [
      'Edge',
      '126.0.2592.56',
      'Android',
      '14',
      'mobile',
      `${ANDROID} Chrome/126.0.0.0 Mobile Safari/537.36 EdgA/126.0.2592.56`,
    ],
    [
      'Edge',
      '126.0.2592.56',
      'iOS',
      '17.5',
      'mobile',
      `${IPHONE} Version/17.0 EdgiOS/126.0.2592.56 Mobile/15E148 Safari/605.1.15`,
    ],
    [
      'Internet Explorer',
      '11.0',
      'Windows',
      '7',
      'desktop',
      'Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko',
    ],
    ['Opera', '111.0.0.0', 'Windows', '10', 'desktop', `${WINDOWS} OPR/111.0.0.0`],
    [
      'Opera',
      '83.0.4388.80445',
      'Android',
      '14',
      'mobile',
      `${ANDROID} Chrome/126.0.0.0 Mobile Safari/537.36 OPR/83.0.4388.80445`,
    ],
    [
      'Opera',
      '5.1.1',
      'iOS',
      '17.5',
      'mobile',
      `${IPHONE} Version/17.5 Mobile/15E148 Safari/604.1 OPT/5.1.1`,
    ],
    [
      'Opera GX',
      '2.5.6',
      'iOS',
      '17.5',
      'mobile',
      `${IPHONE} Version/17.5 Mobile/15E148 Safari/604.1 OPX/2.5.6`,
    ],
    [
      'Opera Mini',
      '36.2.2254',
      'Android',
      null,
      'mobile',
      'Opera/9.80 (Android; Opera Mini/36.2.2254/191.303; U; en) Presto/2.12.423 Version/12.16',
    ],
    [
      'Samsung Internet',
      '25.0',
      'Android',
      '14',
      'mobile',
      `${ANDROID} SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36`,
    ],
    [
      'UC Browser',
      '13.4.0.1306',
      'Android',
      '10',
      'mobile',
      'Mozilla/5.0 (Linux; U; Android 10; en-US; RMX2030 Build/QKQ1) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/78.0.3904.108 UCBrowser/13.4.0.1306 Mobile Safari/537.36',
    ],
    ['Yandex Browser', '24.4.0.0', 'Windows', '10', 'desktop', `${WINDOWS} YaBrowser/24.4.0.0`],
    ['Brave', null, 'Android', '14', 'mobile', `${ANDROID} Chrome/126.0.0.0 Brave Mobile Safari/537.36`],
    ['Vivaldi', '6.7.3329.41', 'Windows', '10', 'desktop', `${WINDOWS} Vivaldi/6.7.3329.41`],
    [
      'DuckDuckGo',
      '17.5',
      'iOS',
      '17.5',
      'mobile',
      `${IPHONE} Version/17.5 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15 Ddg/17.5`.replace(
        'DuckDuckGo/7 ',
        '',
      ),
    ],
    [
      'DuckDuckGo',
      '5',
      'Android',
      '14',
      'mobile',
      `${ANDROID} Version/4.0 Chrome/126.0.0.0 Mobile DuckDuckGo/5 Safari/537.36`,
    ],
    ['Whale', '3.26.244.21', 'Windows', '10', 'desktop', `${WINDOWS} Whale/3.26.244.21`],
    [
      'Coc Coc',
      '126.0.126',
      'Windows',
      '10',
      'desktop',
      `Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) coc_coc_browser/126.0.126 Chrome/120.0.0.0 Safari/537.36`,
    ],
    [
      'Mi Browser',
      '13.33.0-gn'.slice(0, 7),
      'Android',
      '13',
      'mobile',
      'Mozilla/5.0 (Linux; U; Android 13; en-us; M2101K6G Build/TKQ1) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/112.0.5615.136 Mobile Safari/537.36 XiaoMi/MiuiBrowser/13.33.0-gn',
    ],
    [
      'Huawei Browser',
      '14.0.5.302',
      'Android',
      '10',
      'mobile',
      'Mozilla/5.0 (Linux; Android 10; JNY-LX1; HMSCore 6.13.0.302) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/99.0.4844.88 HuaweiBrowser/14.0.5.302 Mobile Safari/537.36',
    ],
    [
      'Silk',
      '108.4.6',
      'Fire OS',
      '9',
      'tablet',
      'Mozilla/5.0 (Linux; Android 9; KFTRWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/108.4.6 like Chrome/108.0.5359.160 Safari/537.36',
    ],
    ['Android WebView', '126.0.6478.71', 'Android', '14', 'mobile', WEBVIEW],
    [
      'Android Browser',
      '4.0',
      'Android',
      '4.1.2',
      'mobile',
      'Mozilla/5.0 (Linux; U; Android 4.1.2; de-de; GT-I9300 Build/JZO54K) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30',
    ],
    ['iOS WebView', null, 'iOS', '17.5', 'mobile', `${IPHONE} Mobile/15E148`],
    [
      'Electron',
      '39.8.5',
      'Windows',
      '10',
      'desktop',
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Code/1.115.0 Chrome/142.0.7444.265 Electron/39.8.5 Safari/537.36',
    ],
  ])('%s %s on %s %s (%s): %s', (browserName, browserVersion, osName, osVersion, deviceType, text) => {
    expect(readUserAgent(text)).toEqual({
      text,
      browserName,
      browserVersion,
      osName,
      osVersion,
      deviceType,
      bot: null,
    })
  })
})

describe('apps', () => {
  test.each<Row>([
    [
      'Facebook',
      '467.0.0.42.107',
      'iOS',
      '17.5',
      'mobile',
      `${IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/467.0.0.42.107;FBBV/1;FBDV/iPhone15,2;FBMD/iPhone;FBSN/iOS;FBSV/17.5]`,
    ],
    ['Facebook', '467.0.0.47.79', 'Android', '14', 'mobile', `${WEBVIEW} [FB_IAB/FB4A;FBAV/467.0.0.47.79;]`],
    ['Facebook', null, 'Android', '14', 'mobile', `${WEBVIEW} MetaIAB Facebook`],
    [
      'Messenger',
      '460.0.0.48.109',
      'Android',
      '14',
      'mobile',
      `${WEBVIEW} [FB_IAB/Orca-Android;FBAV/460.0.0.48.109;]`,
    ],
    [
      'Messenger',
      '458.0.0.46.110',
      'iOS',
      '17.5',
      'mobile',
      `${IPHONE} Mobile/15E148 [FBAN/MessengerForiOS;FBAV/458.0.0.46.110;FBDV/iPhone15,2]`,
    ],
    [
      'Instagram',
      '334.0.4.32.98',
      'iOS',
      '17.5',
      'mobile',
      `${IPHONE} Mobile/15E148 Instagram 334.0.4.32.98 (iPhone15,2; iOS 17_5; en_GB; scale=3.00; 1179x2556; 606011)`,
    ],
    [
      'Instagram',
      '406.0.0.58.159',
      'Android',
      '14',
      'mobile',
      `${WEBVIEW} Instagram 406.0.0.58.159 Android (34/14; 480dpi; 1080x2400; samsung; SM-S918B)`,
    ],
    [
      'Threads',
      '338.0.0.32',
      'Android',
      '14',
      'mobile',
      `${WEBVIEW} Barcelona 338.0.0.32 Android (34/14; 480dpi)`,
    ],
    [
      'TikTok',
      '35.1.0',
      'iOS',
      '17.5',
      'mobile',
      `${IPHONE} Mobile/15E148 musical_ly_35.1.0 JsSdk/2.0 NetType/WIFI Channel/App Store ByteLocale/en`,
    ],
    ['TikTok', null, 'Android', '14', 'mobile', `${WEBVIEW} BytedanceWebview/d8a21c6`],
    ['Pinterest', null, 'iOS', '17.5', 'mobile', `${IPHONE} Mobile/15E148 [Pinterest/iOS]`],
    [
      'Snapchat',
      '12.88.0.40',
      'iOS',
      '17.5',
      'mobile',
      `${IPHONE} Version/17.5 Mobile/15E148 Safari/604.1 Snapchat/12.88.0.40 (like Safari/8617.2.4.10.8, panda)`,
    ],
    ['LinkedIn', null, 'iOS', '17.5', 'mobile', `${IPHONE} Mobile/15E148 [LinkedInApp]/9.29.9049`],
    ['X', null, 'iOS', '17.5', 'mobile', `${IPHONE} Mobile/15E148 Twitter for iPhone/10.45`],
    ['Line', '14.8.0', 'iOS', '17.5', 'mobile', `${IPHONE} Mobile/15E148 Safari Line/14.8.0`],
    [
      'WeChat',
      '8.0.49',
      'iOS',
      '17.5',
      'mobile',
      `${IPHONE} Mobile/15E148 MicroMessenger/8.0.49(0x18003137) NetType/WIFI Language/en`,
    ],
    [
      'KakaoTalk',
      '10.8.3',
      'Android',
      '14',
      'mobile',
      `${WEBVIEW} KAKAOTALK 10.8.3`.replace(
        'Mobile Safari/537.36 KAKAOTALK',
        'Mobile Safari/537.36;KAKAOTALK',
      ),
    ],
    [
      'Naver',
      '12.5.5',
      'iOS',
      '17.5',
      'mobile',
      `${IPHONE} Mobile/15E148 Safari NAVER(inapp; search; 2000; 12.5.5; 15PRO)`,
    ],
    [
      'Google App',
      '319.0.636783539',
      'iOS',
      '17.5',
      'mobile',
      `${IPHONE} GSA/319.0.636783539 Mobile/15E148 Safari/604.1`,
    ],
    [
      'Baidu',
      '13.56.0.10',
      'Android',
      '14',
      'mobile',
      `${WEBVIEW} T7/13.56 SP-engine/2.93.0 baiduboxapp/13.56.0.10 (Baidu; P1 14)`,
    ],
    [
      'Quark',
      '6.10.5.541',
      'Android',
      '14',
      'mobile',
      `${ANDROID} Version/4.0 Chrome/100.0.4896.58 Quark/6.10.5.541 Mobile Safari/537.36`,
    ],
    ['App', null, 'iOS', '17', 'mobile', 'Shop/1201 CFNetwork/1494.0.7 Darwin/23.4.0'],
    ['App', null, 'iOS', '26', 'mobile', 'Shop/1201 CFNetwork/3826.500.111 Darwin/25.0.0'],
    ['App', null, 'macOS', null, 'desktop', 'Shop/12 CFNetwork/1220.1 Darwin/20.3.0 (x86_64)'],
    ['App', null, 'iOS', '17.1', 'mobile', 'Shop/123 (iPhone; iOS 17.1; Scale/3.00)'],
    ['App', null, 'Android', null, 'mobile', 'okhttp/4.12.0'],
    [
      'App',
      null,
      'Android',
      '14',
      'mobile',
      'Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/UQ1A.240205.004)',
    ],
    ['App', null, 'Other', null, null, 'Dart/3.3 (dart:io)'],
  ])('%s %s on %s %s (%s): %s', (browserName, browserVersion, osName, osVersion, deviceType, text) => {
    expect(readUserAgent(text)).toEqual({
      text,
      browserName,
      browserVersion,
      osName,
      osVersion,
      deviceType,
      bot: null,
    })
  })
})

describe('devices', () => {
  test.each([
    ['tablet', 'Android', `${on('SM-T870')} Safari/537.36`],
    ['tablet', 'Android', `${on('SM-X906B')} Mobile Safari/537.36`],
    ['tablet', 'Android', `${on('Lenovo TB-X606F')} Safari/537.36`],
    ['tablet', 'Android', `${on('some model')} Safari/537.36`],
    ['mobile', 'Android', `${on('SM-F946B')} Safari/537.36`],
    ['mobile', 'Android', `${on('CUBOT NOTE 20')} Mobile Safari/537.36`],
    ['mobile', 'KaiOS', 'Mozilla/5.0 (Mobile; Nokia 8110 4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5'],
    [
      'mobile',
      'Windows Phone',
      'Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/52.0.2743.116 Mobile Safari/537.36 Edge/15.15063',
    ],
    [
      'mobile',
      'BlackBerry',
      'Mozilla/5.0 (BB10; Touch) AppleWebKit/537.10+ (KHTML, like Gecko) Version/10.0.9.2372 Mobile Safari/537.10+',
    ],
    [
      'desktop',
      'ChromeOS',
      'Mozilla/5.0 (X11; CrOS aarch64 15699.85.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Safari/537.36',
    ],
    ['desktop', 'BSD', 'Mozilla/5.0 (X11; FreeBSD amd64; rv:109.0) Gecko/20100101 Firefox/115.0'],
    [
      'tv',
      'Tizen',
      'Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/538.1 (KHTML, like Gecko) Version/6.0 TV Safari/538.1',
    ],
    [
      'tv',
      'webOS',
      'Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/79.0.3945.79 Safari/537.36 WebAppManager',
    ],
    ['tv', 'Android', `${on('BRAVIA 4K UR2 Build/PTT1.190515.001')} Safari/537.36`],
    [
      'tv',
      'Android',
      'Mozilla/5.0 (Linux; Android 12; Chromecast Build/STTE.231215.005) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
    ],
    [
      'tv',
      'Fire OS',
      'Mozilla/5.0 (Linux; Android 9; AFTMM Build/PS7633) AppleWebKit/537.36 (KHTML, like Gecko) Silk/120.4.1 like Chrome/120.0.6099.230 Safari/537.36',
    ],
    ['tv', 'Roku OS', 'Roku/DVP-12.5 (12.5.0.4178-88)'],
    ['tv', 'tvOS', 'AppleTV11,1/11.1'],
    ['tv', 'tvOS', 'Shop/1 (Apple TV; tvOS 17.5; Scale/2.00)'],
    [
      'tv',
      'VIDAA',
      'Mozilla/5.0 (Linux; Android 9; VIDAA/6.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/88.0.4324.152 Safari/537.36'.replace(
        'Android 9; ',
        '',
      ),
    ],
    [
      'console',
      'PlayStation',
      'Mozilla/5.0 (PlayStation; PlayStation 5/9.00) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Safari/605.1.15',
    ],
    [
      'console',
      'Xbox',
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox Series X) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edge/44.19041.4788',
    ],
    [
      'console',
      'Nintendo',
      'Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/609.4 (KHTML, like Gecko) NF/6.0.2.21.3 NintendoBrowser/5.1.0.22474',
    ],
    [
      'headset',
      'Android',
      'Mozilla/5.0 (Linux; Android 12; Quest 3) AppleWebKit/537.36 (KHTML, like Gecko) OculusBrowser/33.2.0.11.50 Chrome/124.0.6367.179 VR Safari/537.36',
    ],
    ['headset', 'visionOS', 'Shop/1 (Apple Vision Pro; visionOS 1.2; Scale/2.00)'],
    ['watch', 'watchOS', 'Shop/1 (Watch6,7; watchOS 10.5; Scale/2.00)'],
    [
      'car',
      'Linux',
      'Mozilla/5.0 (X11; GNU/Linux) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.5414.87 Safari/537.36 Tesla/2023.44.30',
    ],
    [null, 'Other', 'Mozilla/5.0 (Unknown device)'],
  ])('%s with %s: %s', (deviceType, osName, text) => {
    expect(readUserAgent(text)).toMatchObject({ deviceType, osName, bot: null })
  })
})

test('is capped, and an empty one is absent', () => {
  expect(readUserAgent('x'.repeat(600)).text).toBe('x'.repeat(512))
  expect(readUserAgent('')).toBe(NO_AGENT)
})

describe('whatever the text is', () => {
  const words = [...BROWSERS, ...SYSTEMS, ...BOTS.map(([, name, pattern]) => [name, pattern] as const)].map(
    ([, pattern]) => pattern.source.replaceAll(/\\[bswd]|[()[\]?:^$|*+{}\\]/g, ' '),
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 600 }),
    fc
      .array(fc.constantFrom(...words, WINDOWS, IPHONE, ANDROID, '/1.0', 'constructor', '__proto__'), {
        maxLength: 6,
      })
      .map(parts => parts.join(' ')),
  )
  const hints = fc
    .array(
      fc.tuple(
        fc.constantFrom('', '-mobile', '-platform', '-platform-version', '-model', '-full-version-list'),
        fc.oneof(
          fc.string(),
          fc.constantFrom('"Google Chrome";v="126"', '?1', '"Windows"', '"toString"', '"__proto__";v="1"'),
        ),
      ),
      { maxLength: 6 },
    )
    .map(lines => lines.map(([name, value]) => `sec-ch-ua${name}: ${value}`).join('\n'))

  test('every name is one of the closed lists', () => {
    const browsers: readonly (string | null)[] = [...BROWSER_NAMES, ...BOT_NAMES, null]
    fc.assert(
      fc.property(text, hints, (sent, lines) => {
        for (const agent of [readUserAgent(sent), readHintedAgent(sent, lines)]) {
          expect(browsers).toContain(agent.browserName)
          expect([...OS_NAMES, null]).toContain(agent.osName)
          expect([...DEVICE_TYPES, null]).toContain(agent.deviceType)
          expect(agent.browserVersion ?? '0').toMatch(/^[\d.]{1,100}$/)
          expect(agent.osVersion ?? '0').toMatch(/^(?:[\d.]{1,100}|XP|Vista|ME|\d+)$/i)
        }
      }),
      { numRuns: 500 },
    )
  })
})

test('every text is read in a bounded time, however it is made', () => {
  const seeds = [...BROWSERS, ...SYSTEMS].map(
    ([, pattern]) => pattern.source.match(/[A-Za-z]{3,}[/ ]?/)?.[0] ?? 'x',
  )
  const hostile = [
    ...seeds.map(seed => seed.repeat(4096 / seed.length)),
    ...[
      'Android ',
      'Version/1 ',
      '; wv)',
      'Mozilla/5.0 (',
      '1.',
      '((',
      ' ',
      'Opera ',
      'FBAN/Orca',
      'a-',
      'Windows Safari ',
      'iPhone Version/1 ',
    ].map(part => part.repeat(4096 / part.length)),
  ]
  const started = performance.now()
  for (const text of hostile) readUserAgent(text)
  // A pattern that backtracks without bound takes seconds for one of these; all of them take about 40 ms.
  expect((performance.now() - started) / hostile.length).toBeLessThan(20)
  expect(USER_AGENT_LENGTH_MAX).toBe(512)
})

test('the version on the records names the isbot that is installed', () => {
  const path = createRequire(import.meta.url).resolve('isbot/package.json')
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string }
  expect(AGENT_LISTS_VERSION).toContain(`+isbot-${version}`)
})
