import { deviceOf, firstOf, readUserAgent, type Agent } from './agent.ts'
import { majorOf, readHints, type Hints } from './hints.ts'
import { SYSTEMS, type OsName } from './systems.ts'

// Browsers freeze most of their user agents (https://www.chromium.org/updates/ua-reduction/), so the hints take
// precedence.

/**
 * Names that many browsers and apps share. A user agent that names one of them more exactly takes precedence over the
 * hints.
 */
const COMMON: ReadonlySet<string> = new Set([
  ...['Chrome', 'Chromium', 'Android WebView', 'Android Browser', 'Safari', 'iOS WebView', 'Other'],
])

/** Systems that the hints call by the name of the system that they derive from. */
const MADE_FROM: Readonly<Partial<Record<OsName, OsName>>> = {
  'Fire OS': 'Android',
  HarmonyOS: 'Android',
  Tizen: 'Linux',
  webOS: 'Linux',
  VIDAA: 'Linux',
  BSD: 'Linux',
  Xbox: 'Windows',
}

/**
 * Reads a user agent together with its client hints (header lines). The function is pure, so callers remember its
 * results.
 */
export function readHintedAgent(text: string, lines: string): Agent {
  const hints = readHints(lines)
  const agent = readUserAgent(text)
  if (agent.bot !== null) return agent
  if (hints.isHeadless) return { ...agent, browserName: 'HeadlessChrome', deviceType: 'bot', bot: 'headless' }
  const system = systemOf(agent, hints)
  return {
    ...agent,
    ...browserOf(agent, hints),
    ...system,
    deviceType: hintedDevice(agent, hints, system.osName),
  }
}

function browserOf(agent: Agent, hints: Hints): Pick<Agent, 'browserName' | 'browserVersion'> {
  const { browserName, browserVersion } = hints
  if (browserName === null) return agent
  const isTextExact = agent.browserName !== null && !COMMON.has(agent.browserName)
  if (COMMON.has(browserName) && isTextExact) return agent
  const isSame =
    agent.browserName === browserName && majorOf(agent.browserVersion) === majorOf(browserVersion)
  // The user agent may have the longer version.
  if (isSame && (agent.browserVersion?.length ?? 0) > (browserVersion?.length ?? 0)) return agent
  return { browserName, browserVersion }
}

function systemOf(
  agent: Agent,
  { osName, osVersion, model }: Hints,
): Pick<Agent, 'osName' | 'osVersion'> & { osName: OsName | null } {
  const [ofModel] = model === '' ? ['Other' as const] : firstOf(SYSTEMS, `Android; ${model})`)
  const read = ofModel === 'Fire OS' ? 'Fire OS' : agent.osName
  const isExact = read !== null && osName !== null && MADE_FROM[read] === osName
  const name = isExact || osName === null ? read : osName
  const isSame = name === agent.osName || isExact
  return { osName: name, osVersion: osVersion ?? (isSame ? agent.osVersion : null) }
}

const HAND_HELD: ReadonlySet<OsName | null> = new Set<OsName | null>([
  'Android',
  'iOS',
  'Fire OS',
  'HarmonyOS',
])

/**
 * Televisions, consoles and headsets are recognised by user agent and model; the hints distinguish the other devices.
 */
function hintedDevice(agent: Agent, { isMobile, model }: Hints, osName: OsName | null): Agent['deviceType'] {
  const text = agent.text ?? ''
  const read = deviceOf(model === '' ? text : `${text}; Android; ${model})`, osName ?? 'Other')
  if (isMobile === null || (read !== null && read !== 'desktop' && read !== 'mobile' && read !== 'tablet'))
    return read
  if (isMobile) return 'mobile'
  return HAND_HELD.has(osName) ? 'tablet' : 'desktop'
}
