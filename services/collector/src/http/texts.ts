/** Nobody who obeys this file sends events by following links. AdsBot-Google heeds only its own name. */
export const ROBOTS = ['*', 'Googlebot', 'AdsBot-Google']
  .map(agent => `User-agent: ${agent}\nDisallow: /\n`)
  .join('\n')
