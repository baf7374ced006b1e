import type { Page } from '../enrichments/urls/page.ts'
import { decode } from '../enrichments/urls/parameters.ts'
import { asciiHost, splitUrl } from '../enrichments/urls/url.ts'
import { ACTION_NAME, type SentEvent } from '@sluicebox/protocol/sent-event'
import { compileGlob, compilePath, compileRegex, MATCHED_LENGTH_MAX, normalName } from './patterns.ts'
import type { PageKind } from '@sluicebox/protocol/page-kinds'
import type { Rule } from './rule.ts'

/** The outcome of the rule that matched. Null in each field that the rule does not set. */
export interface Match {
  readonly action: string | null
  readonly pageKind: PageKind | null
  readonly productId: string | null
  readonly category: string | null
  readonly price: number | null
  readonly quantity: number | null
  readonly currency: string | null
  readonly revenue: number | null
  readonly orderId: string | null
  readonly searchTerm: string | null
}

/** The parts of an event that rules read. */
export interface Facts {
  readonly event: SentEvent
  /** Name and schema of the event. */
  readonly name: string
  readonly schema: string | null
  readonly page: Page
  readonly pageKind: PageKind
}

export interface Rules {
  /**
   * Returns the outcome of the first matching rule about pages only. It depends on the page alone, so callers remember
   * it with the page.
   */
  matchPage(page: Page): Match | undefined
  /** Returns the outcome of the first matching rule about events. */
  matchEvent(facts: Facts): Match | undefined
}

/** Compiles rules, which are tried in their order: the first that matches decides. */
export function compileRules(rules: readonly Rule[]): Rules {
  const pageRules = rules.filter(rule => !speaksOfEvents(rule)).map(compileRule)
  const eventRules = rules.filter(speaksOfEvents).map(compileRule)
  // The rules that can match each event name. Most events have one of a few names, so the other rules cost nothing.
  const named = new Set(eventRules.flatMap(rule => rule.events ?? []))
  const byName = new Map(
    [...named].map(name => [name, eventRules.filter(rule => rule.events?.includes(name) ?? true)] as const),
  )
  const unnamed = eventRules.filter(rule => rule.events === undefined)

  return {
    matchPage(page) {
      const routes = routesOf(page)
      for (const rule of pageRules) {
        const groups = matchesPage(rule, page, routes)
        if (groups !== undefined) return readMatch(rule, groups, page, undefined)
      }
      return undefined
    },
    matchEvent(facts) {
      for (const rule of byName.get(facts.name) ?? unnamed) {
        if (!matchesEvent(rule, facts)) continue
        const groups = matchesPage(rule, facts.page, rule.needsPage ? routesOf(facts.page) : NO_ROUTES)
        if (groups !== undefined) return readMatch(rule, groups, facts.page, facts.event)
      }
      return undefined
    },
  }
}

type Groups = Readonly<Record<string, string>>
/** Reads a value from the page and the event, which is undefined in rules about pages only. */
type Source = (groups: Groups, page: Page, event: SentEvent | undefined) => unknown

interface CompiledRule {
  readonly events: readonly string[] | undefined
  readonly schema: RegExp | undefined
  readonly hosts: readonly string[] | undefined
  readonly paths: readonly RegExp[] | undefined
  readonly query: readonly (readonly [string, string])[]
  readonly pageKinds: readonly PageKind[] | undefined
  readonly structCategories: ReadonlySet<string> | undefined
  readonly structActions: ReadonlySet<string> | undefined
  readonly targets: readonly RegExp[] | undefined
  readonly data: readonly (readonly [string, unknown])[]
  readonly needsPage: boolean
  readonly pageKind: PageKind | null
  readonly sources: Readonly<Record<Exclude<keyof Match, 'pageKind'>, readonly Source[]>>
}

const NO_GROUPS: Groups = {}
const NO_ROUTES: readonly string[] = []
const EVENT_CONDITIONS = [
  'event',
  'schema',
  'pageKind',
  'structCategory',
  'structAction',
  'target',
  'data',
] as const
const EVENT_SOURCE = /^(?:data|struct|entity):/

function speaksOfEvents({ when, then }: Rule): boolean {
  return (
    EVENT_CONDITIONS.some(condition => when[condition] !== undefined) ||
    Object.values(then).some(value => list(value)?.some(source => EVENT_SOURCE.test(source)) ?? false)
  )
}

function compileRule({ when, then }: Rule): CompiledRule {
  const paths = [
    ...(list(when.path) ?? []).map(compilePath),
    ...(list(when.pathRegex) ?? []).map(compileRegex),
  ]
  const sources = (value: string | readonly string[] | undefined): readonly Source[] =>
    (list(value) ?? []).map(compileSource)
  return {
    events: list(when.event),
    schema: when.schema === undefined ? undefined : compileGlob(when.schema),
    hosts: list(when.host)?.map(asciiHost),
    paths: paths.length === 0 ? undefined : paths,
    query: Object.entries(when.query ?? {}).map(([key, value]) => [key.toLowerCase(), value]),
    pageKinds: list(when.pageKind),
    structCategories: nameSet(when.structCategory),
    structActions: nameSet(when.structAction),
    targets: list(when.target)?.map(compilePath),
    data: Object.entries(when.data ?? {}),
    needsPage: paths.length > 0,
    pageKind: then.pageKind ?? null,
    sources: {
      action: sources(then.action),
      productId: sources(then.productId),
      category: sources(then.category),
      price: sources(then.price),
      quantity: sources(then.quantity),
      currency: sources(then.currency),
      revenue: sources(then.revenue),
      orderId: sources(then.orderId),
      searchTerm: sources(then.searchTerm),
    },
  }
}

function compileSource(source: string): Source {
  const [kind = '', name = '', field = ''] = source.split(':')
  switch (kind) {
    case 'path':
      return groups => groups[name]
    case 'query':
      return (_groups, page) => page.parameters.get(name.toLowerCase())
    case 'data':
      return (_groups, _page, event) => memberOf(event?.event?.data, name)
    case 'struct':
      return (_groups, _page, event) => (event === undefined ? undefined : structPart(event, name))
    case 'entity': {
      const prefix = `iglu:${name}/`
      return (_groups, _page, event) =>
        memberOf(event?.entities.find(entity => entity.schema.startsWith(prefix))?.data, field)
    }
    default:
      return () => source
  }
}

function structPart(event: SentEvent, part: string): unknown {
  switch (part) {
    case 'category':
      return event.structCategory
    case 'action':
      return event.structAction
    case 'label':
      return event.structLabel
    case 'property':
      return event.structProperty
    case 'value':
      return event.structValue
    default:
      return undefined
  }
}

function matchesEvent(rule: CompiledRule, { event, schema, pageKind }: Facts): boolean {
  if (rule.pageKinds?.includes(pageKind) === false) return false
  if (rule.schema !== undefined && (schema === null || !rule.schema.test(schema))) return false
  if (rule.structCategories?.has(normalName(event.structCategory ?? '')) === false) return false
  if (rule.structActions?.has(normalName(event.structAction ?? '')) === false) return false
  if (rule.data.some(([key, value]) => memberOf(event.event?.data, key) !== value)) return false
  return rule.targets === undefined || matchesTarget(rule.targets, memberOf(event.event?.data, 'targetUrl'))
}

function matchesTarget(targets: readonly RegExp[], target: unknown): boolean {
  const url = typeof target === 'string' ? splitUrl(target) : undefined
  if (url === undefined) return false
  const path = decode(url.path).slice(0, MATCHED_LENGTH_MAX)
  return targets.some(pattern => pattern.test(path))
}

/** The named groups when the page matches; undefined when it does not. */
function matchesPage(rule: CompiledRule, page: Page, routes: readonly string[]): Groups | undefined {
  if (rule.hosts !== undefined && !rule.hosts.some(host => isUnder(page.host, host))) return undefined
  for (const [key, value] of rule.query) {
    const given = page.parameters.get(key)
    if (given === undefined || (value !== '*' && given !== value)) return undefined
  }
  if (rule.paths === undefined) return NO_GROUPS
  for (const route of routes)
    for (const pattern of rule.paths) {
      const match = pattern.exec(route)
      if (match !== null) return match.groups ?? NO_GROUPS
    }
  return undefined
}

const LANGUAGE = /^\/[a-z]{2}(?:[-_][a-z]{2})?(?=\/[^/])/i
// A single-page application keeps its path behind the hash.
const HASH_ROUTE = /^!?(\/[^?]*)/

/** Returns the paths that patterns are tried on: the page's path, and the same without a language at its beginning. */
function routesOf(page: Page): readonly string[] {
  const path = HASH_ROUTE.exec(page.fragment ?? '')?.[1] ?? page.path
  if (path === null) return NO_ROUTES
  const route = decode(path).slice(0, MATCHED_LENGTH_MAX)
  const rest = route.replace(LANGUAGE, '')
  return rest === route ? [route] : [route, rest]
}

function readMatch(rule: CompiledRule, groups: Groups, page: Page, event: SentEvent | undefined): Match {
  const text = (sources: readonly Source[], lengthMax = 255): string | null => {
    for (const source of sources) {
      const found = textOf(source(groups, page, event))
      // Longer values are not ids or names. The event still holds what was sent.
      if (found !== '' && found.length <= lengthMax) return found
    }
    return null
  }
  const number = (sources: readonly Source[]): number | null => {
    const found = text(sources)
    const value = found === null ? NaN : Number(found)
    return Number.isFinite(value) ? value : null
  }
  const { sources } = rule
  const action = text(sources.action)
  return {
    action: action !== null && ACTION_NAME.test(action) ? action : null,
    pageKind: rule.pageKind,
    productId: text(sources.productId),
    category: text(sources.category),
    price: number(sources.price),
    quantity: number(sources.quantity),
    currency: text(sources.currency, 3),
    revenue: number(sources.revenue),
    orderId: text(sources.orderId),
    searchTerm: text(sources.searchTerm),
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value.trim()
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value)) return value.filter(item => typeof item === 'string').join(' ')
  return ''
}

function memberOf(data: unknown, key: string): unknown {
  return typeof data === 'object' && data !== null && Object.hasOwn(data, key)
    ? (data as Readonly<Record<string, unknown>>)[key]
    : undefined
}

function isUnder(host: string | null, parent: string): boolean {
  return host !== null && (host === parent || host.endsWith(`.${parent}`))
}

function nameSet(names: string | readonly string[] | undefined): ReadonlySet<string> | undefined {
  return names === undefined ? undefined : new Set(list(names)?.map(normalName))
}

function list<T extends string>(value: T | readonly T[] | undefined): readonly T[] | undefined {
  return value === undefined || typeof value === 'object' ? value : [value]
}
