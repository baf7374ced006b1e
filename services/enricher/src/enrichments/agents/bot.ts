import type { SelfDescribing, SentEvent } from '@sluicebox/protocol/sent-event'
import type { Columns } from '../columns.ts'
import type { Agent } from './agent.ts'
import type { BotKind } from './bot-list.ts'

const BROWSER_CONTEXT = 'iglu:com.snowplowanalytics.snowplow/browser_context/'

/** Why an event looks automated; null when it does not. A label only: bots are counted and shown, never dropped. */
export function botReason(agent: Agent, entities: readonly SelfDescribing[]): BotKind | 'webdriver' | null {
  if (agent.bot !== null) return agent.bot
  for (const { schema, data } of entities)
    if (schema.startsWith(BROWSER_CONTEXT) && (data as { webdriver?: unknown }).webdriver === true)
      return 'webdriver'
  return null
}

/** Sets the columns that label automated traffic. */
export function setBot(
  good: Columns<'is_bot' | 'bot_reason'>,
  { event, agent }: { readonly event: Pick<SentEvent, 'entities'>; readonly agent: Agent },
): void {
  const reason = botReason(agent, event.entities)
  good.is_bot = reason !== null
  good.bot_reason = reason
}
