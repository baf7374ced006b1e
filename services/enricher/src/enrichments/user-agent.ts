import Bowser from 'bowser'
import { isbot } from 'isbot'
import type { Columns } from './columns.ts'

/** What a user agent says of browser, system and device. */
export interface UserAgent {
  readonly text: string | null
  readonly browserName: string | null
  readonly browserVersion: string | null
  readonly osName: string | null
  readonly osVersion: string | null
  /** desktop, mobile, tablet, tv, bot. */
  readonly deviceType: string | null
  /** Whether it says itself, or by its form, that it is a program. */
  readonly isBot: boolean
}

/** Longer ones do not come from a browser; the cap bounds what the parsers' patterns can cost. */
export const USER_AGENT_LENGTH_MAX = 512

export const NO_USER_AGENT: UserAgent = {
  text: null,
  browserName: null,
  browserVersion: null,
  osName: null,
  osVersion: null,
  deviceType: null,
  isBot: false,
}

/** Reads a user agent. Takes about 10 µs, and is pure: the result is worth remembering. */
export function readUserAgent(text: string): UserAgent {
  const capped = text.slice(0, USER_AGENT_LENGTH_MAX).toWellFormed()
  if (capped === '') return NO_USER_AGENT
  const isBot = isbot(capped)
  const { browser, os, platform } = Bowser.parse(capped)
  return {
    text: capped,
    browserName: named(browser.name),
    browserVersion: named(browser.version),
    osName: named(os.name),
    osVersion: named(os.version),
    deviceType: isBot ? 'bot' : named(platform.type),
    isBot,
  }
}

const named = (name: string | undefined): string | null => (name === undefined || name === '' ? null : name)

type UserAgentColumns =
  'user_agent' | 'browser_name' | 'browser_version' | 'os_name' | 'os_version' | 'device_type'

/** Sets the columns of a user agent. */
export function setUserAgent(
  good: Columns<UserAgentColumns>,
  { agent }: { readonly agent: UserAgent },
): void {
  good.user_agent = agent.text
  good.browser_name = agent.browserName
  good.browser_version = agent.browserVersion
  good.os_name = agent.osName
  good.os_version = agent.osVersion
  good.device_type = agent.deviceType
}
