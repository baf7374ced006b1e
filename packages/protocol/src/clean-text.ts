// Control characters, and halves of surrogate pairs: nearly no text has any, and one test finds both.
const UNCLEAN = /[\u0000-\u001f\u007f\ud800-\udfff]/

/** Text as it may be stored: tabs as four spaces, no other control characters, no half characters. */
export function cleanText(text: string): string {
  if (!UNCLEAN.test(text)) return text
  return text
    .replaceAll('\t', '    ')
    .replaceAll(/[\u0000-\u001f\u007f]/g, '')
    .toWellFormed()
}
