/** Nobody who obeys this file sends events by following links. AdsBot-Google heeds only its own name. */
export const ROBOTS = ['*', 'Googlebot', 'AdsBot-Google']
  .map(agent => `User-agent: ${agent}\nDisallow: /\n`)
  .join('\n')

/** The policy that lets Flash players of these domains send events. */
export function crossDomainPolicy(domains: readonly string[]): string {
  const allowed = domains.map(
    domain => `  <allow-access-from domain="${domain.replaceAll(/[<>&"]/g, '')}" secure="true" />`,
  )
  return ['<?xml version="1.0"?>', '<cross-domain-policy>', ...allowed, '</cross-domain-policy>', ''].join(
    '\n',
  )
}
