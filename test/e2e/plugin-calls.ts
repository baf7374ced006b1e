/** The plugins of the browser tracker that are tried, by the end of the name of their package. */
export const PLUGINS = [
  ...['ad-tracking', 'browser-features', 'button-click-tracking', 'client-hints', 'consent', 'ecommerce'],
  ...[
    'element-tracking',
    'enhanced-ecommerce',
    'error-tracking',
    'form-tracking',
    'ga-cookies',
    'geolocation',
  ],
  ...['link-click-tracking', 'media', 'optimizely-x', 'performance-navigation-timing', 'performance-timing'],
  ...['privacy-sandbox', 'screen-tracking', 'site-tracking', 'snowplow-ecommerce', 'timezone'],
]

/** A page of a shop that loads the scripts. */
export const SHOP = (scripts: readonly string[]): string => `<!doctype html><title>Lamp</title>
${scripts.map(script => `<script src="/${script}"></script>`).join('\n')}
<main><h1 class="title"><b>Lamp</b></h1></main><button id="buy">Buy</button><a id="link" href="#more">More</a>
<form id="letter" onsubmit="return false"><input id="mail" name="mail"><button id="send">Send</button></form>
<div style="height: 2000px"></div>`

/** What a site calls: each plugin with its defaults, and each of its functions once. Run in the page. */
export const CALLS = (collector: string): string => `(async () => {
  document.cookie = '_ga=GA1.2.3.4'
  document.cookie = '_ga_TEST=GS1.1.5.6'
  const w = window
  const t = w.snowplowBrowserTracking
  t.newTracker('sp1', ${JSON.stringify(collector)}, {
    appId: 'plugins',
    contexts: { webPage: true, session: true, browser: true },
    plugins: [
      w.snowplowAdTracking.AdTrackingPlugin(),
      w.snowplowBrowserFeatures.BrowserFeaturesPlugin(),
      w.snowplowButtonClickTracking.ButtonClickTrackingPlugin(),
      w.snowplowClientHints.ClientHintsPlugin(true),
      w.snowplowConsent.ConsentPlugin(),
      w.snowplowElementTracking.SnowplowElementTrackingPlugin(),
      w.snowplowEnhancedEcommerce.EnhancedEcommercePlugin(),
      w.snowplowErrorTracking.ErrorTrackingPlugin(),
      w.snowplowFormTracking.FormTrackingPlugin(),
      w.snowplowGaCookies.GaCookiesPlugin({ ua: true, ga4: true }),
      w.snowplowGeolocation.GeolocationPlugin(true),
      w.snowplowLinkClickTracking.LinkClickTrackingPlugin(),
      w.snowplowMedia.SnowplowMediaPlugin(),
      w.snowplowOptimizelyX.OptimizelyXPlugin(),
      w.snowplowPerformanceNavigationTiming.PerformanceNavigationTimingPlugin(),
      w.snowplowPerformanceTiming.PerformanceTimingPlugin(),
      w.snowplowPrivacySandbox.PrivacySandboxPlugin(),
      w.snowplowScreenTracking.ScreenTrackingPlugin(),
      w.snowplowSiteTracking.SiteTrackingPlugin(),
      w.snowplowEcommerceAccelerator.SnowplowEcommercePlugin(),
      w.snowplowEcommerce.EcommercePlugin(),
      w.snowplowTimezone.TimezonePlugin(),
    ],
  })
  w.snowplowConsent.enableGdprContext({ basisForProcessing: 'consent', documentId: 'd', documentVersion: '1' })
  w.snowplowErrorTracking.enableErrorTracking()
  w.snowplowButtonClickTracking.enableButtonClickTracking()
  w.snowplowFormTracking.enableFormTracking()
  w.snowplowLinkClickTracking.enableLinkClickTracking({ pseudoClicks: false })
  w.snowplowElementTracking.startElementTracking({
    elements: [{ selector: 'main', name: 'article', component: true, expose: false }, {
      selector: 'h1', name: 'headline', expose: true, create: true, obscure: true, destroy: true,
      details: [{ selector: true }, { attributes: ['class'] }, { child_text: { bold: 'b' } }],
      contents: [{ selector: 'b', name: 'bold' }],
      includeStats: ['page_view', 'page_ping'],
    }],
  })
  t.enableActivityTracking({ minimumVisitLength: 1, heartbeatDelay: 1 })
  t.trackPageView()
  t.trackStructEvent({ category: 'c', action: 'a', label: 'l', property: 'p', value: 1.5 })

  const ads = w.snowplowAdTracking
  const ad = { impressionId: 'i', zoneId: 'z', bannerId: 'b', campaignId: 'c', advertiserId: 'a' }
  ads.trackAdImpression({ ...ad, costModel: 'cpc', cost: 1.5, targetUrl: 'https://a.example/' })
  ads.trackAdClick({ ...ad, clickId: 'k', costModel: 'cpm', cost: 1, targetUrl: 'https://a.example/' })
  ads.trackAdConversion({ conversionId: 'v', costModel: 'cpa', cost: 1, category: 'c', action: 'a', property: 'p', initialValue: 2, advertiserId: 'a', campaignId: 'c' })

  w.snowplowConsent.trackConsentGranted({ id: 'p', version: '1', name: 'n', description: 'd', expiry: '2030-01-01T00:00:00.000Z' })
  w.snowplowConsent.trackConsentWithdrawn({ all: false, id: 'p', version: '1', name: 'n', description: 'd' })

  const site = w.snowplowSiteTracking
  site.trackSocialInteraction({ action: 'like', network: 'n', target: 't' })
  site.trackSiteSearch({ terms: ['lamp', 'red'], filters: { colour: 'red', cheap: true }, totalResults: 3, pageResults: 3 })
  site.trackTiming({ category: 'load', variable: 'map', timing: 50.5, label: 'l' })

  w.snowplowErrorTracking.trackError({ message: 'no lamp', filename: 'shop.js', lineno: 1, colno: 2, error: new Error('no lamp') })
  setTimeout(() => { throw new TypeError('lost') })
  w.snowplowButtonClickTracking.trackButtonClick({ label: 'Buy', id: 'buy' })
  w.snowplowLinkClickTracking.trackLinkClick({ targetUrl: 'https://a.example/', elementId: 'e', elementClasses: ['c'], elementTarget: '_blank', elementContent: 'x' })

  const screen = w.snowplowScreenTracking
  screen.trackScreenView({ name: 'Lamps', id: '10000000-0000-4000-8000-000000000001', type: 'list' })
  screen.trackListItemView({ index: 1, itemsCount: 10 })
  screen.trackScrollChanged({ yOffset: 10, xOffset: 0, viewHeight: 300, viewWidth: 400, contentHeight: 1000, contentWidth: 400 })
  screen.trackScreenView({ name: 'Lamp', id: '10000000-0000-4000-8000-000000000002' })

  const old = w.snowplowEcommerce
  old.addTrans({ orderId: 'o-1', total: 19, affiliation: 'a', tax: 3, shipping: 1, city: 'c', state: 's', country: 'DE', currency: 'EUR' })
  old.addItem({ orderId: 'o-1', sku: 'lamp-7', name: 'Lamp', category: 'lamps', price: 9.5, quantity: 2, currency: 'EUR' })
  old.trackTrans()
  old.trackAddToCart({ sku: 'lamp-1', name: 'Lamp', category: 'lamps', unitPrice: 9.5, quantity: 1, currency: 'EUR' })
  old.trackRemoveFromCart({ sku: 'lamp-1', name: 'Lamp', category: 'lamps', unitPrice: 9.5, quantity: 1, currency: 'EUR' })

  const ga = w.snowplowEnhancedEcommerce
  for (const action of ['click', 'detail', 'add', 'remove', 'checkout', 'purchase', 'refund', 'view', 'promo_click']) {
    ga.addEnhancedEcommerceActionContext({ id: 'ga-o-1', affiliation: 'a', revenue: '19.00', tax: 3, shipping: 1, coupon: 'C', list: 'l', step: 1, option: 'o', currency: 'EUR' })
    ga.addEnhancedEcommerceProductContext({ id: 'ga-1', name: 'Lamp', list: 'l', brand: 'b', category: 'lamps', variant: 'red', price: '9.5', quantity: 2, coupon: 'C', position: 1, currency: 'EUR' })
    ga.addEnhancedEcommerceImpressionContext({ id: 'ga-2', name: 'Lamp', list: 'l', brand: 'b', category: 'lamps', variant: 'red', position: 2, price: 9.5, currency: 'EUR' })
    ga.addEnhancedEcommercePromoContext({ id: 'ga-3', name: 'Spring', creative: 'c', position: 'top', currency: 'EUR' })
    ga.trackEnhancedEcommerceAction({ action })
  }

  const shop = w.snowplowEcommerceAccelerator
  const product = { id: 'p-1', name: 'Lamp', category: 'lamps/red', price: 9.5, list_price: 12, quantity: 2, size: 'L', variant: 'red', brand: 'b', inventory_status: 'in stock', position: 1, currency: 'EUR', creative_id: 'c' }
  const cart = { total_value: 19, currency: 'EUR', cart_id: 'c-1', products: [product] }
  shop.setPageType({ type: 'product', language: 'en', locale: 'en-GB' })
  shop.setEcommerceUser({ id: 'u-1', is_guest: true, email: 'a@b.example' })
  shop.trackProductView(product)
  shop.trackProductListView({ name: 'popular', products: [product] })
  shop.trackProductListClick({ name: 'popular', product })
  shop.trackPromotionView({ id: 'pr-1', name: 'Spring', product_ids: ['p-1'], position: 1, creative_id: 'c', type: 'popup', slot: 's' })
  shop.trackPromotionClick({ id: 'pr-1', name: 'Spring' })
  shop.trackAddToCart(cart)
  shop.trackRemoveFromCart(cart)
  shop.trackCheckoutStep({ step: 1, account_type: 'guest', payment_method: 'card', delivery_method: 'standard' })
  const transaction = { transaction_id: 'o-2', revenue: 19, currency: 'EUR', payment_method: 'card', total_quantity: 2, tax: 3, shipping: 1, discount_code: 'D', discount_amount: 1, credit_order: false }
  shop.trackTransaction({ ...transaction, products: [product] })
  shop.trackRefund({ transaction_id: 'o-2', currency: 'EUR', refund_amount: 5, refund_reason: 'r', products: [product] })
  shop.trackTransactionError({ error_code: 'E', error_shortcode: 'S', error_description: 'd', error_type: 'hard', resolution: 'r', transaction })

  const media = w.snowplowMedia
  const id = 'film-1'
  media.startMediaTracking({ id, player: { duration: 60, mediaType: 'video', label: 'Film' }, boundaries: [25, 50], captureEvents: undefined })
  media.updateMediaTracking({ id, player: { currentTime: 20 } })
  media.updateMediaTracking({ id, player: { currentTime: 31 } })
  const adBreak = { breakId: 'b-1', name: 'pre', breakType: 'linear', podSize: 1 }
  const spot = { adId: 'a-1', creativeId: 'c-1', name: 'Spot', podPosition: 1, duration: 15, skippable: true }
  const more = { trackMediaPlaybackRateChange: { newRate: 1.5 }, trackMediaVolumeChange: { newVolume: 40 }, trackMediaFullscreenChange: { fullscreen: true }, trackMediaPictureInPictureChange: { pictureInPicture: true }, trackMediaQualityChange: { newQuality: '720p', bitrate: 3000, framesPerSecond: 30, automatic: true }, trackMediaError: { errorCode: '500', errorName: 'n', errorDescription: 'd' } }
  for (const name of Object.keys(media).filter(key => /^trackMedia/.test(key) && !/SelfDescribing|(AdBreak|Media)End$/.test(key)))
    media[name]({ id, adBreak, ad: spot, percentProgress: 50, ...more[name] })
  media.trackMediaAdBreakEnd({ id, adBreak })
  media.trackMediaEnd({ id, player: { currentTime: 60, ended: true } })
  media.endMediaTracking({ id })

  // The plugin for elements sees what the browser has drawn; the first page ping comes after a second.
  const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
  await pause(700)
  scrollTo(0, 700)
  await pause(700)
  document.querySelector('h1').remove()
  await pause(700)
})()`
