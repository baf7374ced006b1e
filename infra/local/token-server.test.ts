import { expect, onTestFinished, test } from 'vitest'
import { startTokenServer, type TokenServer } from './token-server.ts'

async function start(): Promise<TokenServer> {
  const server = await startTokenServer({ clientId: 'me', clientSecret: 'a:b', lifeS: 60 })
  onTestFinished(server.stop)
  return server
}

async function ask(server: TokenServer, form: Record<string, string>, authorization?: string) {
  const body = new URLSearchParams(form)
  const headers = authorization === undefined ? {} : { authorization }
  const answer = await fetch(server.url, { method: 'POST', body, headers })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`

test('a client that knows the secret gets a token, by header or by form', async () => {
  const server = await start()
  const grant = { grant_type: 'client_credentials', scope: 'log' }
  const byHeader = await ask(server, grant, basic('me:a%3Ab'))
  const byForm = await ask(server, { ...grant, client_id: 'me', client_secret: 'a:b' })
  for (const { status, body } of [byHeader, byForm]) {
    expect(status).toBe(200)
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 60 })
    const [, claims = ''] = String(body['access_token']).split('.')
    const { sub, scope, iat, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<
      string,
      number
    >
    expect({ sub, scope, life: Number(exp) - Number(iat) }).toEqual({ sub: 'me', scope: 'log', life: 60 })
  }
  expect(server.given()).toBe(2)
})

test('others do not', async () => {
  const server = await start()
  const grant = { grant_type: 'client_credentials' }
  expect(await ask(server, grant)).toMatchObject({ status: 401 })
  expect(await ask(server, grant, basic('me:wrong'))).toMatchObject({ status: 401 })
  expect(await ask(server, { grant_type: 'password' }, basic('me:a%3Ab'))).toMatchObject({ status: 400 })
  expect(server.given()).toBe(0)
})
