// Which sites send visitors, put together for Sluicebox. Short on purpose: the sites that matter in the figures of a
// shop; others are `unknown`, and a site can add its own in the configuration.

export type ReferrerMedium = 'search' | 'social' | 'email' | 'chatbot' | 'paid'

export interface ReferrerSite {
  readonly medium: ReferrerMedium
  readonly source: string
  /** Parameters that hold what was searched for. */
  readonly terms: readonly string[]
}

/** Changes with the lists: every event carries it. */
export const REFERRER_SITES_VERSION = '2026.11'

interface Group {
  readonly medium: ReferrerMedium
  /** Hosts by source. `google.*` stands for google.com, google.de, google.co.uk … */
  readonly hosts: Readonly<Record<string, readonly string[]>>
  readonly terms?: Readonly<Record<string, readonly string[]>>
}

const GROUPS: readonly Group[] = [
  {
    medium: 'search',
    hosts: {
      Google: ['google.*', 'com.google.android.googlequicksearchbox'],
      Bing: ['bing.com'],
      DuckDuckGo: ['duckduckgo.com'],
      Yahoo: ['yahoo.*', 'search.yahoo.com', 'search.yahoo.co.jp'],
      Yandex: ['yandex.*', 'ya.ru'],
      Baidu: ['baidu.com'],
      Ecosia: ['ecosia.org'],
      Qwant: ['qwant.com'],
      Startpage: ['startpage.com'],
      Brave: ['search.brave.com'],
      Naver: ['search.naver.com', 'naver.com'],
      Seznam: ['search.seznam.cz', 'seznam.cz'],
      Sogou: ['sogou.com'],
      So: ['so.com'],
      Ask: ['ask.com'],
      AOL: ['search.aol.com', 'aol.com'],
      Kagi: ['kagi.com'],
      Mojeek: ['mojeek.com'],
      MetaGer: ['metager.de', 'metager.org'],
      Swisscows: ['swisscows.com'],
      Coccoc: ['coccoc.com'],
      Daum: ['search.daum.net', 'daum.net'],
      'T-Online': ['suche.t-online.de'],
      WEBDE: ['suche.web.de'],
      GMX: ['suche.gmx.net'],
    },
    terms: {
      Yahoo: ['p'],
      Yandex: ['text'],
      Baidu: ['wd', 'word'],
      Startpage: ['query'],
      Naver: ['query'],
      Sogou: ['query'],
    },
  },
  {
    medium: 'social',
    hosts: {
      Facebook: ['facebook.com', 'fb.com', 'fb.me', 'com.facebook.katana'],
      Messenger: ['messenger.com', 'm.me'],
      Instagram: ['instagram.com', 'com.instagram.android'],
      Threads: ['threads.net', 'threads.com'],
      X: ['x.com', 'twitter.com', 't.co', 'com.twitter.android'],
      LinkedIn: ['linkedin.com', 'lnkd.in', 'com.linkedin.android'],
      Pinterest: ['pinterest.*', 'pin.it', 'com.pinterest'],
      YouTube: ['youtube.com', 'youtu.be', 'com.google.android.youtube'],
      TikTok: ['tiktok.com', 'com.zhiliaoapp.musically'],
      Reddit: ['reddit.com', 'redd.it', 'com.reddit.frontpage'],
      Snapchat: ['snapchat.com', 'com.snapchat.android'],
      WhatsApp: ['whatsapp.com', 'wa.me', 'com.whatsapp'],
      Telegram: ['telegram.org', 't.me', 'org.telegram.messenger'],
      Discord: ['discord.com', 'discord.gg'],
      Mastodon: ['mastodon.social', 'mastodon.online'],
      Bluesky: ['bsky.app'],
      Tumblr: ['tumblr.com'],
      Quora: ['quora.com'],
      XING: ['xing.com'],
      VK: ['vk.com', 'vk.ru', 'com.vkontakte.android'],
      OK: ['ok.ru'],
      Weibo: ['weibo.com'],
      WeChat: ['weixin.qq.com', 'wx.qq.com'],
      LINE: ['line.me'],
      Vimeo: ['vimeo.com'],
      Twitch: ['twitch.tv'],
      'Hacker News': ['news.ycombinator.com'],
    },
  },
  {
    medium: 'email',
    hosts: {
      Gmail: ['mail.google.com', 'com.google.android.gm'],
      Outlook: [
        'outlook.live.com',
        'outlook.office.com',
        'outlook.office365.com',
        'com.microsoft.office.outlook',
      ],
      'Yahoo Mail': ['mail.yahoo.com', 'mail.yahoo.co.jp'],
      'Proton Mail': ['mail.proton.me', 'mail.protonmail.com'],
      GMX: ['gmx.net', 'gmx.de', 'gmx.com'],
      'WEB.DE': ['web.de'],
      'T-Online': ['email.t-online.de'],
      'AOL Mail': ['mail.aol.com'],
      'Yandex Mail': ['mail.yandex.ru', 'mail.yandex.com'],
      'Mail.ru': ['e.mail.ru'],
      'iCloud Mail': ['icloud.com'],
      Orange: ['messagerie.orange.fr'],
      Libero: ['mail.libero.it'],
      Zoho: ['mail.zoho.com'],
      Fastmail: ['fastmail.com'],
    },
  },
  {
    medium: 'chatbot',
    hosts: {
      ChatGPT: ['chatgpt.com', 'chat.openai.com'],
      Claude: ['claude.ai'],
      Gemini: ['gemini.google.com'],
      Copilot: ['copilot.microsoft.com'],
      Perplexity: ['perplexity.ai'],
      Mistral: ['chat.mistral.ai'],
      DeepSeek: ['chat.deepseek.com'],
    },
  },
  {
    medium: 'paid',
    hosts: {
      'Google Ads': [
        'googleadservices.com',
        'doubleclick.net',
        'googlesyndication.com',
        'adservice.google.com',
      ],
      Criteo: ['criteo.com', 'criteo.net'],
      Taboola: ['taboola.com'],
      Outbrain: ['outbrain.com'],
      Awin: ['awin1.com', 'zenaps.com'],
      Tradedoubler: ['tradedoubler.com'],
      'Commission Junction': ['anrdoezrs.net', 'dpbolvw.net', 'jdoqocy.com', 'tkqlhce.com'],
      Rakuten: ['linksynergy.com'],
    },
  },
]

const TERMS_DEFAULT: readonly string[] = ['q']

/** The sites of the lists by host, and those whose host continues with any country's ending by the name before it. */
const HOSTS = new Map<string, ReferrerSite>()
const ANY_ENDING = new Map<string, ReferrerSite>()
for (const { medium, hosts, terms } of GROUPS)
  for (const [source, names] of Object.entries(hosts)) {
    const site = { medium, source, terms: medium === 'search' ? (terms?.[source] ?? TERMS_DEFAULT) : [] }
    for (const name of names)
      if (name.endsWith('.*')) ANY_ENDING.set(name.slice(0, -2), site)
      else HOSTS.set(name, site)
  }

// com.br, co.uk, or.jp …: what stands before the country in endings of two parts.
const SECOND_LEVEL = new Set(['co', 'com', 'net', 'org', 'ne', 'or', 'go'])

/** The site that `host` belongs to: the host itself, or the nearest parent that is known. */
export function findSite(host: string): ReferrerSite | undefined {
  let start = 0
  for (;;) {
    const site = HOSTS.get(start === 0 ? host : host.slice(start)) ?? withAnyEnding(host, start)
    if (site !== undefined) return site
    const dot = host.indexOf('.', start)
    if (dot < 0) return undefined
    start = dot + 1
  }
}

function withAnyEnding(host: string, start: number): ReferrerSite | undefined {
  const dot = host.indexOf('.', start)
  if (dot < 0) return undefined
  const site = ANY_ENDING.get(host.slice(start, dot))
  if (site === undefined) return undefined
  const ending = host.slice(dot + 1).split('.')
  const isEnding = ending.length === 1 || (ending.length === 2 && SECOND_LEVEL.has(ending[0] as string))
  return isEnding ? site : undefined
}
