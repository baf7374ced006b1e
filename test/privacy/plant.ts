// Secrets of visitors, each in one place of one request.
import { gzipSync } from 'node:zlib'
import {
  FORM_TYPE,
  JSON_TYPE,
  TP2,
  base64,
  email,
  entities,
  entity,
  envelope,
  event,
  ipv4,
  ipv6,
  own,
  planted,
  uuid,
  word,
  type Planted,
} from './requests.ts'

/** Whole addresses, and what of an identified visitor's request is never stored. */
export function plantAddresses(): Planted[] {
  const v4 = Array.from({ length: 30 }, ipv4)
  const v6 = Array.from({ length: 6 }, ipv6)
  const [a = '', b = '', c = '', d = '', e = '', f = '', g = '', h = '', i = '', j = '', k = ''] = v4
  const [l = '', m = '', n = '', o = '', p = '', q = '', r = '', s = '', t = '', u = ''] = v4.slice(11)
  const [v = '', w = '', x = '', y = '', z = ''] = v6
  const cookie = word('cookie')
  const bearer = word('bearer')
  const apiKey = word('key')
  const duid = 'identified-1'
  const good = envelope(event({ duid, url: 'https://shop.example/' }))
  const encoded = (text: string): string => text.replaceAll('.', '%2E').replaceAll(':', '%3A')
  return [
    planted(
      'headers',
      TP2,
      good,
      { 'X-Forwarded-For': a, 'X-Real-IP': b, Forwarded: v, 'True-Client-IP': c, cookie, bearer, apiKey },
      {
        'content-type': JSON_TYPE,
        'x-forwarded-for': a,
        'x-real-ip': b,
        forwarded: `for="[${v}]:4711"`,
        'true-client-ip': c,
        cookie: `login=${cookie}`,
        authorization: `Bearer ${bearer}`,
        'x-api-key': apiKey,
      },
    ),
    planted(
      'fields',
      TP2,
      envelope(
        event({ duid, ip: d }),
        event({ duid, ip: `[${w}]:443` }),
        event({ duid, ip: `${e}:80, 10.0.0.1` }),
      ),
      { ip: d, 'ip in brackets': w, 'ip with a port': e },
    ),
    planted('a query', `/i?e=pv&p=web&tv=x&duid=${duid}&ip=${encoded(f)}`, null, { ip: f }),
    planted('a query with a broken code', `/i?e=pv&p=web&tv=x&who=${g}&y=%`, null, { who: g }),
    planted(
      'a plain event',
      '/v1/events',
      JSON.stringify({ action: 'page_view', visitor_id: duid, ip: h }),
      { ip: h },
      { 'content-type': 'application/json' },
    ),
    planted(
      'a body that is cut off',
      TP2,
      envelope(event({ duid, ip: i, cx: base64({ ip: j, to: x }) })).slice(0, -3),
      { ip: i, 'entities in base64': j, 'IPv6 in base64': x },
    ),
    planted(
      'escapes that are cut off',
      TP2,
      `{"data":[{"ip":"${k.replaceAll('.', '\\u002e')}","y":"::ffff:${l}","n":"${y.replaceAll(':', '\\u003A')}"`,
      { escapes: k, 'IPv4 as IPv6': l, 'escapes of IPv6': y },
    ),
    planted(
      'a compressed body',
      TP2,
      gzipSync(`{"data":[{"ip":"${m}"`),
      { ip: m },
      { 'content-type': JSON_TYPE, 'content-encoding': 'gzip' },
    ),
    planted(
      'a form',
      TP2,
      `e=pv&ip=${encoded(n)}&y=${encoded(z)}`,
      { ip: n, IPv6: z },
      { 'content-type': FORM_TYPE },
    ),
    planted(
      'a form of the webhook',
      `/com.snowplowanalytics.iglu/v1?schema=iglu:com.acme/x/jsonschema/1-0-0`,
      `ip=${o}&x=1`,
      { ip: o },
      { 'content-type': FORM_TYPE },
    ),
    planted('an unknown path', `/acme/track?who=${p}`, `{"ip":"${q}"}`, { query: p, body: q }),
    planted('an unknown field', TP2, envelope(event({ duid, client_ip: r })), { client_ip: r }),
    planted(
      'a broken line',
      '/v1/events',
      `${JSON.stringify({ action: 'page_view', visitor_id: duid })}\n{"ip":"${s}"`,
      { ip: s },
      { 'content-type': 'application/x-ndjson' },
    ),
    planted(
      'base64 as PHP writes it',
      TP2,
      `{"data":[{"cx":"${Buffer.from(`???>>> ${t} and ${u}`).toString('base64').replaceAll('/', '\\/')}`,
      { first: t, second: u },
    ),
  ]
}

/** Everything that tells who an anonymous visitor is. */
export function plantAnonymous(): Planted[] {
  const ids = Object.fromEntries(
    ['duid', 'uid', 'nuid', 'tnuid', 'fp', 'mac', 'ad_uid', 'tr_ci'].map(name => [name, word(name)]),
  )
  const inUrl = {
    '_sp in the query': word('sp'),
    '_sp in the fragment': word('hash'),
    token: word('token'),
    'e-mail in the path': email('path'),
    'e-mail in codes': email('coded'),
    'login in the URL': word('login'),
    'referrer’s token': word('referrer'),
    'e-mail in the title': email('title'),
    'e-mail in a label': email('label'),
  }
  const url = `https://${inUrl['login in the URL']}:pw@shop.example/u/${inUrl['e-mail in the path']}/${encodeURIComponent(inUrl['e-mail in codes'])}?_sp=${inUrl['_sp in the query']}&token=${inUrl.token}#_sp=${inUrl['_sp in the fragment']}`
  const inEntities = {
    'userId of the session': word('session-user'),
    previousSessionId: uuid(),
    tabId: word('tab'),
    _ga: word('ga'),
    'e-mail of the user': email('user'),
    'id of the user': word('user-id'),
    idfa: word('idfa'),
    latitude: '52.518623417',
    'the site’s own': word('own'),
    'attribute of an element': word('attribute'),
    'address to ship to': word('street'),
  }
  const cx = entities(
    entity('com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2', {
      userId: inEntities['userId of the session'],
      sessionId: '11111111-1111-4111-8111-111111111111',
      sessionIndex: 7,
      previousSessionId: inEntities.previousSessionId,
      storageMechanism: 'COOKIE_1',
    }),
    entity('com.snowplowanalytics.snowplow/browser_context/jsonschema/2-0-0', { tabId: inEntities.tabId }),
    entity('com.google.analytics/cookies/jsonschema/1-0-0', { _ga: inEntities._ga }),
    entity('com.snowplowanalytics.snowplow.ecommerce/user/jsonschema/1-0-0', {
      id: inEntities['id of the user'],
      email: inEntities['e-mail of the user'],
    }),
    entity('com.snowplowanalytics.snowplow/mobile_context/jsonschema/1-0-3', { appleIdfa: inEntities.idfa }),
    entity('com.snowplowanalytics.snowplow/geolocation_context/jsonschema/1-1-0', {
      latitude: Number(inEntities.latitude),
    }),
    entity('com.acme/customer/jsonschema/1-0-0', { name: inEntities['the site’s own'] }),
    entity('com.snowplowanalytics.snowplow/element/jsonschema/1-0-0', {
      element_name: 'e',
      attributes: [{ value: inEntities['attribute of an element'] }],
    }),
    entity('com.snowplowanalytics.snowplow.ecommerce/checkout_step/jsonschema/1-0-0', {
      step: 1,
      shipping_full_address: inEntities['address to ship to'],
    }),
  )
  const ip = ipv4()
  const link = { 'link to mail': email('link'), '_sp in a link': word('link-sp') }
  const plain = {
    visitor_id: word('visitor'),
    user_id: word('user'),
    'e-mail in properties': email('prop'),
    customerId: word('customer'),
  }
  const sent = { cookie: word('network-id'), 'Referer header': word('referer'), typed: word('typed') }
  const bad = { 'unknown field of a bad event': word('bad') }
  const json = { 'content-type': JSON_TYPE }
  return [
    planted(
      'a tracker',
      TP2,
      envelope(
        event({
          ...ids,
          ip,
          url,
          refr: `https://x.example/?t=${inUrl['referrer’s token']}`,
          page: `Hi ${inUrl['e-mail in the title']}`,
          cx: Buffer.from(JSON.stringify(cx)).toString('base64url'),
        }),
        event({ e: 'se', se_ca: 'c', se_ac: 'a', se_la: inUrl['e-mail in a label'] }),
      ),
      { ...ids, ip, ...inUrl, ...inEntities },
      { ...json, 'sp-anonymous': '*' },
    ),
    planted(
      'clicks and forms',
      TP2,
      envelope(
        event({
          e: 'ue',
          ue_px: base64(
            own('com.snowplowanalytics.snowplow/link_click/jsonschema/1-0-1', {
              targetUrl: `mailto:${link['link to mail']}`,
            }),
          ),
        }),
        event({
          e: 'ue',
          ue_pr: JSON.stringify(
            own('com.snowplowanalytics.snowplow/link_click/jsonschema/1-0-1', {
              targetUrl: `https://x.example/?_sp=${link['_sp in a link']}`,
            }),
          ),
        }),
        event({
          e: 'ue',
          ue_px: base64(
            own('com.snowplowanalytics.snowplow/change_form/jsonschema/1-0-0', {
              formId: 'f',
              elementId: 'e',
              nodeName: 'INPUT',
              value: sent.typed,
            }),
          ),
        }),
      ),
      { ...link, typed: sent.typed },
      { ...json, dnt: '1' },
    ),
    planted(
      'a GET',
      `/i?e=pv&p=web&tv=x&duid=${sent.cookie}-get`,
      null,
      { cookie: sent.cookie, referer: sent['Referer header'] },
      {
        'sec-gpc': '1',
        cookie: `sp=${sent.cookie}`,
        referer: `https://shop.example/?t=${sent['Referer header']}`,
      },
    ),
    planted(
      'a plain event',
      '/v1/events',
      JSON.stringify({
        action: 'page_view',
        visitor_id: plain.visitor_id,
        user_id: plain.user_id,
        page: { url: '/' },
        properties: {
          note: `from ${plain['e-mail in properties']}`,
          deep: [{ customerId: plain.customerId }],
        },
      }),
      plain,
      { 'content-type': 'application/json', dnt: '1' },
    ),
    planted(
      'a bad event',
      TP2,
      envelope({ ...event({}), e: 'nonsense', idfa: bad['unknown field of a bad event'] }),
      bad,
      { ...json, dnt: '1' },
    ),
  ]
}

/** What an identified visitor's URLs and texts say besides: in raw as it was sent, in good and behind it not at all. */
export function plantIdentified(): Planted[] {
  const duid = 'identified-2'
  const paths = {
    'e-mail in the path': email('p1'),
    'in codes': email('p2'),
    'in codes of codes': email('p3'),
  }
  const url = {
    password: word('password'),
    'fragment’s token': word('access'),
    'e-mail in a kept parameter': email('kept'),
  }
  const others = {
    'referrer’s token': word('r-token'),
    'e-mail in the title': email('t'),
    'e-mail in a label': email('l'),
    'e-mail as a search term': email('term'),
  }
  const link = {
    'token of a link': word('l-token'),
    'fragment of a link': word('l-hash'),
    'e-mail of a link': email('mailto'),
    'signature of a medium': word('sig'),
    'token in properties': word('prop-token'),
  }
  const path = `/u/${paths['e-mail in the path']}/${encodeURIComponent(paths['in codes'])}/${encodeURIComponent(encodeURIComponent(paths['in codes of codes']))}`
  const click = (targetUrl: string): object =>
    event({
      e: 'ue',
      duid,
      ue_px: base64(own('com.snowplowanalytics.snowplow/link_click/jsonschema/1-0-1', { targetUrl })),
    })
  return [
    planted(
      'pages',
      TP2,
      envelope(
        event({
          duid,
          url: `https://shop.example${path}?password=${url.password}&q=${encodeURIComponent(url['e-mail in a kept parameter'])}#token=${url['fragment’s token']}`,
          refr: `https://x.example/?t=${others['referrer’s token']}`,
          page: others['e-mail in the title'],
        }),
        event({ e: 'se', duid, se_ca: 'c', se_ac: 'a', se_la: others['e-mail in a label'] }),
      ),
      {
        ...paths,
        ...url,
        'referrer’s token': others['referrer’s token'],
        title: others['e-mail in the title'],
        label: others['e-mail in a label'],
      },
    ),
    planted(
      'links',
      TP2,
      envelope(
        click(`https://x.example/?token=${link['token of a link']}#access=${link['fragment of a link']}`),
        click(`mailto:${link['e-mail of a link']}`),
        event({
          duid,
          co: JSON.stringify(
            entities(
              entity('org.whatwg/video_element/jsonschema/1-0-0', {
                videoHeight: 1,
                videoWidth: 1,
                poster: `https://m.example/v.jpg?Signature=${link['signature of a medium']}`,
              }),
            ),
          ),
        }),
      ),
      {
        link: link['token of a link'],
        hash: link['fragment of a link'],
        mailto: link['e-mail of a link'],
        poster: link['signature of a medium'],
      },
    ),
    planted(
      'a plain event',
      '/v1/events',
      JSON.stringify({
        action: 'search',
        visitor_id: duid,
        search_term: others['e-mail as a search term'],
        properties: { form: { action: `/send?token=${link['token in properties']}` } },
      }),
      { term: others['e-mail as a search term'], form: link['token in properties'] },
      { 'content-type': 'application/json' },
    ),
  ]
}
