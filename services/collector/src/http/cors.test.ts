import { describe, expect, test } from 'vitest'
import { createCors } from './cors.ts'

const options = {
  applications: [
    { appId: 'shop', origins: ['https://shop.example', 'https://www.shop.example'] },
    { appId: 'blog', origins: ['https://blog.example:8443'] },
  ],
  allowedHeaders: ['Content-Type', 'SP-Anonymous', 'X-Own'],
  maxAgeSeconds: 600,
  credentials: true,
}
const HOST = 'collect.shop.example:8080'

describe('with applications listed', () => {
  const cors = createCors(options)

  test.each([
    'https://shop.example',
    'https://www.shop.example',
    'https://blog.example:8443',
    'https://collect.shop.example:8080',
    'http://collect.shop.example:8080',
  ])('a page on %s may read the answer', origin => {
    expect(cors.headers(origin, HOST)).toEqual({
      vary: 'Origin',
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
    })
  })

  test.each([
    ['null'],
    ['https://evil.example'],
    ['http://shop.example'],
    ['https://shop.example:444'],
    ['https://shop.example.evil.example'],
    ['https://notshop.example'],
    ['https://SHOP.example'],
    ['https://shop.example/'],
    ['https://collect.shop.example'],
    ['http://localhost:3000'],
    ['*'],
    [''],
    [undefined],
  ])('a page on %s learns nothing', origin => {
    expect(cors.headers(origin, HOST)).toEqual({ vary: 'Origin' })
    expect(cors.preflight(origin, HOST)).toEqual({ vary: 'Origin' })
  })

  test('a preflight says which headers may be sent, and how long that holds', () => {
    expect(cors.preflight('https://shop.example', HOST)).toEqual({
      vary: 'Origin',
      'access-control-allow-origin': 'https://shop.example',
      'access-control-allow-credentials': 'true',
      'access-control-allow-headers': 'Content-Type, SP-Anonymous, X-Own',
      'access-control-max-age': '600',
    })
  })

  test('local pages may be let in besides', () => {
    const open = createCors({ ...options, localOrigins: true })
    expect(open.headers('http://localhost:3000', HOST)).toHaveProperty('access-control-allow-origin')
  })
})

describe('with nothing configured', () => {
  const cors = createCors({ ...options, applications: [] })

  test.each([
    'http://localhost',
    'https://localhost:5173',
    'http://127.0.0.1:8080',
    'http://[::1]:1',
    'https://[::1]',
  ])('a page on %s may read the answer', origin => {
    expect(cors.headers(origin, HOST)['access-control-allow-origin']).toBe(origin)
  })

  test.each([
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'file://localhost',
    'http://localhost:1x',
    'http://10.0.0.1',
  ])('a page on %s learns nothing', origin => {
    expect(cors.headers(origin, HOST)).toEqual({ vary: 'Origin' })
  })

  test('local pages can be shut out', () => {
    const closed = createCors({ ...options, applications: [], localOrigins: false })
    expect(closed.headers('http://localhost:3000', HOST)).toEqual({ vary: 'Origin' })
  })
})

test('credentials are for cookies: without them they are not allowed', () => {
  const cors = createCors({ ...options, credentials: false })
  expect(cors.headers('https://shop.example', HOST)).toEqual({
    vary: 'Origin',
    'access-control-allow-origin': 'https://shop.example',
  })
})
