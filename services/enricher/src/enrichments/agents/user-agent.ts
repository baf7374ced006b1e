import type { Columns } from '../columns.ts'
import type { Agent } from './agent.ts'

type UserAgentColumns =
  'user_agent' | 'browser_name' | 'browser_version' | 'os_name' | 'os_version' | 'device_type'

/** Sets the columns of a user agent. */
export function setUserAgent(good: Columns<UserAgentColumns>, { agent }: { readonly agent: Agent }): void {
  good.user_agent = agent.text
  good.browser_name = agent.browserName
  good.browser_version = agent.browserVersion
  good.os_name = agent.osName
  good.os_version = agent.osVersion
  good.device_type = agent.deviceType
}
