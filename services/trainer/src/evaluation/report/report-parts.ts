import { html, type Html } from '@sluicebox/runtime/html'
import type { Estimate } from '../roc.ts'
import { figure } from '../words.ts'

/** A table; the first cell of a row names it. Too wide for the page, it scrolls. */
export function table(head: readonly string[], rows: readonly (readonly (string | Html)[])[]): Html {
  return html`<div class="panel scroll">
    <table>
      <thead>
        <tr>
          ${head.map(name => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([name, ...cells]) =>
            html`<tr>
              <th scope="row">${name}</th>
              ${cells.map(cell => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}

/** A list of terms with their texts. */
export function definitions(entries: readonly (readonly [string, string | Html])[]): Html {
  return html`<div class="panel">
    <dl>
      ${entries.map(
        ([term, text]) =>
          html`<dt>${term}</dt>
            <dd>${text}</dd>`,
      )}
    </dl>
  </div>`
}

/** A key figure with its interval and a note. */
export function tile(label: string, { value, low, high }: Estimate, note: string): Html {
  const interval = low === null || high === null ? 'no interval' : `${figure(low)} to ${figure(high)}`
  return html`<li>
    <span>${label}</span><b>${figure(value)}</b><span>${interval}</span><span>${note}</span>
  </li>`
}

/** A table cell: a value with its interval in small type. */
export function estimateCell({ value, low, high }: Estimate): Html {
  if (low === null || high === null) return html`${figure(value)}`
  return html`${figure(value)}<small>${figure(low)}–${figure(high)}</small>`
}

/** A legend of the colours; `kind` is the CSS class that sets the colour. */
export function legend(entries: readonly { kind: string; title: string; value?: string }[]): Html {
  return html`<ul class="legend">
    ${entries.map(
      ({ kind, title, value }) =>
        html`<li>
          <i class="${kind}"></i>${title}${value === undefined ? '' : html` <span>${value}</span>`}
        </li>`,
    )}
  </ul>`
}

/** A chart with its title and a caption. */
export function chartFigure(title: string, caption: string, chart: Html, key?: Html): Html {
  return html`<figure>
    <h3>${title}</h3>
    <figcaption>${caption}</figcaption>
    ${chart}${key}
  </figure>`
}
