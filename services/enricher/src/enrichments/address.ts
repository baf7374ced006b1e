import type { Draft, GoodRecord, RawRecord } from '@sluicebox/event/records'
import { firstAddress } from '@sluicebox/protocol/address'
import type { SentEvent } from '@sluicebox/protocol/sent-event'
import type { Ip } from '../tools.ts'

/** Sets the column of the address; `unknown`, as the collector writes it, for a visitor who wants none. */
export function setAddress(
  good: Draft<GoodRecord>,
  event: Pick<SentEvent, 'ip'>,
  raw: Pick<RawRecord, 'ip' | 'privacy'>,
  readIp: (text: string) => Ip,
): void {
  const text = event.ip === null ? raw.ip : firstAddress(event.ip)
  if (text === null) good.ip = null
  else good.ip = raw.privacy === 'anonymous' ? 'unknown' : readIp(text).address
}
