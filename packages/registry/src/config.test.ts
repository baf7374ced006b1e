import { expect, test } from 'vitest'
import { registryConfig } from './config.ts'

test.each([
  { url: 'ftp://registry', says: 'url must be an http or https address' },
  { url: 'registry:8081', says: 'url must be an http or https address' },
  { url: 'http://shop:secret@registry', says: 'url must be without a name' },
  { username: 'shop', says: 'passwordFile username and passwordFile are given together' },
  { passwordFile: 'secret', says: 'username username and passwordFile are given together' },
])('$says', ({ says, ...section }) => {
  const { error } = registryConfig.safeParse(section)
  expect(error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('\n')).toContain(says)
})

test.each([
  {},
  { url: 'https://registry.example/apis/ccompat/v7' },
  { url: 'http://[::1]:8081/@/x' },
  { url: 'http://localhost:8081', username: 'shop', passwordFile: 'secret' },
])('%j is good', section => {
  expect(registryConfig.safeParse(section).error).toBeUndefined()
})
