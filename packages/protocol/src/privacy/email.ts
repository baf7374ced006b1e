// E-mail addresses in texts that clients write: plain, and in every form in which a URL or a JSON text may encode them.

/** Replaces an e-mail address. A URL or a JSON text can hold it without encoding. */
export const EMAIL_MASK = '(email)'

/** A character in any number of percent codes: %40, %2540, %252540. */
const coded = (hex: string): string => `%(?:25)*(?:${hex})`
const LETTERS = String.raw`3\d|[46][1-9a-f]|[57][\da]|[89a-f][\da-f]`
/** Of the local part, read backwards from the at sign: the second choice never begins inside of a percent code. */
const LOCAL = String.raw`${coded(`${LETTERS}|2[bde]|5f`)}|(?<!%(?:25)*[\da-f]?)[\p{L}\p{M}\p{N}_.+~!$'*-]`
const AT = String.raw`@|${coded('40')}|\\u0040`
const LABEL = String.raw`(?:${coded(`${LETTERS}|2d`)}|[\p{L}\p{M}\p{N}-]){1,63}`
const DOT = String.raw`(?:\.|${coded('2e')}|\\u002e)`
// The part before the at sign is searched backwards from it, so that a long text without an at sign costs nothing.
const EMAIL = new RegExp(`(?<=((?:${LOCAL}){1,128}))(?:${AT})(${LABEL}(?:${DOT}${LABEL})+)`, 'giu')
const DOTS = new RegExp(DOT, 'giu')
/** Endings of file names that are not top-level domains: logo@2x.png is not an address. */
const FILE_ENDING =
  /^(?:avif|bmp|css|cjs|csv|gif|html?|ico|jpe?g|js|json|jsx|map|min|mjs|mp[34]|pdf|php|png|svg|tiff?|tsx?|txt|web[mp]|woff2?|xml)$/i
const TOP_LABEL = /^(?=.*[\p{L}%])[^\d-].+$/u

/** Returns the text with each e-mail address replaced by `(email)`; the same text when it has none. */
export function maskEmails(text: string): string {
  // Every form of the at sign is one of these; most texts have neither.
  if (!text.includes('@') && !text.includes('40')) return text
  let masked = ''
  let end = 0
  for (const found of text.matchAll(EMAIL)) {
    const [whole, local, domain] = found as unknown as [string, string, string]
    if (!isDomain(domain)) continue
    // A local part begins after the end of the previous address.
    const start = Math.max(end, found.index - local.length)
    masked += text.slice(end, start) + EMAIL_MASK
    end = found.index + whole.length
  }
  return end === 0 ? text : masked + text.slice(end)
}

/** Whether it ends like a domain, without regard to a file's ending after it. */
function isDomain(domain: string): boolean {
  const labels = domain.split(DOTS)
  while (labels.length > 1 && FILE_ENDING.test(labels.at(-1) as string)) labels.pop()
  return labels.length > 1 && TOP_LABEL.test(labels.at(-1) as string)
}
