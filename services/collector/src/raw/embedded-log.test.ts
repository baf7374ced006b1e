import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedLog } from '@sluicebox/stream/embedded/log'
import { afterAll, expect, test } from 'vitest'
import { startCollector } from '../http/server.ts'
import { openClient } from '../testing/client.ts'
import { decode, httpRequest, partsOf, payloadData, recordingLog, TP2 } from '../testing/parts.ts'

const dir = mkdtempSync(join(tmpdir(), 'sluicebox-collector-'))
afterAll(() => rmSync(dir, { recursive: true }))

test('what got 200 is in the embedded log, each visitor in one partition and in order, also after a restart', async () => {
  const sent: string[] = []
  {
    await using log = await openEmbeddedLog({ dir, partitions: 3 })
    await using collector = await startCollector({ ...partsOf(recordingLog()), log })
    await Promise.all(
      Array.from({ length: 10 }, async (_, visitor) => {
        using client = await openClient(collector.port)
        for (let n = 0; n < 10; n++) {
          const event = { duid: `visitor-${visitor}`, n: String(n) }
          expect((await client.ask(httpRequest('POST', TP2, {}, payloadData(event)))).status).toBe(200)
          sent.push(`${event.duid} ${n}`)
        }
      }),
    )
  }
  await using log = await openEmbeddedLog({ dir })
  const partitionOf = new Map<string, number>()
  const nextOf = new Map<string, number>()
  const stored: string[] = []
  for (let partition = 0; partition < (await log.partitionCount('raw')); partition++) {
    const batch = await log.read('raw', partition, 0n, { recordsMax: 1_000, bytesMax: 1e7 })
    for (const { key, value } of batch.records) {
      const record = decode(value)
      const body = JSON.parse(Buffer.from(record.body as Uint8Array).toString()) as { data: { n: string }[] }
      const n = Number(body.data[0]?.n)
      expect(key).toBe(record.visitor)
      expect(partitionOf.get(record.visitor) ?? partition).toBe(partition)
      expect(n).toBe(nextOf.get(record.visitor) ?? 0)
      partitionOf.set(record.visitor, partition)
      nextOf.set(record.visitor, n + 1)
      stored.push(`${record.visitor} ${n}`)
    }
  }
  expect(stored.toSorted()).toEqual(sent.toSorted())
})
