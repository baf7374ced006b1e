// Secrets are planted in a running pipeline, and looked for in every byte that it has stored, logged and answered.
import { join } from 'node:path'
import { EMAIL_MASK } from '@sluicebox/protocol/email'
import { expect, onTestFinished, test } from 'vitest'
import { eventually, json, succeed, temporaryDir, upWith } from '../e2e/sluicebox.ts'
import { formsOf, textsOf } from './find.ts'
import { plantAddresses, plantAnonymous, plantIdentified } from './plant.ts'
import type { Planted } from './requests.ts'

const SETTINGS = {
  SLUICEBOX_COLLECTOR_TRUSTED_PROXY_HOPS: '1',
  SLUICEBOX_ARCHIVER_WINDOW_MS: '1000',
}

async function send(url: string, { path, headers, body }: Planted): Promise<string> {
  const request = body === null ? { headers } : { method: 'POST', headers, body: body as string }
  const response = await fetch(`${url}${path}`, request)
  return `${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`
}

/** The secrets that are in one of the texts: what was planted where, and the text's name. */
function found(planted: readonly Planted[], texts: readonly (readonly [string, string])[]): string[] {
  return planted.flatMap(({ what, secrets }) =>
    Object.entries(secrets).flatMap(([place, secret]) =>
      texts
        .filter(([, text]) => formsOf(secret).some(form => text.includes(form)))
        .map(([name]) => `${place} of ${what} (${secret}) is in ${name}`),
    ),
  )
}

test('no planted secret is stored, logged, measured or shown', async () => {
  const data = join(temporaryDir(onTestFinished), 'data')
  const nowhere = [...plantAddresses(), ...plantAnonymous()]
  const inRawAlone = plantIdentified()
  const count = (planted: readonly Planted[]): number =>
    planted.reduce((sum, { secrets }) => sum + Object.keys(secrets).length, 0)
  expect([count(nowhere), count(inRawAlone)]).toEqual([68, 15])

  const pipeline = await upWith(SETTINGS, data)
  for (const each of [...nowhere, ...inRawAlone])
    expect(await send(pipeline.url, each), each.what).toMatch(/^200 /)
  const events = 30
  await eventually(async () => {
    const { total } = (await (await fetch(`${pipeline.url}/micro/all`)).json()) as { total: number }
    return total >= events ? total : undefined
  })
  const page = async (path: string): Promise<[string, string]> => [
    path,
    await (await fetch(`${path === '/metrics' ? pipeline.adminUrl : pipeline.url}${path}`)).text(),
  ]
  const answers = await Promise.all(
    ['/', '/console/live', '/api/status', '/micro/all', '/micro/good', '/micro/bad', '/metrics'].map(page),
  )
  expect(await pipeline.stop()).toBe(0)
  const logs = ['the log lines', pipeline.stderr()] as const
  await succeed('drain', '--data', data, '--close')
  const stream = async (name: string): Promise<[string, string]> => [
    name,
    JSON.stringify(await json('tail', name, '--data', data)),
  ]
  const streams = await Promise.all(['raw', 'good', 'bad', 'scored'].map(stream))
  const files: [string, string][] = []
  for await (const file of textsOf(data)) files.push(file)

  expect(found(nowhere, [logs, ...answers, ...streams, ...files])).toEqual([])
  const behindRaw = [...streams, ...files].filter(([name]) => /^good|^scored|stream=(good|scored)/.test(name))
  // What Micro shows of an event has the request in it, as raw has it.
  const shown = answers.filter(([path]) => !path.startsWith('/micro/'))
  expect(found(inRawAlone, [logs, ...shown, ...behindRaw])).toEqual([])

  // The search finds what is there: in the log, and in the archive in both of its formats.
  const raw = found(inRawAlone, [...streams, ...files])
  for (const place of ['raw', 'data.mdb', '(inflated)'])
    expect(
      raw.some(line => line.endsWith(place)),
      place,
    ).toBe(true)
  expect(files.some(([name, text]) => name.endsWith('(rows)') && text.includes(EMAIL_MASK))).toBe(true)
}, 180_000)
