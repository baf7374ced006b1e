/** The kinds of pages: a small vocabulary that survives a redesign of the site. */
export const PAGE_KINDS = [
  'home',
  'list',
  'product',
  'search',
  'cart',
  'checkout',
  'confirmation',
  'content',
  'account',
  'other',
] as const
export type PageKind = (typeof PAGE_KINDS)[number]
