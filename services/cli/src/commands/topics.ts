import { STREAMS } from '@sluicebox/event/records'
import { createTopics, type Finding } from '@sluicebox/stream/kafka/topics'
import { checkLog } from '@sluicebox/stream/inspect'
import { hasTopics, type LogConfig } from '@sluicebox/stream/config'
import type { Command } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { UsageError } from '../options.ts'
import { readConfig } from '../read-config.ts'
import { paint, print, tell } from '../terminal.ts'

interface TopicsOptions {
  readonly config?: string
  readonly json?: true
}

export function addTopics(program: Command): void {
  const topics = program.command('topics').description('the topics of the streams on Kafka')

  topics
    .command('create')
    .description('creates the missing topics, with the settings of the configuration')
    .option('--config <file>', 'the configuration file (default: sluicebox.yaml, if it exists)')
    .option('--json', 'print what was done as JSON')
    .addHelpText(
      'after',
      `
Partitions, retention and replicas are those of the section log. Existing topics are left unchanged: "topics check"
reports what is wrong with them. Nothing else in Sluicebox creates a topic.

Example:
  $ sluicebox topics create --config sluicebox.yaml`,
    )
    .action(async (options: TopicsOptions) => {
      const made = await createTopics(onKafka(options), STREAMS)
      if (options.json) print(JSON.stringify(made))
      else for (const { topic, outcome } of made) print(`${topic}: ${outcome}`)
    })

  topics
    .command('check')
    .description('reports what is wrong with the topics and the cluster, as each process does when it starts')
    .option('--config <file>', 'the configuration file (default: sluicebox.yaml, if it exists)')
    .option('--json', 'print the findings as JSON')
    .addHelpText(
      'after',
      `
Ends with 1 when a fault would keep the processes from working. Warnings alone end with 0.

Example:
  $ sluicebox topics check --config sluicebox.yaml`,
    )
    .action(async (options: TopicsOptions) => {
      const findings = await checkLog(onKafka(options), STREAMS)
      if (options.json) print(JSON.stringify(findings))
      else showFindings(findings)
      if (findings.some(({ level }) => level === 'error')) process.exitCode = EXIT.failed
    })
}

function showFindings(findings: readonly Finding[]): void {
  for (const { level, message } of findings)
    print(`${level === 'error' ? paint('red', 'error') : paint('yellow', 'warning')}: ${message}`)
  if (findings.length === 0) tell('all topics exist, and nothing is wrong with them')
}

function onKafka({ config }: TopicsOptions): LogConfig {
  const { log } = readConfig({}, config)
  if (!hasTopics(log))
    throw new UsageError(
      'the log is embedded, and its streams need no topics: set log.kind to kafka and name the brokers in log.kafka.brokers',
    )
  return log
}
