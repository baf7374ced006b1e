import { configSchema } from '@sluicebox/cli/read-config'
import { createProgram } from '@sluicebox/cli/program'
import { REASONS } from '@sluicebox/protocol/reasons'
import {
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
    'commands.md': commandsPage(createProgram()),
    'configuration.md': configurationPage(configSchema),
    'event-schemas.md': eventSchemasPage(),
    'features.md': featuresPage(),
    'reasons.md': reasonsPage(REASONS),
    'streams.md': streamsPage(),
  }
}
