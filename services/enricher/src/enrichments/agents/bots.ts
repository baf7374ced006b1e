import { isbot } from 'isbot'
import { BOTS, KIND_WORDS, type BotKind, type BotName } from './bot-list.ts'
import type { DeviceType } from './devices.ts'

export interface Bot {
  readonly kind: BotKind
  readonly name: BotName
}

/**
 * Returns the kind of program that a user agent belongs to; null for a person's browser or app. Named programs come
 * first. For all others the library isbot decides. But isbot treats everything that no current browser sends as a
 * program, so a text that names a phone, a television or a similar `device` counts as a person's unless it names a
 * program.
 */
export function botOf(text: string, device: DeviceType | null): Bot | null {
  for (const [kind, name, pattern] of BOTS) if (pattern.test(text)) return { kind, name }
  const rest = HARMLESS.reduce((left, words) => left.replace(words, ''), text)
  if (device !== null && device !== 'desktop' && !BOT_WORD.test(rest)) return null
  if (rest.trim() === '' || !isbot(rest)) return null
  return { kind: KIND_WORDS.find(([, words]) => words.test(rest))?.[0] ?? 'crawler', name: 'Other' }
}

const BOT_WORD =
  /bot|crawl|spider|scrap|fetch|monitor|preview|check|scan|validat|archiv|\bproxy|research|seo\b|https?:|www\.|@/i

/** Words of devices and browsers that people use, although they look like words of programs. */
const HARMLESS: readonly RegExp[] = [
  // The model of a device: a phone may be called Bot or Discovery.
  /\bAndroid [\d.]+; (?![^)]{0,120}(?:compatible|https?:|bot\/))[^)]{1,120}\)/gi,
  /\bCUBOT\b|\b(?:https?:\/\/)?bsalsa\.com\S*|\bEmbedded Web Browser from:|\bQQDownload\b|\bGoogle (?:Earth|Chrome)\b/gi,
  // Browsers whose maker also has a search engine.
  /\bSogou(?:MSE|MobileBrowser|Explorer)\S*|\bSE [\d.]+X MetaSr\b|\bSamsung Internet Check\b/gi,
]
