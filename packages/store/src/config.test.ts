import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { storeConfig } from './config.ts'
import { openStore } from './open.ts'

test('keeps objects in folders of the data directory by default', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'sluicebox-store-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const config = storeConfig.parse(undefined)
  expect(config.kind).toBe('folder')
  await (await openStore({ config, dir, name: 'archive' })).create('k', Buffer.from('x'))
  expect(readdirSync(dir)).toEqual(['archive'])
  expect(readdirSync(join(dir, 'archive'))).toContain('k')
})

test.each([
  { said: { kind: 's3' }, fault: 'name the bucket' },
  { said: { kind: 's3', s3: { bucket: 'shop', prefix: '/a' } }, fault: 'must be empty or folders' },
  { said: { kind: 's3', s3: { bucket: 'shop', prefix: 'a' } }, fault: 'must be empty or folders' },
  { said: { kind: 's3', s3: { bucket: 'shop', prefix: '../' } }, fault: 'must be empty or folders' },
  { said: { kind: 's3', s3: { bucket: 'shop', endpoint: 'store' } }, fault: 'Invalid URL' },
])('refuses $said', ({ said, fault }) => {
  expect(storeConfig.safeParse(said).error?.issues.map(issue => issue.message)).toEqual([
    expect.stringContaining(fault),
  ])
})
