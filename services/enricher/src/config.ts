import { z } from 'zod'
import { ruleSchema } from './actions/rule.ts'
import { CAMPAIGN_NAMES } from './enrichments/urls/campaign.ts'
import { KEPT_PARAMETERS } from './enrichments/urls/kept-parameters.ts'
import { PSEUDONYM_FIELDS } from './enrichments/pseudonyms.ts'

const parameters = (names: readonly string[], what: string) =>
  z
    .array(z.string().min(1).max(128))
    .default([...names])
    .describe(`Parameters that hold the ${what}; the first one present wins.`)

/** What to do about a setting of earlier versions. */
function tellGone(issue: { readonly code?: string; readonly keys?: unknown }): string | undefined {
  if (issue.code !== 'unrecognized_keys' || !(issue.keys as string[]).includes('truncateIp')) return undefined
  return 'truncateIp is gone: remove it. Addresses are truncated once, before anything is written: collector.privacy.ipv4PrefixBits and ipv6PrefixBits say how many bits are kept'
}

/** The section `enricher` of the configuration. */
export const enricherConfig = z
  .strictObject(
    {
      schemaDirs: z
        .array(z.string().min(1))
        .default([])
        .describe(
          'Folders of event schemas of your own, `<vendor>/<name>/<version>.json`; they come before ours.',
        ),
      strict: z
        .boolean()
        .default(false)
        .describe(
          'Makes a whole tracker batch bad when the envelope of one event is bad, as the reference implementation does. When off, the good events of the batch continue.',
        ),
      unknownSchemas: z
        .strictObject({
          entity: z
            .enum(['keep', 'refuse'])
            .default('keep')
            .describe(
              'What happens to an entity whose schema is not known, or that does not fit its schema. `keep`: the event is good, the entity is stored as sent, nothing is read from it, and `notes` says so. `refuse`: the event is bad.',
            ),
          version: z
            .enum(['keep', 'refuse'])
            .default('keep')
            .describe(
              'What happens to a part whose schema has a higher REVISION or ADDITION than any known one. `keep`: it is checked against the newest known one, and `notes` says so. `refuse`: it is treated as a part whose schema is not known.',
            ),
          event: z
            .enum(['keep', 'refuse'])
            .default('refuse')
            .describe(
              'What happens to an event when the schema of its own data is not known. `keep`: the event is good, and `notes` says so. `refuse`: it is bad. Data that does not fit a known schema is always refused.',
            ),
        })
        .prefault({})
        .describe('What happens to parts of an event that no known schema covers.'),
      minorFields: z
        .enum(['drop', 'refuse'])
        .default('drop')
        .describe(
          'A fault in a field that neither identifies a visitor nor affects a score, such as a title of 3,000 characters, a referrer that is not a URL, or a malformed screen size. `drop`: the event is good without the value, and `notes` says so. `refuse`: the event is bad.',
        ),
      paths: z
        .record(
          z
            .string()
            .regex(
              /^[^/?#]+\/[^/?#]+$/,
              'must be two segments without a slash before or after, such as acme/events',
            ),
          z.enum(['tp2', 'iglu']),
        )
        .default({})
        .describe('Further paths, each with its protocol: `acme/events: tp2`.'),
      eventsMax: z.number().int().min(1).default(1000).describe('Events that one request may hold.'),
      entitiesMax: z.number().int().min(1).default(100).describe('Entities that one event may have.'),
      depthMax: z
        .number()
        .int()
        .min(1)
        .max(100)
        .default(32)
        .describe('How deep the data of an event or entity may be nested.'),
      goodBytesMax: z
        .number()
        .int()
        .min(1024)
        .default(1_000_000)
        .describe(
          'Size of a record in `good`; an event that needs more is bad. Keep it below the limit of the log.',
        ),
      keptParameters: z
        .array(z.string().min(1).max(128))
        .default([...KEPT_PARAMETERS])
        .describe(
          'Query parameters that URLs keep in `good`: those of the page and the referrer, the targets of links, and every other URL in the event. `utm_*` matches every name that begins with `utm_`, and `*` matches every name. All others are removed, from queries and fragments alike. Every click id of an anonymous visitor is removed too.',
        ),
      maskEmails: z
        .boolean()
        .default(true)
        .describe(
          'Writes `(email)` in place of each e-mail address in the texts of `good`: in paths, search terms, titles, properties and all other texts except the identifiers of the visitor.',
        ),
      internalHosts: z
        .array(z.string().min(1).max(255))
        .default([])
        .describe(
          'Hosts of the site itself, including all subdomains. A referrer from them is `internal`, as are sign-in and payment providers.',
        ),
      campaign: z
        .strictObject({
          medium: parameters(CAMPAIGN_NAMES.medium, 'medium'),
          source: parameters(CAMPAIGN_NAMES.source, 'source'),
          term: parameters(CAMPAIGN_NAMES.term, 'term'),
          content: parameters(CAMPAIGN_NAMES.content, 'content'),
          campaign: parameters(CAMPAIGN_NAMES.campaign, 'name of the campaign'),
          clickIds: z
            .record(z.string().min(1).max(128), z.string().min(1).max(64))
            .default({ ...CAMPAIGN_NAMES.clickIds })
            .describe(
              'Parameters that hold a click id, and the network that gives it; of several parameters the first in this list counts.',
            ),
        })
        .prefault({})
        .describe('Where the URL of a page holds its campaign: in the query, else in the fragment.'),
      geo: z
        .strictObject({
          database: z
            .string()
            .min(1)
            .optional()
            .describe(
              "Database of addresses in MaxMind's format (.mmdb), read when the enricher starts. With it, country, region and city are looked up by the truncated address. Without it, and for addresses that it does not contain, the country comes from the time zone.",
            ),
        })
        .prefault({})
        .describe('Where visitors are.'),
      currency: z
        .strictObject({
          base: z
            .string()
            .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code, such as EUR')
            .optional()
            .describe('Currency that prices and revenues are converted to.'),
          ratesFile: z
            .string()
            .min(1)
            .optional()
            .describe(
              'File of exchange rates, read when the enricher starts: CSV with the header `date,currency,rate`, where a rate says how many units of the currency one unit of the base currency is worth. With it, `price_base` and `revenue_base` are written, and features use them.',
            ),
          ageDaysMax: z
            .int()
            .min(0)
            .max(3650)
            .default(10)
            .describe(
              'How many days after its date a rate is still used. An older one counts as missing: the amount in the base currency is null, and `notes` says why.',
            ),
        })
        .refine(({ base, ratesFile }) => (base === undefined) === (ratesFile === undefined), {
          error: 'needs both `base` and `ratesFile`, or neither',
        })
        .prefault({})
        .describe('One currency for all prices.'),
      pseudonyms: z
        .strictObject({
          keyFile: z
            .string()
            .min(1)
            .optional()
            .describe(
              'File with a secret of at least 32 bytes. With it, identifiers in `good` are replaced by keyed hashes. The key of the records, the visitor, stays.',
            ),
          fields: z
            .array(z.enum(PSEUDONYM_FIELDS))
            .default(['user_id', 'domain_user_id', 'network_user_id'])
            .describe('Identifiers to replace.'),
        })
        .prefault({})
        .describe('Pseudonyms of visitors.'),
      rules: z
        .array(ruleSchema)
        .default([])
        .describe(
          'Rules that decide what an event is and of which kind a page is, as `when: {…}, then: {…}`; the first that matches decides. Tried before the rules that ship.',
        ),
      defaultRules: z
        .boolean()
        .default(true)
        .describe('Whether the rules that ship are tried after your own.'),
      rememberedMax: z
        .number()
        .int()
        .min(2)
        .default(10_000)
        .describe(
          'How many URLs and user agents are remembered with the result of parsing them. Affects only the speed.',
        ),
      batchRecordsMax: z.number().int().min(1).default(500).describe('Records of `raw` read at a time.'),
      batchBytesMax: z
        .number()
        .int()
        .min(1024)
        .default(4 * 1024 * 1024)
        .describe('Bytes of `raw` read at a time.'),
    },
    { error: tellGone },
  )
  .prefault({})

export type EnricherConfig = z.output<typeof enricherConfig>
