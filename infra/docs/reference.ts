import { configSchema } from '@sluicebox/cli/read-config'
import { createProgram } from '@sluicebox/cli/program'
import { BOT_KINDS, BOT_NAMES } from '@sluicebox/enricher/agents/bot-list'
import { BROWSER_NAMES } from '@sluicebox/enricher/agents/browsers'
import { DEVICE_TYPES } from '@sluicebox/enricher/agents/devices'
import { OS_NAMES } from '@sluicebox/enricher/agents/systems'
import { REASONS } from '@sluicebox/protocol/reasons'
import {
  agentsPage,
  commandsPage,
  configurationPage,
  eventSchemasPage,
  featuresPage,
  reasonsPage,
  streamsPage,
} from './pages.ts'

/** The pages of docs/reference that are made from the code, by file name. */
export function referencePages(): Readonly<Record<string, string>> {
  return {
    'agents.md': agentsPage({
      browsers: BROWSER_NAMES,
      systems: OS_NAMES,
      devices: DEVICE_TYPES,
      bots: BOT_NAMES.filter(name => name !== 'Other'),
      kinds: BOT_KINDS,
    }),
    'commands.md': commandsPage(createProgram()),
    'configuration.md': configurationPage(configSchema),
    'event-schemas.md': eventSchemasPage(),
    'features.md': featuresPage(),
    'reasons.md': reasonsPage(REASONS),
    'streams.md': streamsPage(),
  }
}
