// A process that the tests run with a limit on the size of its files, as if the disk were full. It appends until an
// append is rejected. Then it prints how many were acknowledged, why one was rejected, and whether reading still works.
import { openEmbeddedLog } from '../embedded/log.ts'

const [dir] = process.argv.slice(2) as [string]
await using log = await openEmbeddedLog({ dir, partitions: 1, compression: 'none' })
const value = Buffer.alloc(50_000, 'x')
let acknowledged = 0
let rejection: Error | undefined
while (rejection === undefined && acknowledged < 1000) {
  try {
    await log.append('raw', [{ key: `${acknowledged}`, value }])
    acknowledged++
  } catch (error) {
    rejection = error as Error
  }
}
const again = await log.append('raw', [{ key: 'again', value }]).then(
  () => 'accepted',
  () => 'rejected',
)
const { records } = await log.read('raw', 0, 0n, { recordsMax: 1, bytesMax: 1 })
process.stdout.write(
  JSON.stringify({ acknowledged, message: rejection?.message, again, first: records[0]?.key }) + '\n',
)
