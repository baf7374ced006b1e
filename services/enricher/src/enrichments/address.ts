import type { RawRecord } from '@sluicebox/event/records'
import { firstAddress } from '@sluicebox/protocol/address'
import type { SentEvent } from '@sluicebox/protocol/sent-event'
import type { Columns } from './columns.ts'

/** An address as it may be stored; null for what is not an address. */
export interface Ip {
  readonly address: string | null
}

/** Sets the column of the address; `unknown`, as the collector writes it, for a visitor who wants none. */
export function setAddress(
  good: Columns<'ip'>,
  {
    event,
    raw,
    tools,
  }: {
    readonly event: Pick<SentEvent, 'ip'>
    readonly raw: Pick<RawRecord, 'ip' | 'privacy'>
    readonly tools: { readonly readIp: (text: string) => Ip }
  },
): void {
  const text = event.ip === null ? raw.ip : firstAddress(event.ip)
  if (text === null) good.ip = null
  else good.ip = raw.privacy === 'anonymous' ? 'unknown' : tools.readIp(text).address
}
