import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { html, trusted, type Html } from '@sluicebox/runtime/html'
import { liveSection } from './live.ts'
import type { Status } from '../status.ts'

// What runs in the browser, read once when the process starts.
const STYLE = readFileSync(join(import.meta.dirname, 'browser/page.css'), 'utf8')
const SCRIPT = readFileSync(join(import.meta.dirname, 'browser/page.js'), 'utf8')

export interface PageParts {
  readonly status: Status
  /** URL of the page, for the commands that it shows. */
  readonly url: string
  readonly refreshMs: number
  /** A random value for this response: it allows the page's own style and script, and no other. */
  readonly nonce: string
}

/** The whole page. */
export function page({ status, url, refreshMs, nonce }: PageParts): string {
  return html`<!doctype html>
    <html lang="en" data-refresh-ms="${refreshMs}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Sluicebox</title>
        <link rel="icon" href="data:image/svg+xml,${encodeURIComponent(ICON)}" />
        <style nonce="${nonce}">
          ${trusted(STYLE)}
        </style>
      </head>
      <body>
        <header class="top">
          <h1>${trusted(ICON)} Sluicebox</h1>
          <p class="state" id="state" role="status" data-state="live"><span id="state-text">Live</span></p>
          <button type="button" id="pause" aria-pressed="false" hidden>Pause</button>
        </header>
        <main>
          <div id="live">${liveSection(status)}</div>
          ${tryNext(url)}
        </main>
        <footer>
          <p>
            <a href="/api/status">status as JSON</a> · <a href="/micro/good?limit=10">good events</a> ·
            <a href="/micro/bad?limit=10">bad events</a>
          </p>
        </footer>
        <script nonce="${nonce}">
          ${trusted(SCRIPT)}
        </script>
      </body>
    </html>`.html
}

function tryNext(url: string): Html {
  return html`<section class="card next" aria-labelledby="next">
    <header><h2 id="next">Try next</h2></header>
    <ol>
      ${command('Send simulated visitors', `npx sluicebox simulate --to ${url}`)}
      ${command('Read the scores as they are made', 'npx sluicebox tail scored --follow')}
      ${command(
        'Bring a recording to train on',
        'npx sluicebox import clicks.csv.gz --map rees46 --data shop',
      )}
    </ol>
  </section>`
}

function command(why: string, text: string): Html {
  return html`<li>
    <p>${why}</p>
    <div class="command">
      <pre tabindex="0"><code>${text}</code></pre>
      <button type="button" class="copy" hidden>Copy</button>
    </div>
  </li>`
}

// A sluice from the side: the water runs down over the riffles, and a nugget stays.
const ICON = `<svg class="logo" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true"><path d="M2 9l28 12v5L2 14z" fill="#8a5a22"/><path d="M2 6l28 12v3L2 9z" fill="#5aa9d6"/><path d="M9 9.5v5M16 12.5v5M23 15.5v5" stroke="#6b4518" stroke-width="2"/><circle cx="13" cy="10" r="3.2" fill="#f2b632"/><circle cx="20.4" cy="13.6" r="2.2" fill="#f2b632"/></svg>`
