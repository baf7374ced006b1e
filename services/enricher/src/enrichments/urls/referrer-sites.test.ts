import { expect, test } from 'vitest'
import list from '../../../../../schemas/referrers.json' with { type: 'json' }
import { findSite, REFERRER_SITES_VERSION } from './referrer-sites.ts'
import { splitUrl } from './url.ts'

function siteOf(text: string): string {
  const { host, path } = splitUrl(text)!
  const site = findSite(host!, path)
  return site === undefined ? 'unknown' : `${site.medium}${site.source === null ? '' : ` ${site.source}`}`
}

test.each([
  // Search engines: the host itself, after www, m and countries, with every country's ending.
  ['https://google.com/', 'search Google'],
  ['https://www.google.com/search', 'search Google'],
  ['https://www.google.co.uk/', 'search Google'],
  ['https://www.google.com.br/', 'search Google'],
  ['https://www.google.cat/', 'search Google'],
  ['https://WWW.GOOGLE.DE.:443/', 'search Google'],
  ['https://www.google.com/url', 'search Google'],
  ['https://www.google.fr/imgres', 'search Google Images'],
  ['https://images.google.co.jp/', 'search Google Images'],
  ['https://news.google.com/', 'search Google News'],
  ['android-app://com.google.android.googlequicksearchbox/', 'search Google'],
  ['android-app://com.google.android.googlequicksearchbox/https/www.google.com', 'search Google'],
  ['https://cn.bing.com/search', 'search Bing'],
  ['https://www.bing.com/images/search', 'search Bing Images'],
  ['https://de.search.yahoo.com/search', 'search Yahoo!'],
  ['https://search.yahoo.co.jp/search', 'search Yahoo!'],
  ['https://r.search.yahoo.com/', 'search Yahoo!'],
  ['https://it.images.search.yahoo.com/images/view', 'search Yahoo! Images'],
  ['https://yandex.ru/clck/jsredir', 'search Yandex'],
  ['https://www.yandex.com.tr/search/', 'search Yandex'],
  ['https://ya.ru/', 'search Yandex'],
  ['https://m.baidu.com/s', 'search Baidu'],
  ['https://html.duckduckgo.com/html/', 'search DuckDuckGo'],
  ['https://s2-eu4.startpage.com/do/search', 'search Startpage'],
  ['https://lite.qwant.com/', 'search Qwant'],
  ['https://search.brave.com/search', 'search Brave'],
  ['https://m.search.naver.com/', 'search Naver'],
  ['https://go.mail.ru/search', 'search Mail.ru'],
  // What only looks like one, and what else is on its domain.
  ['https://google.evil.com/', 'unknown'],
  ['https://google.com.evil.com/', 'unknown'],
  ['https://google.evil.co.uk/', 'unknown'],
  ['https://google.zip/', 'unknown'],
  ['https://notgoogle.com/', 'unknown'],
  ['https://com/', 'unknown'],
  ['https://docs.google.com/document/d/1', 'unknown Google'],
  ['https://sites.google.com/view/x', 'unknown Google'],
  ['https://maps.google.de/', 'unknown Google'],
  ['https://www.google.com/maps/place', 'unknown Google'],
  ['https://blog.google.com/', 'unknown'],
  ['https://finance.yahoo.com/', 'unknown Yahoo!'],
  ['https://my.yahoo.com/', 'unknown Yahoo!'],
  ['https://maps.yandex.ru/', 'unknown Yandex Maps'],
  ['https://hi-tech.mail.ru/', 'unknown'],
  ['https://business.facebook.com/', 'unknown Facebook'],
  ['https://news.example.org/login/story', 'unknown'],
  // Social networks, with their redirects and apps.
  ['https://www.facebook.com/', 'social Facebook'],
  ['https://l.facebook.com/l.php', 'social Facebook'],
  ['https://de-de.facebook.com/shop', 'social Facebook'],
  ['https://l.instagram.com/', 'social Instagram'],
  ['https://l.threads.com/l/abc', 'social Threads'],
  ['https://t.co/abc', 'social Twitter'],
  ['https://x.com/shop/status/1', 'social Twitter'],
  ['https://lnkd.in/abc', 'social LinkedIn'],
  ['https://out.reddit.com/t3_abc', 'social Reddit'],
  ['https://someone.tumblr.com/', 'social Tumblr'],
  ['https://www.pinterest.com.au/pin/1', 'social Pinterest'],
  ['https://away.vk.com/away.php', 'social Vkontakte'],
  ['https://my.mail.ru/', 'social Mail.ru'],
  ['https://github.com/a/b', 'social GitHub'],
  ['android-app://com.linkedin.android/', 'social LinkedIn'],
  ['android-app://org.telegram.messenger/', 'social Telegram'],
  // E-mail.
  ['https://mail.google.com/mail/u/0', 'email Gmail'],
  ['android-app://com.google.android.gm/', 'email Gmail'],
  ['https://mail.yahoo.co.jp/', 'email Yahoo! Mail'],
  ['https://eu-mg42.mail.yahoo.com/neo/launch', 'email Yahoo! Mail'],
  ['https://outlook.live.com/mail/0', 'email Outlook.com'],
  ['https://nam02.safelinks.protection.outlook.com/', 'email Outlook.com'],
  ['https://deref-gmx.co.uk/mail/client', 'email GMX'],
  ['https://e.mail.ru/inbox', 'email Mail.ru'],
  ['https://webmail1m.orange.fr/webmail/fr_FR/read.html', 'email Orange Webmail'],
  ['https://www.orange.fr/portail', 'unknown'],
  ['https://www.mail.com/', 'email Mail.com'],
  ['https://webmail.example.net/', 'email'],
  ['https://mail2.example.co.uk/owa/', 'email'],
  ['https://mail.example/', 'unknown'],
  ['https://mail.co.uk/', 'unknown'],
  // What was paid for.
  ['https://www.google.com/aclk', 'paid Google'],
  ['https://www.google.com/pagead/aclk', 'paid Google'],
  ['https://www.google.com/aclkx', 'search Google'],
  ['https://googleads.g.doubleclick.net/', 'paid Google'],
  ['https://ad.doubleclick.net/ddm', 'paid Doubleclick'],
  ['https://www.bing.com/aclick', 'paid Microsoft Ads'],
  ['https://yabs.yandex.ru/count', 'paid Yandex.Direct'],
  ['https://an.yandex.com/count', 'paid Yandex.Direct'],
  ['https://www.baidu.com/baidu.php', 'paid Baidu'],
  ['https://www.awin1.com/cread.php', 'paid Awin'],
  // Assistants.
  ['https://chatgpt.com/', 'chatbot ChatGPT'],
  ['https://www.perplexity.ai/search', 'chatbot Perplexity.ai'],
  ['https://copilot.microsoft.com/', 'chatbot Microsoft Copilot'],
  ['https://www.bing.com/chat', 'chatbot Microsoft Copilot'],
  ['https://gemini.google.com/app', 'chatbot Google Gemini'],
  ['https://claude.ai/', 'chatbot Claude.ai'],
  ['https://x.com/i/grok', 'chatbot Grok'],
  ['https://beta.character.ai/', 'chatbot Character.AI'],
  // Not a referral: where people sign in …
  ['https://accounts.google.com/', 'internal Google'],
  ['https://accounts.google.co.uk/', 'internal Google'],
  ['https://accounts.youtube.com/', 'internal Google'],
  ['https://consent.google.de/', 'internal Google'],
  ['https://www.google.com/recaptcha/api2', 'internal Google'],
  ['https://login.live.com/oauth20_authorize.srf', 'internal Microsoft'],
  ['https://login.microsoftonline.com/common', 'internal Microsoft'],
  ['https://acme.b2clogin.com/', 'internal Microsoft'],
  ['https://appleid.apple.com/auth/authorize', 'internal Apple'],
  ['https://login.yahoo.co.jp/', 'internal Yahoo!'],
  ['https://passport.yandex.ru/auth', 'internal Yandex'],
  ['https://id.vk.com/', 'internal Vkontakte'],
  ['https://nid.naver.com/', 'internal Naver'],
  ['https://open.weixin.qq.com/connect', 'internal WeChat'],
  ['https://acme.eu.auth0.com/', 'internal Auth0'],
  ['https://www.amazon.de/ap/signin', 'internal Amazon'],
  ['https://api.twitter.com/oauth/authenticate', 'internal Twitter'],
  ['https://www.facebook.com/v19.0/dialog/oauth', 'internal'],
  ['https://m.facebook.com/login.php', 'internal'],
  ['https://www.linkedin.com/oauth/v2/authorization', 'internal'],
  ['https://x.com/i/oauth2/authorize', 'internal'],
  ['https://github.com/login/oauth/authorize', 'internal'],
  ['https://accounts.snapchat.com/', 'internal'],
  ['https://login.example-bank.co.uk/', 'internal'],
  ['https://www.sso-eu.example.com/', 'internal'],
  // … and where they pay.
  ['https://pay.google.com/', 'internal Google'],
  ['https://www.paypal.com/webapps/hermes', 'internal PayPal'],
  ['https://paypal.com/checkoutnow', 'internal PayPal'],
  ['https://checkout.stripe.com/c/pay/1', 'internal Stripe'],
  ['https://hooks.stripe.com/3d_secure_2/hosted', 'internal Stripe'],
  ['https://pay.klarna.com/', 'internal Klarna'],
  ['https://payments-eu.amazon.com/', 'internal Amazon'],
  ['https://sis.redsys.es/sis/realizarPago', 'internal Redsys'],
  ['https://www.mercadopago.com.br/checkout', 'internal Mercado Pago'],
  ['https://centinelapi.cardinalcommerce.com/', 'internal Cardinal'],
  ['https://3ds.example-bank.de/', 'internal'],
  ['https://3ds2-acs.example-bank.com.br/', 'internal'],
  ['https://ideal.example-bank.nl/', 'internal'],
  ['https://acs1.example-bank.com/', 'internal'],
  ['https://checkout.example-provider.com/', 'internal'],
  ['https://checkout.com/', 'internal Checkout.com'],
  ['https://login.com/', 'unknown'],
  ['https://pay.co.uk/', 'unknown'],
  ['https://payload.example.com/', 'unknown'],
  ['https://blogin.example.com/', 'unknown'],
])('%s is %s', (url, expected) => {
  expect(siteOf(url)).toBe(expected)
})

test('a text that is too long for a host has no site, however many dots it has', () => {
  expect(findSite(`${'a.'.repeat(121)}google.com`, '/')).toBeUndefined()
  expect(findSite(`${'a.'.repeat(1_000_000)}tumblr.com`, '/')).toBeUndefined()
  expect(findSite(`${'a.'.repeat(121)}tumblr.com`, '/')?.source).toBe('Tumblr')
})

test('the version is the date of the list and a hash of it', () => {
  expect(REFERRER_SITES_VERSION).toMatch(new RegExp(`^${list.date}\\+[0-9a-f]{8}$`))
  expect(list.date).toMatch(/^20\d\d-\d\d-\d\d$/)
})

const { about: _about, date: _date, labels: _labels, signInPaths: _paths, ...media } = list

test.each(Object.entries(media))('the %s sites are in order and each finds itself', (medium, groups) => {
  for (const { source, hosts } of groups)
    for (const pattern of hosts) {
      expect(pattern).toMatch(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9_-]+)*(\.\*)?(\/[\w.-]+)*$/)
      const [host, ...path] = pattern.replace('*.', 'any.').replace('.*', '.co.uk').split('/')
      expect([pattern, findSite(host!, `/${path.join('/')}`)]).toMatchObject([pattern, { medium, source }])
    }
})

test('no host is listed twice', () => {
  const hosts = Object.values(media).flatMap(groups => groups.flatMap(group => group.hosts))
  expect(hosts.filter((host, i) => hosts.indexOf(host) !== i)).toEqual([])
})
