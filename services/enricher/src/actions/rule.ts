import { z } from 'zod'
import { PAGE_KINDS } from '@sluicebox/protocol/page-kinds'
import { compilePath, compileRegex } from './patterns.ts'

const name = z.string().min(1).max(256)
const names = z.union([name, z.array(name).min(1)])
const path = z.string().refine(isGood(compilePath), { error: issue => faultOf(compilePath, issue.input) })
const regex = z.string().refine(isGood(compileRegex), { error: issue => faultOf(compileRegex, issue.input) })
const VALUE_HELP =
  'path:name (captured by :name or (?<name>)), query:name, data:name (of the event), struct:label (or property, value, category, action), entity:vendor/name:field, or a constant; of several the first that has a value.'
const value = (what: string) => names.optional().describe(`${what}: ${VALUE_HELP}`)

/** A rule: what an event must be like, and what it then is. All conditions must hold. */
export const ruleSchema = z.strictObject({
  when: z
    .strictObject({
      event: names.optional().describe('Name of the event, such as page_view or link_click.'),
      schema: name.optional().describe('Schema of the event; * * matches anything: iglu:com.acme/*.'),
      host: names.optional().describe('Host of the page, or a parent of it.'),
      path: z
        .union([path, z.array(path).min(1)])
        .optional()
        .describe(
          'Path of the page: /products/:product_id, with * within a segment, ** for any segments, (a|b).',
        ),
      pathRegex: regex.optional().describe('The same as a regular expression with named groups.'),
      query: z
        .record(name, name)
        .optional()
        .describe('Parameters of the page that must be there: name and value, or name and *.'),
      pageKind: z
        .union([z.enum(PAGE_KINDS), z.array(z.enum(PAGE_KINDS)).min(1)])
        .optional()
        .describe('Kind of the page, as far as its URL says.'),
      structCategory: names
        .optional()
        .describe('Category of a structured event; case and separators do not matter.'),
      structAction: names
        .optional()
        .describe('Action of a structured event; case and separators do not matter.'),
      target: z
        .union([path, z.array(path).min(1)])
        .optional()
        .describe('Path of the target of a link_click, as in path.'),
      data: z
        .record(name, z.union([z.string(), z.number(), z.boolean()]))
        .optional()
        .describe('Values that the data of the event must have.'),
    })
    .refine(when => Object.values(when).some(condition => condition !== undefined), {
      error: 'needs at least one condition',
    })
    .describe('Conditions, which must all hold.'),
  then: z
    .strictObject({
      action: value('The action'),
      pageKind: z.enum(PAGE_KINDS).optional().describe('Kind of the page.'),
      productId: value('Product'),
      category: value('Category'),
      price: value('Price'),
      quantity: value('Quantity'),
      currency: value('Currency'),
      revenue: value('Revenue'),
      orderId: value('Order'),
      searchTerm: value('Search term'),
    })
    .describe('What the event then is.'),
})

export type Rule = z.infer<typeof ruleSchema>

function isGood(compile: (text: string) => RegExp): (text: string) => boolean {
  return text => faultOf(compile, text) === ''
}

function faultOf(compile: (text: string) => RegExp, text: unknown): string {
  try {
    compile(String(text))
    return ''
  } catch (error) {
    return (error as Error).message
  }
}
