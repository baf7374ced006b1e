import { existsSync } from 'node:fs'
import type { Codec } from '@sluicebox/event/codec'
import type { StreamName, StreamRecords } from '@sluicebox/event/records'
import type { Patiently } from '@sluicebox/service/patience'
import { openSchemas } from '@sluicebox/service/schemas'
import { dataPaths } from '@sluicebox/service/stores'
import { isOnThisMachine } from '@sluicebox/stream/config'
import { openEmbeddedLog } from '@sluicebox/stream/embedded/log'
import type { Log } from '@sluicebox/stream/log'
import { openLog } from '@sluicebox/stream/open'
import type { Config } from './read-config.ts'
import { createRecordReader, type RecordReader } from './inspect/record-reader.ts'
import { tell } from './terminal.ts'

/** The streams of a configuration, for commands that look into what the services write. */
export interface Streams extends AsyncDisposable {
  readonly log: Log
  codec<Name extends StreamName>(
    stream: Name,
    options?: { readonly project?: readonly (keyof StreamRecords[Name] & string)[] },
  ): Promise<Codec<StreamRecords[Name]>>
  /** Reads records of a stream, whatever schema of it they were written with. */
  reader<Name extends StreamName>(
    stream: Name,
    options?: { readonly project?: readonly (keyof StreamRecords[Name] & string)[] },
  ): Promise<RecordReader<StreamRecords[Name]>>
}

/** Opens streams that are there already. Rejects when they are not, or can't be reached now. */
export async function openStreams(config: Config): Promise<Streams> {
  const log = await openExistingLog(config)
  try {
    const { codec, fetchSchema } = await openSchemas(config, atOnce)
    return {
      log,
      codec,
      reader: async (stream, options) => createRecordReader(await codec(stream, options), fetchSchema),
      [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
    }
  } catch (error) {
    await log[Symbol.asyncDispose]()
    throw error
  }
}

/** A person waits for the command, and the processes that write have checked the log for longer. */
const CHECK_FOR_MS = 300

/** Does not retry, so that a person at a terminal learns at once what can't be reached. */
export const atOnce: Patiently = (_what, attempt) => attempt()

/** Throws when nothing was ever written into the data directory: its name may be misspelt. */
export function checkLogExists(dataDir: string): void {
  if (!existsSync(dataPaths(dataDir).log))
    throw new Error(
      `there is no log in ${dataDir}: start one with "sluicebox up --data ${dataDir}" or "sluicebox import", or name another directory with --data`,
    )
}

async function openExistingLog({ log: config, dataDir }: Config): Promise<Log> {
  if (!isOnThisMachine(config))
    return openLog({
      config,
      dir: dataPaths(dataDir).log,
      onSkipped() {},
      onProblem: error => tell(error.message),
    })
  checkLogExists(dataDir)
  // Without retention: the writers decide what is kept.
  return openEmbeddedLog({ dir: dataPaths(dataDir).log, checkForMs: CHECK_FOR_MS })
}
