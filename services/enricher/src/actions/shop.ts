import type { PageKind } from '@sluicebox/protocol/page-kinds'
import { isObject, type SentEvent } from '@sluicebox/protocol/sent-event'

/** What the e-commerce event and entities of a tracker tell. */
export interface Shop {
  readonly action: string | null
  readonly pageKind: PageKind | null
  readonly productId: string | null
  readonly category: string | null
  readonly price: number | null
  readonly quantity: number | null
  readonly currency: string | null
  readonly revenue: number | null
  readonly orderId: string | null
}

export type ShopSource = Pick<SentEvent, 'event' | 'entities'>

/** The data of an event or entity that fits its schema. */
export type Data = Readonly<Record<string, unknown>>

export const NO_SHOP: Shop = {
  action: null,
  pageKind: null,
  productId: null,
  category: null,
  price: null,
  quantity: null,
  currency: null,
  revenue: null,
  orderId: null,
}

/**
 * Returns the data of an event whose schema begins with this text. Its version may be unknown, so its shape may be
 * unchecked.
 */
export function dataOf(event: SentEvent['event'], schema: string): Data | undefined {
  return event?.schema.startsWith(schema) === true && isObject(event.data) ? event.data : undefined
}

export const text = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null
export const number = (value: unknown): number | null => (typeof value === 'number' ? value : null)
