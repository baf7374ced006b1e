import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NO_USER_AGENT, readUserAgent } from './user-agent.ts'

describe('user agent', () => {
  const chrome =
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36'
  const iphone =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1'
  const ipad =
    'Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Mobile/15E148 Safari/604.1'
  const crawler = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'
  test.each([
    [chrome, 'Chrome', 'Windows', 'desktop', false],
    [iphone, 'Safari', 'iOS', 'mobile', false],
    [ipad, 'Safari', 'iOS', 'tablet', false],
    [crawler, 'Googlebot', null, 'bot', true],
    ['node', null, null, 'bot', true],
    ['curl/8.0', null, null, 'bot', true],
  ])('%s', (text, browserName, osName, deviceType, isBot) => {
    const agent = readUserAgent(text)
    expect(agent).toMatchObject({ text, osName, deviceType, isBot })
    if (browserName !== null) expect(agent.browserName).toBe(browserName)
  })

  test('is capped, and an empty one is absent', () => {
    expect(readUserAgent('x'.repeat(600)).text).toBe('x'.repeat(512))
    expect(readUserAgent('')).toBe(NO_USER_AGENT)
  })

  test('any text can be read', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 600 }), text => void readUserAgent(text)))
  })
})
