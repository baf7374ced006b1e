/** A crawler that obeys this file sends no events by following links. AdsBot-Google heeds only its own name. */
export const ROBOTS = ['*', 'Googlebot', 'AdsBot-Google']
  .map(agent => `User-agent: ${agent}\nDisallow: /\n`)
  .join('\n')
