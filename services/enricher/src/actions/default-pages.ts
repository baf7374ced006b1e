import type { PageKind } from '@sluicebox/protocol/page-kinds'
import type { Rule } from './rule.ts'

// The URLs that common shop software makes, in the languages of its larger markets.

/** A choice of words. */
function any(words: string): string {
  return `(${words.trim().split(/\s+/).join('|')})`
}

const THANKS = any(`
  thank-you thank_you thankyou thanks danke vielen-dank merci gracias grazie obrigado obrigada bedankt
  dziekujemy tack takk kiitos spasibo
`)
const CHECKOUT = any(`
  checkout checkouts onestepcheckout checkout.php kasse zur-kasse caisse commande passer-commande
  finalizar-compra tramitar-pedido finalizar-pedido afrekenen kassa kassan cassa zamowienie
  checkout-process place-order oformlenie-zakaza
`)
export const CART = any(`
  cart cart.php basket shopping-cart shopping_cart shoppingcart shopping-bag shopping-basket viewcart
  view-cart warenkorb panier carrito cesta carrello carrinho winkelwagen winkelmand winkelmandje koszyk
  varukorg kundvagn indkobskurv handlekurv ostoskori korzina
`)
const ACCOUNT = any(`
  account accounts my-account myaccount customer login log-in signin sign-in signup sign-up register logout
  profile wishlist wish-list favorites favourites my-orders order-history konto mein-konto anmelden
  registrieren merkzettel wunschliste bestellungen compte mon-compte connexion inscription cuenta mi-cuenta
  iniciar-sesion mio-account il-mio-account minha-conta mijn-account moje-konto mitt-konto min-konto
`)
const CONTENT = any(`
  blog blogs news magazine magazin magazyn journal stories guide guides ratgeber article articles about
  about-us ueber-uns uber-uns a-propos sobre-nosotros chi-siamo contact contact-us kontakt contacto
  contatti faq faqs help hilfe aide ayuda support customer-service kundenservice terms privacy legal agb
  impressum imprint datenschutz mentions-legales cgv shipping versand livraison returns retouren retours
  careers jobs press presse pages policies stores store-locator filialen newsletter sustainability
  nachhaltigkeit
`)
const SEARCH = any(`
  search searchresults search-results search.php catalogsearch suche suchergebnisse recherche buscar
  busqueda ricerca cerca pesquisa busca zoeken szukaj wyszukiwanie sok soeg haku poisk
`)
const PRODUCT = any(`
  product products p pd dp pdp itm listing product-page prod item items sku detail details goods produkt
  produkte produkter produkty artikel produit produits producto productos prodotto prodotti produto
  produtos tuote tuotteet tovar urun
`)
const PRODUCTS = any(`
  products produkte produkter produits productos prodotti produtos producten
`)
const CATEGORY = any(`
  category categories c cat collection collections department departments product-category product-tag
  kategorie kategorien categorie categoria categorias kategoria kategori kategoriya brand brands marke
  marken marque marques marca marcas
`)
const LIST = any(`
  shop store catalog catalogue katalog catalogo sortiment browse list plp sale outlet deals offers specials
  angebote promotions soldes ofertas offerte new new-arrivals new-in neu neuheiten nouveautes novedades
  novita bestseller bestsellers
`)
const TERMS = `
  q query search s k keyword keywords term text searchterm search_term search_query w qs st suche suchbegriff busca
`
  .trim()
  .split(/\s+/)
  .map(name => `query:${name}`)

const page = (
  pageKind: PageKind,
  path: string | string[],
  then: Omit<Rule['then'], 'pageKind'> = {},
): Rule => ({
  when: { path },
  then: { pageKind, ...then },
})

/** By the page's URL: the narrow before the wide. */
export const PAGE_RULES: readonly Rule[] = [
  { when: { query: { s: '*', post_type: 'product' } }, then: { pageKind: 'search', searchTerm: 'query:s' } },
  { when: { path: ['/', '/shop'], query: { s: '*' } }, then: { pageKind: 'search', searchTerm: 'query:s' } },
  page('home', ['/', '/(index|home|default).(html|htm|php|aspx)', '/(home|start|startseite|accueil|inicio)']),
  { when: { pathRegex: '^/[a-z]{2}(?:[-_][a-z]{2})?/?$' }, then: { pageKind: 'home' } },

  // People are also thanked for subscribing.
  page(
    'content',
    `/**/(newsletter|contact|kontakt|contacto|subscribe|survey|feedback|download)/**/${THANKS}`,
  ),
  page('confirmation', '/**/order-received/:order_id/**', { orderId: 'path:order_id' }),
  page('confirmation', [
    '/**/(order-confirmation|order_confirmation|orderconfirmation|order-confirmed|order-complete|order-completed)/**',
    '/**/(ordercomplete|order-success|order-placed|order-received|purchase-complete|checkout-success)/**',
    '/**/(bestellbestaetigung|bestellbestätigung|bestellung-abgeschlossen|auftragsbestaetigung)/**',
    '/**/(confirmation-commande|commande-confirmee|confirmacion-pedido|pedido-confirmado|pedido-realizado)/**',
    '/**/(confirmacao-pedido|conferma-ordine|ordine-confermato|bevestiging|bestelling-geplaatst)/**',
    '/**/(potwierdzenie-zamowienia|zamowienie-zlozone|orderbekraftelse|ordrebekreftelse|tilausvahvistus)/**',
    `/**/${CHECKOUT}/**/(success|complete|completed|confirmation|confirmed|finish|finished|done|erfolg|fertig)/**`,
    '/**/(order|orders)/**/(success|complete|completed|confirmation|confirmed)',
    `/**/${THANKS}`,
  ]),
  page('cart', [`/**/${CHECKOUT}/(cart|basket|bag)`, '/**/(bag|kurv|kurven)', `/**/${CHECKOUT}/${CART}`]),
  page('checkout', `/**/${CHECKOUT}/**`),
  page('cart', `/**/${CART}/**`),
  page('search', ['/s', '/**/(search|suche)/:search_term'], { searchTerm: [...TERMS, 'path:search_term'] }),
  page('search', `/**/${SEARCH}/**`, { searchTerm: TERMS }),

  page('account', `/**/${ACCOUNT}/**`),
  page('content', [`/${CONTENT}/**`, `/**/${CONTENT}`]),
  page('product', '/**/catalog/product/view/id/:product_id/**', { productId: 'path:product_id' }),
  page('list', '/**/catalog/category/view/**'),
  page('list', `/**/${PRODUCTS}/(category|categories|all|new|sale|list|filter)/**`),
  page('product', `/**/${PRODUCT}/:product_id/**`, { productId: 'path:product_id' }),
  page('product', ['/**/*-p-:product_id.(html|htm)', '/**/*-p-:product_id'], {
    productId: 'path:product_id',
  }),
  {
    when: { pathRegex: '/(?<product_id>\\d{1,12})-[^/]+\\.html$' },
    then: { pageKind: 'product', productId: 'path:product_id' },
  },
  {
    when: { path: `/**/${PRODUCT}`, query: { id: '*' } },
    then: { pageKind: 'product', productId: 'query:id' },
  },
  page('list', `/**/${CATEGORY}/:category/**`, { category: 'path:category' }),
  page('list', [`/**/${CATEGORY}`, `/**/${PRODUCTS}`, `/**/${LIST}/**`]),
]
