import type { RawRecord } from '@sluicebox/event/records'
import { firstAddress } from '@sluicebox/protocol/address'
import type { SentEvent } from '@sluicebox/protocol/sent-event'
import type { Columns } from './columns.ts'
import type { Location } from './geo/database.ts'

/**
 * An address in canonical form, with the bits that the collector has kept, and its location. The address is null if the
 * text is not one.
 */
export interface Ip {
  readonly address: string | null
  readonly location: Location
}

/** The address that an event names, else the one that the collector saw. Null if there is none. */
export function addressText(event: Pick<SentEvent, 'ip'>, raw: Pick<RawRecord, 'ip'>): string | null {
  return event.ip === null ? raw.ip : firstAddress(event.ip)
}

/** Sets the column of the address. For anonymous visitors it is `unknown`, as the collector writes it. */
export function setAddress(
  good: Columns<'ip'>,
  {
    event,
    raw,
    tools,
  }: {
    readonly event: Pick<SentEvent, 'ip'>
    readonly raw: Pick<RawRecord, 'ip' | 'privacy'>
    readonly tools: { readonly readIp: (text: string) => Pick<Ip, 'address'> }
  },
): void {
  const text = addressText(event, raw)
  if (text === null) good.ip = null
  else good.ip = raw.privacy === 'anonymous' ? 'unknown' : tools.readIp(text).address
}
