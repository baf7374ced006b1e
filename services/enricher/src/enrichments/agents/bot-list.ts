// Programs that visit pages on their own, by words in their user agents. The first row that matches names the program,
// so a program that quotes the words of another comes before it. `Other` is a program that has no row.

/** Every kind of program, and the value of `bot_reason` that it gives. */
export const BOT_KINDS = {
  search: 'crawls for a search engine',
  ai: 'crawls to train an AI model, or fetches a page for a person who asked one',
  preview: 'fetches a page to show a link to it in a feed or a chat',
  monitor: 'measures whether and how fast pages are delivered',
  headless: 'is a browser without a screen, driven by a program',
  library: 'is a library or a command that fetches pages',
  crawler: 'is another program that calls itself one',
} as const

export type BotKind = keyof typeof BOT_KINDS

export const BOTS = [
  ['ai', 'ChatGPT-User', /\bChatGPT-(?:User|Browser)\b/i],
  ['ai', 'OAI-SearchBot', /\bOAI-SearchBot\b/i],
  ['ai', 'GPTBot', /\bGPTBot\b/i],
  ['ai', 'ClaudeBot', /\bClaude-?(?:Bot|Web|User|SearchBot)\b|\banthropic-(?:ai|claude)\b/i],
  ['ai', 'PerplexityBot', /\bPerplexity(?:Bot|-User)\b/i],
  ['ai', 'Bytespider', /\b(?:Byte|TikTok)Spider\b/i],
  ['ai', 'CCBot', /\bCCBot\b/],
  ['ai', 'Meta-ExternalAgent', /\bmeta-(?:external(?:agent|fetcher|ads)|webindexer)\b|\bFacebookBot\b/i],
  [
    'ai',
    'Google AI',
    /\bGoogle-(?:CloudVertexBot|NotebookLM|GeminiNotebook|Firebase|Agent|Extended|Pinpoint)\b/i,
  ],
  ['ai', 'Google AI', /\bGoogleAgent-|\bGemini-(?:Deep-Research|AI)\b|\bBard-AI\b/i],
  ['ai', 'MistralAI-User', /\bMistralAI-/i],
  ['ai', 'Amazonbot', /\bAmazonbot\b|\bAmzn-(?:User|SearchBot)\b|\bNovaAct\b|\bAmazonBuyForMe\b/i],
  ['ai', 'DuckAssistBot', /\bDuckAssistBot\b/i],
  [
    'ai',
    'Other',
    /\b(?:cohere-|YouBot|Diffbot|Timpibot|AI2Bot|PanguBot|omgili|DeepSeek|GrokBot|xAI-|Kimi-|KimiBot)/i,
  ],
  [
    'ai',
    'Other',
    /\b(?:Manus-User|Devin\/|GitHubCopilot|Character-AI|ChatGLM|Groq-Bot|Replicate-Bot|Together-Bot)/i,
  ],
  [
    'ai',
    'Other',
    /\b(?:HuggingFace|RunPod-Bot|Webzio|Andibot|iaskbot|ImagesiftBot|Cotoyogi|aiHitBot|LinerBot)/i,
  ],
  [
    'ai',
    'Other',
    /\b(?:PhindBot|TavilyBot|ExaBot|Firecrawl|Crawl4AI|Crawlspace|TerraCotta|SBIntuitionsBot|ShapBot)/i,
  ],
  ['ai', 'Other', /\+https?:\/\/[\w.-]{1,40}\.ai\b/i],

  [
    'preview',
    'facebookexternalhit',
    /\bfacebook-?(?:externalhit|catalog|externalua|platform|scraper)\b|^Facebot\b/i,
  ],
  ['preview', 'Twitterbot', /\bTwitterbot\b/],
  ['preview', 'LinkedInBot', /\bLinkedInBot\b/i],
  ['preview', 'Slackbot', /\bSlackbot\b|\bSlack-ImgProxy\b/i],
  ['preview', 'TelegramBot', /\bTelegramBot\b/],
  ['preview', 'Discordbot', /\bDiscordbot\b/i],
  ['preview', 'WhatsApp', /^WhatsApp\+?\//],
  ['preview', 'Pinterestbot', /\bPinterest(?:bot\b|\/0\.\d)/i],
  ['preview', 'redditbot', /\bredditbot\b/i],
  [
    'preview',
    'Other',
    /\bSkypeUriPreview\b|\bSnap URL Preview|\bIframely\b|\bEmbedly\b|\bvkShare\b|\bMastodon\//i,
  ],
  [
    'preview',
    'Other',
    /\bBluesky Cardyb|\bGoogleImageProxy\b|\bGoogle(?:-PageRenderer| Web Preview)|\bFriendica\b/i,
  ],
  [
    'preview',
    'Other',
    /\bkakaotalk-scrap\b|\bMicrosoftPreview\b|\bBingPreview\b|\bTumblr\/|\bFlipboardProxy\b/i,
  ],
  [
    'preview',
    'Other',
    /\bYahoo ?(?:Link|Mail)(?:Preview|Proxy)|\bvisionutils\b|\bKeybaseBot\b|\bYahooMailProxy\b/i,
  ],

  [
    'search',
    'Googlebot',
    /\bGooglebot|\bGoogle-(?:InspectionTool|Read-Aloud|Site-Verification|Safety|Adwords|Lens)/i,
  ],
  ['search', 'Googlebot', /\bGoogleOther\b|\bStorebot-Google\b|\bAdsBot-Google|\bMediapartners-Google\b/i],
  ['search', 'Googlebot', /\bGoogle-?(?:Publisher|AdSense|Ads)/],
  ['search', 'Googlebot', /\bAPIs-Google\b|\bFeedFetcher-Google\b|\bDuplexWeb-Google\b/i],
  ['search', 'Bingbot', /\b(?:bingbot|adidxbot|msnbot)/i],
  ['search', 'Applebot', /\bApplebot\b/],
  [
    'search',
    'YandexBot',
    /\bYandex(?:\w{0,24}Bot|Images|Video|Media|Blogs|News|Metrika|Direct|Market|Webmaster|Additional)\b/,
  ],
  ['search', 'YandexBot', /\bYandex(?:Accessibility|RenderResources|Favicons|Pagechecker|ImageResizer)/],
  ['search', 'Baiduspider', /\bBaiduspider/i],
  ['search', 'DuckDuckBot', /\bDuckDuck(?:Bot|Go-Favicons-Bot)\b/i],
  ['search', 'Yahoo Slurp', /\bSlurp\b/],
  ['search', 'Sogou Spider', /\bSogou [\w ]{1,20}spider\b/i],
  ['search', 'PetalBot', /\bPetalBot\b|\bAspiegelBot\b/],
  ['search', 'SeznamBot', /\bSeznamBot\b/i],
  ['search', 'Yeti', /\bYeti\/|\bNaverBot\b/],
  ['search', 'Other', /\b(?:360Spider|coccocbot|Qwant(?:bot|ify)|MojeekBot|BraveBot|Kagibot|SputnikBot)/i],
  [
    'search',
    'Other',
    /\b(?:Mail\.RU_Bot|YisouSpider|HaosouSpider|Daum(?:oa)?[/ ]|IbouBot|GoGuides\w+|archive\.org_bot)/i,
  ],

  ['monitor', 'Pingdom', /\bPingdom/i],
  ['monitor', 'UptimeRobot', /\bUptimeRobot\b/i],
  ['monitor', 'GTmetrix', /\bGTmetrix\b/i],
  ['monitor', 'Lighthouse', /\bChrome-Lighthouse\b|\bGoogle Page Speed|\bPageSpeed\b/i],
  ['monitor', 'StatusCake', /\bStatusCake\b/i],
  ['monitor', 'Site24x7', /\bSite24x7\b|\bHLB\/1\.247/i],
  ['monitor', 'Datadog', /\bDatadog/i],
  [
    'monitor',
    'Other',
    /\b(?:New ?Relic|Catchpoint|Better ?(?:Uptime|Stack)|HetrixTools|Checkly|Dot[Cc]om-?Monitor|PTST)\b/i,
  ],
  [
    'monitor',
    'Other',
    /\b(?:Amazon-Route53|GoogleHC|kube-probe|ELB-HealthChecker|Zabbix|check_http|RuxitSynthetic)\b/i,
  ],
  [
    'monitor',
    'Other',
    /\b(?:SpeedCurve|DebugBear|DejaClick|DMBrowser|Monitis|YLT|Freshping|NodePing|Updown\.io|OhDear)\b/i,
  ],
  [
    'monitor',
    'Other',
    /\b(?:360JK|Miniature\.io|internetVista|montastic|AppInsights|ThousandEyes|AppSignal|Yottaa)/i,
  ],
  [
    'monitor',
    'Other',
    /\b(?:Blackbox Exporter|collectd|munin|Ghost Inspector|websitepulse|Grafana|Cloudflare-)/i,
  ],

  ['headless', 'HeadlessChrome', /\bHeadless(?:Chrome|Shell|Edg)/i],
  [
    'headless',
    'Other',
    /\b(?:PhantomJS|Playwright|Puppeteer|Selenium|Cypress|SlimerJS|HtmlUnit|WebDriver|Nightmare)\b/i,
  ],
  ['headless', 'Other', /\b(?:jsdom|ZombieJS|Camoufox|Lightpanda)\b/i],

  ['library', 'curl', /\b(?:lib)?curl\b/i],
  ['library', 'Wget', /\bWget\b/i],
  ['library', 'python-requests', /\bpython-requests\b/i],
  ['library', 'Go-http-client', /\bGo-http-client\b|^Go \d/],
  ['library', 'axios', /^axios\b/],
  ['library', 'Node.js', /^node(?:\.js)?(?:\/|$)|^undici\b|^node-fetch\b|\bnode-superagent\b|^got\b/i],
  ['library', 'Java', /^Java\/|\bApache-HttpClient\b|\bJava-http-client\b|^Jersey\/|\bHttpURLConnection\b/i],
  ['library', 'Postman', /\bPostmanRuntime\b/],
  [
    'library',
    'Other',
    /\b(?:python|aiohttp|httpx|urllib3?|libwww-perl|lwp-\w+|GuzzleHttp|PHP|Ruby|Faraday)(?:\/|-| |$)/i,
  ],
  [
    'library',
    'Other',
    /\b(?:Typhoeus|rest-client|RestSharp|WinHttp\w*|insomnia|HTTPie|k6|ApacheBench|reqwest|hyper)\/[\d.]/i,
  ],
  [
    'library',
    'Other',
    /\b(?:cpp-httplib|http-kit|HTTP_Request2|Zend_Http_Client|colly|AHC|Vert\.x-\w+|fasthttp|go-resty)\b/i,
  ],
  ['library', 'Other', /\b(?:JMeter|WindowsPowerShell|Deno\/|Bun\/|Gatling|vegeta|Locust)/i],

  ['crawler', 'AhrefsBot', /\bAhrefs(?:Bot|SiteAudit)\b/i],
  ['crawler', 'SemrushBot', /\bSemrushBot\b|\bSiteAuditBot\b|\bSplitSignalBot\b/i],
  ['crawler', 'MJ12bot', /\bMJ12bot\b/i],
  ['crawler', 'DotBot', /\bDotBot\b/i],
  ['crawler', 'Screaming Frog', /\bScreaming Frog\b/i],
  ['crawler', 'Scrapy', /\bScrapy\b/i],
  [
    'crawler',
    'Other',
    /\bAmazon-Kendra|\bAssetnote\b|\bTSM-turingos|\bNetcraft\b|\bSucuri\b|\bLaravel Reaver\b/i,
  ],
] as const satisfies readonly (readonly [BotKind, string, RegExp])[]

export type BotName = (typeof BOTS)[number][1]

/** Every value of `browser_name` of a bot. */
export const BOT_NAMES: readonly BotName[] = [...new Set(BOTS.map(([, name]) => name))]

/** The kind of a program that has no row, by words in its user agent; `crawler` when it contains none of them. */
export const KIND_WORDS: readonly (readonly [BotKind, RegExp])[] = [
  ['monitor', /uptime|monitor|pinge?r?\b|synthetic|health-?check|checker/i],
  ['preview', /preview|unfurl|embed|link-?expand/i],
  ['library', /http-?client|^[\w.-]+\/v?\d[\d.]*$/i],
]
