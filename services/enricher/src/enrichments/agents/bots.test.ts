import { expect, test } from 'vitest'
import { readUserAgent } from './agent.ts'

const COMPATIBLE = 'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible;'

test.each([
  ['search', 'Googlebot', 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'],
  [
    'search',
    'Googlebot',
    'Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.6478.61 Mobile Safari/537.36 (compatible; GoogleOther)',
  ],
  [
    'search',
    'Bingbot',
    `${COMPATIBLE} bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0 Safari/537.36`,
  ],
  [
    'search',
    'Applebot',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.1 Safari/605.1.15 (Applebot/0.1)',
  ],
  ['search', 'YandexBot', 'Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)'],
  ['ai', 'GPTBot', `${COMPATIBLE} GPTBot/1.2; +https://openai.com/gptbot)`],
  ['ai', 'ChatGPT-User', `${COMPATIBLE} ChatGPT-User/1.0; +https://openai.com/bot`],
  ['ai', 'OAI-SearchBot', `${COMPATIBLE} OAI-SearchBot/1.0; +https://openai.com/searchbot`],
  ['ai', 'ClaudeBot', `${COMPATIBLE} ClaudeBot/1.0; +claudebot@anthropic.com)`],
  ['ai', 'PerplexityBot', `${COMPATIBLE} PerplexityBot/1.0; +https://perplexity.ai/perplexitybot)`],
  [
    'ai',
    'Bytespider',
    'Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 (compatible; Bytespider; spider-feedback@bytedance.com)',
  ],
  ['ai', 'CCBot', 'CCBot/2.0 (https://commoncrawl.org/faq/)'],
  [
    'ai',
    'Meta-ExternalAgent',
    'meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)',
  ],
  ['ai', 'Other', 'Mozilla/5.0 (compatible; SomebodyBot/1.0; +https://somebody.ai/bot)'],
  [
    'preview',
    'facebookexternalhit',
    'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
  ],
  ['preview', 'WhatsApp', 'WhatsApp/2.23.20.0 A'],
  ['preview', 'Slackbot', 'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)'],
  ['preview', 'Twitterbot', 'Twitterbot/1.0'],
  ['preview', 'TelegramBot', 'TelegramBot (like TwitterBot)'],
  ['preview', 'Discordbot', 'Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)'],
  [
    'preview',
    'LinkedInBot',
    'LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)',
  ],
  [
    'preview',
    'Pinterestbot',
    'Mozilla/5.0 (compatible; Pinterestbot/1.0; +http://www.pinterest.com/bot.html)',
  ],
  ['monitor', 'Pingdom', 'Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)'],
  ['monitor', 'UptimeRobot', 'Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)'],
  [
    'monitor',
    'GTmetrix',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/117.0.0.0 Safari/537.36 GTmetrix',
  ],
  ['monitor', 'Other', 'our-uptime-checker/1.0 (+https://status.example.com)'],
  [
    'headless',
    'HeadlessChrome',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36',
  ],
  [
    'headless',
    'Other',
    'Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1',
  ],
  ['library', 'curl', 'curl/8.5.0'],
  ['library', 'python-requests', 'python-requests/2.32.3'],
  ['library', 'Go-http-client', 'Go-http-client/2.0'],
  ['library', 'Node.js', 'node'],
  ['library', 'axios', 'axios/1.7.2'],
  ['library', 'Other', 'GuzzleHttp/7'],
  ['crawler', 'AhrefsBot', 'Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)'],
  ['crawler', 'Other', 'Mozilla/5.0 (compatible; ExampleCrawler/0.1; +https://crawler.example.com)'],
])('%s: %s writes %s', (kind, name, text) => {
  expect(readUserAgent(text)).toMatchObject({ bot: kind, browserName: name, deviceType: 'bot' })
})

const CHROME_ON = (model: string): string =>
  `Mozilla/5.0 (Linux; Android 11; ${model}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/96.0.4664.45 Mobile Safari/537.36`

test.each([
  ['a phone by Cubot', CHROME_ON('CUBOT NOTE 20 PRO')],
  ['a phone named Bot', CHROME_ON('XBot Junior')],
  ['a phone named Discovery', CHROME_ON('GM Discovery II')],
  ['a phone by Google', CHROME_ON('Google Nexus 5')],
  ['an app by okhttp', 'okhttp/4.12.0'],
  ['an app on iOS', 'Shop/1201 CFNetwork/1494.0.7 Darwin/23.4.0'],
  ['an app on Android', 'Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/UQ1A.240205.004)'],
  ['an app by Flutter', 'Dart/3.3 (dart:io)'],
  [
    'a television',
    'Opera/9.80 (Linux mips; HbbTV/1.2.1 (; Freesat/1.0; hdr1000s; 1.0.0; 1.0.0; wired); CE-HTML/1.0) Presto/2.12.407 Version/12.50',
  ],
  [
    'a phone with Java',
    'SonyEricssonU10/R1x Browser/NetFront/3.5 Profile/MIDP-2.1 Configuration/CLDC-1.1 JavaPlatform/JP-8.5',
  ],
  [
    'WeChat',
    'Mozilla/5.0 (Linux; Android 9; SM-G965F; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/78.0 XWEB/2889 MMWEBSDK/20210601 Mobile Safari/537.36 MicroMessenger/8.0.6 Weixin GPVersion/1 tools',
  ],
  ['nothing', ''],
])('%s is not a bot: %s', (_what, text) => {
  expect(readUserAgent(text).bot).toBeNull()
})

test('a bot that names itself in the place of the model is one', () => {
  const text = CHROME_ON('K; compatible; ExampleBot/1.0; +https://bot.example.com')
  expect(readUserAgent(text)).toMatchObject({ bot: 'crawler', browserName: 'Other' })
})
