import { blankGood } from '@sluicebox/event/blank'
import type { GoodRecord } from '@sluicebox/event/records'
import { expect, test } from 'vitest'
import { amountsSeen, watchCurrencies } from './amounts-seen.ts'

test.each<[good: Partial<GoodRecord>, seen: string | undefined]>([
  [{}, undefined],
  [{ currency: 'EUR' }, undefined],
  [{ price: 0, currency: 'EUR' }, 'EUR as_sent'],
  [{ revenue: 5, currency: 'usd' }, 'USD as_sent'],
  [{ price: 5 }, 'none as_sent'],
  [{ price: 5, currency: 'points' }, 'other as_sent'],
  [{ price: 5, currency: 'QQQ' }, 'other as_sent'],
  [{ price: 5, currency: '__proto__' }, 'other as_sent'],
  [{ price: 5, currency: 'USD', base_currency: 'EUR', price_base: 4 }, 'USD converted'],
  [{ price: 5, currency: 'CHF', base_currency: 'EUR' }, 'CHF unconverted'],
  [{ price: 5, revenue: 6, currency: 'USD', base_currency: 'EUR', price_base: 4 }, 'USD unconverted'],
])('of %j is counted %j', (good, seen) => {
  expect(amountsSeen(blankGood(good))).toBe(seen)
})

test.each<[what: string, batches: string[][], warned: string[][]]>([
  ['one currency', [['EUR as_sent'], ['EUR as_sent']], []],
  ['one, and none, and what is not a currency', [['EUR as_sent', 'none as_sent', 'other as_sent']], []],
  ['two', [['USD as_sent', 'EUR as_sent']], [['EUR', 'USD']]],
  ['two in different batches', [['USD as_sent'], ['EUR as_sent']], [['EUR', 'USD']]],
  ['a third one later', [['USD as_sent', 'EUR as_sent'], ['CHF as_sent']], [['EUR', 'USD']]],
  ['two that are converted', [['USD converted', 'CHF unconverted', 'EUR converted']], []],
])('with %s the warning is %j', (_what, batches, warned) => {
  const warnings: (readonly string[])[] = []
  const watch = watchCurrencies(codes => warnings.push(codes))
  for (const batch of batches) watch(batch)
  expect(warnings).toEqual(warned)
})
