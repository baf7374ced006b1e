import {
  buildAddToCart,
  buildConsentGranted,
  buildConsentWithdrawn,
  buildFormFocusOrChange,
  buildFormSubmission,
  buildLinkClick,
  buildPageView,
  buildRemoveFromCart,
  buildScreenView,
  buildSelfDescribingEvent,
  buildSiteSearch,
  buildSocialInteraction,
  newTracker,
  type PayloadBuilder,
  type SelfDescribingJson,
} from '@snowplow/node-tracker'
import { expect, test } from 'vitest'
import { loadEventSchemas } from './events.ts'

// What the published tracker library builds passes the schemas written here from its documentation.

const schemas = loadEventSchemas([])
const ref = (name: string): string => `iglu:com.snowplowanalytics.snowplow/${name}`
const page = {
  schema: ref('web_page/jsonschema/1-0-0'),
  data: { id: '0f6b52a0-2a1f-4c55-8f1d-3f6f9a1b7c20' },
}
const field = {
  formId: 'f',
  elementId: 'e',
  nodeName: 'INPUT',
  type: 'text',
  elementClasses: ['a'],
  value: null,
}

function faults({ schema, data }: SelfDescribingJson): string[] {
  const validate = schemas.validator(schema)
  return validate === undefined
    ? [`no schema ${schema}`]
    : validate(data).map(error => `${schema}: ${error.message}`)
}

test.each<[string, { event: PayloadBuilder; context?: SelfDescribingJson[] }]>([
  ['page view', { event: buildPageView({ pageUrl: 'https://shop.test/', pageTitle: 'Shop', referrer: '' }) }],
  [
    'link click',
    {
      event: buildLinkClick({
        targetUrl: '/',
        elementId: 'a',
        elementClasses: [],
        elementTarget: '',
        elementContent: 'x',
      }),
    },
  ],
  ['screen view', { event: buildScreenView({ name: 'Cart', id: '1' }) }],
  [
    'add to cart',
    {
      event: buildAddToCart({
        sku: 'b',
        quantity: 1,
        name: 'Boots',
        category: 'shoes',
        unitPrice: 9.5,
        currency: 'EUR',
      }),
    },
  ],
  ['remove from cart', { event: buildRemoveFromCart({ sku: 'b', quantity: 1 }) }],
  ['focus', { event: buildFormFocusOrChange({ schema: 'focus_form', ...field }) }],
  ['change', { event: buildFormFocusOrChange({ schema: 'change_form', ...field }) }],
  [
    'submission',
    {
      event: buildFormSubmission({
        formId: 'f',
        formClasses: [],
        elements: [{ name: 'n', value: 'v', nodeName: 'INPUT', type: 'text' }],
      }),
    },
  ],
  [
    'search',
    { event: buildSiteSearch({ terms: ['a'], filters: { a: true }, totalResults: 3, pageResults: 3 }) },
  ],
  ['social', { event: buildSocialInteraction({ action: 'like', network: 'n', target: 't' }) }],
  [
    'consent granted',
    buildConsentGranted({
      id: 'p',
      version: '1',
      name: 'n',
      description: 'd',
      expiry: '2027-01-01T00:00:00Z',
    }),
  ],
  [
    'consent withdrawn',
    buildConsentWithdrawn({ all: true, id: 'p', version: '1', name: 'n', description: 'd' }),
  ],
  [
    'e-commerce action',
    {
      event: buildSelfDescribingEvent({
        event: {
          schema: 'iglu:com.snowplowanalytics.snowplow.ecommerce/snowplow_ecommerce_action/jsonschema/1-0-2',
          data: { type: 'add_to_cart' },
        },
      }),
    },
  ],
] as const)('the %s that the tracker builds is valid', async (_name, { event, context = [] }) => {
  const bodies: SelfDescribingJson[] = []
  const tracker = newTracker(
    { namespace: 'test', appId: 'shop', encodeBase64: false },
    {
      endpoint: 'collector.test',
      customFetch: async request => {
        bodies.push((await (request as Request).json()) as SelfDescribingJson)
        return new Response('ok')
      },
    },
  )
  tracker.track(event, [page, ...context])
  await tracker.flush()

  expect(bodies.flatMap(faults)).toEqual([])
  const [payload] = bodies[0]?.data as unknown as Record<string, string>[]
  const contexts = JSON.parse(payload?.['co'] ?? '') as SelfDescribingJson & { data: SelfDescribingJson[] }
  expect([contexts, ...contexts.data].flatMap(faults)).toEqual([])
  if (payload?.['ue_pr'] === undefined) return
  const wrapped = JSON.parse(payload['ue_pr']) as SelfDescribingJson & { data: SelfDescribingJson }
  expect([wrapped, wrapped.data].flatMap(faults)).toEqual([])
})
