import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testLog } from '../testing/contract/contract.ts'
import { openEmbeddedLog, type EmbeddedLog } from './log.ts'

testLog(
  'the local disk',
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'sluicebox-log-'))
    const handles: EmbeddedLog[] = []
    const open = async (): Promise<EmbeddedLog> => {
      const log = await openEmbeddedLog({ dir, partitions: 3, pollMs: 5 })
      handles.push(log)
      return log
    }
    return {
      log: await open(),
      open,
      async close() {
        for (const handle of handles) await handle[Symbol.asyncDispose]()
        await rm(dir, { recursive: true })
      },
    }
  },
  { atomicCommits: true, contiguousPositions: true },
)
