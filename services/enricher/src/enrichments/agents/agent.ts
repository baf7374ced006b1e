import type { BotKind, BotName } from './bot-list.ts'
import { botOf } from './bots.ts'
import { BROWSERS, type BrowserName } from './browsers.ts'
import { DEVICES, FOLDABLE, OLD_PHONE, PHONE, type DeviceType } from './devices.ts'
import { iosOfDarwin, SYSTEMS, windowsVersion, type OsName } from './systems.ts'

/** What a user agent and its client hints tell about browser, system and device. */
export interface Agent {
  readonly text: string | null
  /** For a bot, the name of the bot. */
  readonly browserName: BrowserName | BotName | null
  readonly browserVersion: string | null
  readonly osName: OsName | null
  readonly osVersion: string | null
  readonly deviceType: DeviceType | null
  /** Which kind of program it is; null for the browser or the app of a person. */
  readonly bot: BotKind | null
}

/** No browser sends a longer one. The limit bounds the time that the patterns can take. */
export const USER_AGENT_LENGTH_MAX = 512

/** Changes with the lists in this folder and with isbot: every event carries it. */
export const AGENT_LISTS_VERSION = '2026.11+isbot-5.2.3'

export const NO_AGENT: Agent = {
  text: null,
  browserName: null,
  browserVersion: null,
  osName: null,
  osVersion: null,
  deviceType: null,
  bot: null,
}

/** Reads a user agent in about 50 µs. The function is pure, so callers remember its results. */
export function readUserAgent(sent: string): Agent {
  const text = sent.slice(0, USER_AGENT_LENGTH_MAX).toWellFormed()
  if (text === '') return NO_AGENT
  const [osName, osNumber] = firstOf(SYSTEMS, text)
  const system = { osName, osVersion: osVersion(osName, osNumber, text) }
  const deviceType = deviceOf(text, osName)
  const bot = botOf(text, deviceType)
  if (bot !== null)
    return { text, browserName: bot.name, browserVersion: null, ...system, deviceType: 'bot', bot: bot.kind }
  const [browserName, browserVersion] = firstOf(BROWSERS, text)
  return { text, browserName, browserVersion, ...system, deviceType, bot: null }
}

type Rows<Name> = readonly (readonly [Name, RegExp])[]

/** Returns the name of the first row that matches, and the version that its pattern found. */
export function firstOf<Name>(rows: Rows<Name>, text: string): [Name | 'Other', string | null] {
  for (const [name, pattern] of rows) {
    const match = pattern.exec(text)
    if (match !== null) return [name, match.slice(1).find(group => group !== undefined) ?? null]
  }
  return ['Other', null]
}

function osVersion(name: OsName, number: string | null, text: string): string | null {
  if (number !== null) return name === 'Windows' ? windowsVersion(number) : number.replaceAll('_', '.')
  const darwin = name === 'iOS' ? /\bDarwin\/(\d{1,3})\b/.exec(text) : null
  return darwin === null ? null : iosOfDarwin(Number(darwin[1]))
}

const SYSTEMS_OF_TVS: ReadonlySet<OsName> = new Set(['Tizen', 'webOS', 'VIDAA', 'Roku OS', 'tvOS'])
const SYSTEMS_OF_PHONES: ReadonlySet<OsName> = new Set([
  ...(['iOS', 'Windows Phone', 'BlackBerry', 'Symbian', 'Bada', 'Firefox OS', 'KaiOS', 'Sailfish'] as const),
])
const SYSTEMS_OF_DESKTOPS: ReadonlySet<OsName> = new Set([
  ...(['Windows', 'macOS', 'Linux', 'ChromeOS', 'BSD', 'Solaris'] as const),
])
const ANDROIDS: ReadonlySet<OsName> = new Set(['Android', 'Fire OS', 'HarmonyOS'])

/**
 * Returns the kind of device; null when the text does not tell. A browser on Android without the word Mobile is on a
 * tablet.
 */
export function deviceOf(text: string, osName: OsName): DeviceType | null {
  for (const [type, pattern] of DEVICES) if (pattern.test(text)) return type
  if (PHONE.test(text) || OLD_PHONE.test(text)) return 'mobile'
  if (ANDROIDS.has(osName))
    return /\bAppleWebKit\b|\bGecko\//.test(text) && !FOLDABLE.test(text) ? 'tablet' : 'mobile'
  if (SYSTEMS_OF_PHONES.has(osName)) return 'mobile'
  if (SYSTEMS_OF_TVS.has(osName)) return 'tv'
  return SYSTEMS_OF_DESKTOPS.has(osName) ? 'desktop' : null
}
