import type { Command } from 'commander'
import { ConfigError, listSettings, type Setting } from '@sluicebox/runtime/config'
import { stringify } from 'yaml'
import { EXIT } from '../exit-codes.ts'
import { configSchema, readConfig } from '../read-config.ts'
import { print, tell } from '../terminal.ts'

export function addConfig(program: Command): void {
  const config = program.command('config').description('checks and shows the configuration')

  config
    .command('check')
    .description('checks the configuration and reports all its faults')
    .option('--config <file>', 'the configuration file')
    .option('--json', 'print the result as JSON, with the faults as a list')
    .addHelpText('after', '\nExample:\n  $ sluicebox config check --config sluicebox.yaml')
    .action((options: { config?: string; json?: true }) => {
      if (options.json) {
        const faults = faultsOf(options.config)
        print(JSON.stringify({ ok: faults.length === 0, faults }))
        if (faults.length > 0) process.exitCode = EXIT.usage
        return
      }
      readConfig({}, options.config)
      tell('the configuration is good')
    })

  config
    .command('print')
    .description('prints the configuration that is in force, defaults included')
    .option('--config <file>', 'the configuration file')
    .option('--env', 'print the environment variables instead, each with what it sets')
    .option('--json', 'print it as JSON; with --env one object per line')
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

function faultsOf(file: string | undefined): readonly string[] {
  try {
    readConfig({}, file)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
}

function describeSetting({ env, path, type, description }: Setting): string {
  return `${env}  ${path.join('.')} (${type}): ${description}`
}
