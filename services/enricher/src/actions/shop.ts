import type { PageKind } from '@sluicebox/protocol/page-kinds'
import { isObject, type SentEvent } from '@sluicebox/protocol/sent-event'

/** What the e-commerce event and entities of a tracker say. */
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

/** The data of an event or entity, once its schema has vouched for it. */
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

/** The data of an event whose schema begins so. It may be of a version that is not known: no schema vouches for its shape. */
export function dataOf(event: SentEvent['event'], schema: string): Data | undefined {
  return event?.schema.startsWith(schema) === true && isObject(event.data) ? event.data : undefined
}

export const text = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null
export const number = (value: unknown): number | null => (typeof value === 'number' ? value : null)
