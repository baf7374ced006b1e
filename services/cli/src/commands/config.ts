import type { Command } from 'commander'
import { listSettings, type Setting } from '@sluicebox/runtime/config'
import { stringify } from 'yaml'
import { configSchema, readConfig } from '../read-config.ts'
import { print, tell } from '../terminal.ts'

export function addConfig(program: Command): void {
  const config = program.command('config').description('checks and shows the configuration')

  config
    .command('check')
    .description('checks the configuration and reports all its faults')
    .option('--config <file>', 'the configuration file')
    .addHelpText('after', '\nExample:\n  $ sluicebox config check --config sluicebox.yaml')
    .action((options: { config?: string }) => {
      readConfig({}, options.config)
      tell('the configuration is good')
    })

  config
    .command('print')
    .description('prints the configuration that is in force, defaults included')
    .option('--config <file>', 'the configuration file')
    .option('--env', 'print the environment variables instead, each with what it sets')
    .option('--json', 'print it as JSON; with --env one object a line')
    .addHelpText(
      'after',
      '\nExamples:\n  $ sluicebox config print > sluicebox.yaml\n  $ sluicebox config print --env',
    )
    .action((options: { config?: string; env?: true; json?: true }) => {
      if (options.env)
        for (const setting of listSettings(configSchema))
          print(options.json ? JSON.stringify(setting) : describeSetting(setting))
      else {
        const value = readConfig({}, options.config)
        print(options.json ? JSON.stringify(value, null, 2) : stringify(value).trimEnd())
      }
    })
}

function describeSetting({ env, path, type, description }: Setting): string {
  return `${env}  ${path.join('.')} (${type}): ${description}`
}
