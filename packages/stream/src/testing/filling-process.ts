// A process for the tests to run with a limit on the size of its files, as if the disk were full: it appends until an
// append is refused, and prints how many were acknowledged, why it was refused, and whether reading still works.
import { openEmbeddedLog } from '../embedded/log.ts'

const [dir] = process.argv.slice(2) as [string]
await using log = await openEmbeddedLog({ dir, partitions: 1 })
const value = Buffer.alloc(50_000, 'x')
let acknowledged = 0
let refusal: Error | undefined
while (refusal === undefined && acknowledged < 1000) {
  try {
    await log.append('raw', [{ key: `${acknowledged}`, value }])
    acknowledged++
  } catch (error) {
    refusal = error as Error
  }
}
const again = await log.append('raw', [{ key: 'again', value }]).then(
  () => 'accepted',
  () => 'refused',
)
const { records } = await log.read('raw', 0, 0n, { recordsMax: 1, bytesMax: 1 })
process.stdout.write(
  JSON.stringify({ acknowledged, message: refusal?.message, again, first: records[0]?.key }) + '\n',
)
