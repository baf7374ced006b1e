import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StreamName } from '@sluicebox/event/records'
import { openFolderStore } from '@sluicebox/store/folder'
import type { Store } from '@sluicebox/store/store'
import type { InputRecord, Log } from '@sluicebox/stream/log'
import { Registry } from 'prom-client'
import { expect, onTestFinished } from 'vitest'
import { startArchiver, type Archiver, type ArchiverParts } from '../archiver.ts'
import { archiverConfig, type ArchiverConfig } from '../config.ts'
import { readRaw, readRows, toBatch } from '../manifests/read.ts'
import { verifyArchive } from '../manifests/verify-archive.ts'
import { folderCodec } from '@sluicebox/registry/streams/folder'

export async function tempStore(): Promise<Store> {
  const dir = mkdtempSync(join(tmpdir(), 'sluicebox-archive-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return openFolderStore(dir)
}

export interface Running extends Archiver {
  readonly metrics: Registry
  readonly errors: string[]
  stop(): Promise<void>
}

/** An archiver of a log, stopped at the end of the test at the latest. */
export function run(
  log: Log,
  store: Store,
  config: Partial<ArchiverConfig> = {},
  others: Partial<ArchiverParts> = {},
): Running {
  const stopping = new AbortController()
  const metrics = new Registry()
  const errors: string[] = []
  const archiver = startArchiver({
    log,
    store,
    config: { ...archiverConfig.parse({}), ...config },
    logger: {
      info() {},
      warn() {},
      error: (_fields: unknown, message: string) => errors.push(message),
    } as never,
    metrics,
    signal: stopping.signal,
    ...others,
  })
  archiver.done.catch(() => {})
  const stop = async (): Promise<void> => {
    stopping.abort()
    await archiver.done
  }
  onTestFinished(() => stop().catch(() => {}))
  return { ...archiver, metrics, errors, stop }
}

/** Everything of a stream in the archive, by partition, as the log had it. */
export async function readAll(
  store: Store,
  stream: StreamName,
  partitions: number,
): Promise<InputRecord[][]> {
  const found: InputRecord[][] = Array.from({ length: partitions }, () => [])
  if (stream === 'raw') {
    for await (const batch of readRaw(store)) found[batch.partition]?.push(...batch.records)
    return found
  }
  const codec = folderCodec(stream)
  for await (const rows of readRows(store, stream))
    found[rows.partition]?.push(...toBatch(stream, rows as never, codec as never).records)
  return found
}

/** Everything that the log holds of a stream, by partition. */
export async function readLog(log: Log, stream: StreamName, partitions: number): Promise<InputRecord[][]> {
  const limits = { recordsMax: 1e9, bytesMax: 1e12 }
  return Promise.all(
    Array.from({ length: partitions }, async (_, i) => [...(await log.read(stream, i, 0n, limits)).records]),
  )
}

/** Fails unless the archive of a stream is the log, record by record, in objects without hole or overlap. */
export async function expectArchiveIsLog(
  store: Store,
  log: Log,
  stream: StreamName,
  partitions: number,
): Promise<void> {
  const plain = (records: InputRecord[][]): unknown =>
    records.map(each => each.map(record => ({ ...record, value: Buffer.from(record.value).toString('hex') })))
  expect(plain(await readAll(store, stream, partitions))).toEqual(
    plain(await readLog(log, stream, partitions)),
  )
  expect((await verifyArchive(store)).faults).toEqual([])
}

/** Objects of the archive with their hashes, without the manifest. */
export async function objectHashes(store: Store): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for await (const { key } of store.list(''))
    if (!key.startsWith('manifest/'))
      found[key] = Buffer.from((await store.get(key)) as Uint8Array).toString('base64')
  return found
}

/** Waits, a turn of the event loop at a time, until a condition holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(resolve => setImmediate(resolve))
}
