import { CAMPAIGN_NAMES } from './campaign.ts'

/**
 * The query parameters that are kept in stored URLs. All others are removed: they may hold anything, such as addresses,
 * tokens and names.
 */
export const KEPT_PARAMETERS: readonly string[] = [
  'utm_*',
  ...Object.keys(CAMPAIGN_NAMES.clickIds),
  ...['gad_source', 'gad_campaignid'],
  ...[
    'q',
    'query',
    's',
    'k',
    'search',
    'search_query',
    'searchterm',
    'search_term',
    'keyword',
    'keywords',
    'term',
  ],
  ...['page', 'p', 'sort', 'orderby', 'view', 'limit', 'per_page', 'offset'],
  ...[
    'category',
    'cat',
    'c',
    'collection',
    'brand',
    'color',
    'colour',
    'size',
    'price',
    'filter',
    'variant',
    'sku',
  ],
  ...['product', 'product_id', 'productid', 'post_type', 'lang', 'locale', 'currency'],
]

/** Whether a parameter may be kept, by its name in lower case. A name that ends in * stands for all that begin so. */
export function keeper(names: readonly string[], except: ReadonlySet<string>): (name: string) => boolean {
  const lower = names.map(name => name.toLowerCase())
  const whole = new Set(lower.filter(name => !name.endsWith('*')))
  const beginnings = lower.filter(name => name.endsWith('*')).map(name => name.slice(0, -1))
  return name =>
    !except.has(name) && (whole.has(name) || beginnings.some(beginning => name.startsWith(beginning)))
}
