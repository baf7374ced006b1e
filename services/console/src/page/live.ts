import { meter, signedBar, sparkline } from './chart.ts'
import { ago, count, duration, percent, rate, signed, value } from './format.ts'
import { html, type Html } from '@sluicebox/runtime/html'
import type { BadView, Rate, SessionView, Status } from '../status.ts'

const REASONS_MAX = 3

/** The live part of the page: the script fetches and replaces it. */
export function liveSection(status: Status): Html {
  return html`${
      status.problem === null
        ? null
        : html`<p class="problem" role="status">
            Some streams can't be read: ${status.problem}. Trying again.
          </p>`
    }
    ${tiles(status)}
    <div class="columns">
      <section class="card sessions" aria-labelledby="sessions">
        <header>
          <h2 id="sessions">Sessions, as they are scored</h2>
          ${
            status.latencyMs === null
              ? null
              : html`<p class="aside"><strong>${duration(status.latencyMs)}</strong> from event to score</p>`
          }
        </header>
        ${
          status.sessions.length === 0
            ? html`<p class="empty">
                No score yet. As soon as a visitor clicks, the session appears here with its odds of reaching
                the goal, and the reasons.
              </p>`
            : html`<ol class="rows">
                ${status.sessions.map(session => sessionRow(session, status.at))}
              </ol>`
        }
      </section>
      <div class="stack">${bundleCard(status)} ${badCard(status)}</div>
    </div>`
}

function tiles({ rates }: Status): Html {
  return html`<section class="tiles" aria-label="Events per second">
    ${tile('Events in', 'in', rates.events, html`${rate(rates.requests.perSecond)} requests/s`)}
    ${tile('Good', 'good', rates.good, html`${count(rates.good.total)} since the start`)}
    ${tile('Bad', 'bad', rates.bad, html`${count(rates.bad.total)} since the start`)}
    ${tile('Scored', 'scored', rates.scored, html`${count(rates.scored.total)} since the start`)}
  </section>`
}

function tile(name: string, kind: string, { perSecond, curve }: Rate, note: Html): Html {
  return html`<div class="tile ${kind}">
    <h2>${name}</h2>
    <p class="figure">${rate(perSecond)}<small>/s</small></p>
    ${sparkline(curve)}
    <p class="note">${note}</p>
  </div>`
}

function sessionRow(session: SessionView, now: number): Html {
  const { probability, noScoreReason, threshold, decision } = session
  return html`<li class="session${decision === true ? ' likely' : ''}">
    <div class="odds">
      ${
        probability === null
          ? html`<p class="figure none">–</p>
              <p class="note">${noScoreReason ?? 'no score'}</p>`
          : html`<p class="figure">${percent(probability)}</p>
              ${meter(probability, threshold)}
              <p class="note">${session.goal.replaceAll('_', ' ')}</p>`
      }
    </div>
    <div class="who">
      <p>
        <span class="mono" title="session ${session.sessionId}">${shorten(session.sessionId)}</span>
        ${chips(session)}
      </p>
      <p class="note">${whatHappened(session)} · ${ago(session.eventTime, now)}</p>
      ${session.trail.length < 2 ? null : html`<div class="trail">${sparkline(session.trail)}</div>`}
    </div>
    ${reasonList(session)}
  </li>`
}

function whatHappened({ kind, n, eventCount, action, pageKind, simulated }: SessionView): string {
  const what =
    kind === 'final' ? `after ${eventCount} events` : `${action ?? 'event'} on ${pageKind ?? 'other'}`
  return `score ${n} · ${what}${simulated ? ' · simulated' : ''}`
}

function chips({ kind, decision, goal, goalReached, isBot, revision }: SessionView): Html {
  const goalName = goal.replaceAll('_', ' ')
  return html`${
    kind === 'final'
      ? html`<span class="chip ${goalReached === true ? 'won' : ''}"
          >${goalReached === null ? 'closed' : goalReached ? `closed: ${goalName}` : `closed: no ${goalName}`}</span
        >`
      : html`<span class="chip live">live</span>`
  }
  ${decision === true ? html` <span class="chip likely">likely</span>` : null}
  ${revision > 1 ? html` <span class="chip">revision ${revision}</span>` : null}
  ${isBot ? html` <span class="chip">bot</span>` : null}`
}

function reasonList({ reasons }: SessionView): Html {
  if (reasons.length === 0) return html`<p class="reasons note">no reasons recorded</p>`
  const shown = reasons.slice(0, REASONS_MAX)
  const most = Math.max(...shown.map(({ contribution }) => Math.abs(contribution)))
  return html`<ul class="reasons" aria-label="Reasons">
    ${shown.map(
      ({ feature, value: given, contribution }) =>
        html`<li>
          <span class="feature" title="${feature}">${feature}</span><span class="given">${value(given)}</span>
          ${signedBar(contribution, most)}
          <span class="amount">${signed(contribution)}</span>
        </li>`,
    )}
  </ul>`
}

function bundleCard({ bundle }: Status): Html {
  return html`<section class="card bundle" aria-labelledby="bundle">
    <header><h2 id="bundle">Bundle in use</h2></header>
    ${
      bundle === null
        ? html`<p class="empty">No bundle is known yet.</p>`
        : html`<p class="name">${bundle.name}</p>
            <dl>
              <div>
                <dt>Goal</dt>
                <dd>${bundle.goal.replaceAll('_', ' ')}</dd>
              </div>
              ${
                bundle.threshold === null
                  ? null
                  : html`<div>
                      <dt>Threshold</dt>
                      <dd>${percent(bundle.threshold)}</dd>
                    </div>`
              }
              ${(bundle.facts ?? []).map(
                fact =>
                  html`<div>
                    <dt>${fact.name}</dt>
                    <dd>${fact.value}</dd>
                  </div>`,
              )}
              <div>
                <dt>Id</dt>
                <dd class="mono" title="${bundle.id}">${shorten(bundle.id)}</dd>
              </div>
            </dl>`
    }
  </section>`
}

function badCard({ bad, at }: Status): Html {
  return html`<section class="card bads" aria-labelledby="bads">
    <header><h2 id="bads">Last bad events</h2></header>
    ${
      bad.length === 0
        ? html`<p class="empty">
            None. Events that can't be used appear here with the reason; nothing is discarded.
          </p>`
        : html`<ol class="rows">
              ${bad.map(each => badRow(each, at))}
            </ol>
            <p class="note">
              <code>npx sluicebox bad ls</code> lists them, <code>bad retry</code> sends them again.
            </p>`
    }
  </section>`
}

function badRow(bad: BadView, now: number): Html {
  return html`<li class="bad">
    <p><code class="reason">${bad.reason}</code> <span class="note">${ago(bad.collectedAt, now)}</span></p>
    <p class="message">${bad.message}</p>
    <p class="note mono">${bad.path} · raw ${bad.source}</p>
  </li>`
}

/** Shortens a long id to its beginning, which is enough to recognise it. */
function shorten(id: string): string {
  return id.length > 14 ? `${id.slice(0, 12)}…` : id
}
