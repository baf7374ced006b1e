/** The style of the page: readable in light and dark, and on a phone. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f6f4ef; --card: #ffffff; --line: #e3ddd0; --text: #23201a; --soft: #6a6355;
  --gold: #a86d05; --gold-soft: #f5e4bd; --good: #23794d; --bad: #b3341f; --bad-soft: #fae3dd;
  --blue: #1d6c9e; --track: #ece7db; --plus: #c8860a; --minus: #4f86a8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #15140f; --card: #1f1d17; --line: #37332a; --text: #efeadd; --soft: #aaa290;
    --gold: #f2b632; --gold-soft: #463610; --good: #6cc796; --bad: #ff917c; --bad-soft: #4a211a;
    --blue: #74bfe8; --track: #343027; --plus: #f2b632; --minus: #7db4d4;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 15px/1.45 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
h1, h2, p, ol, ul, dl, dd, pre { margin: 0; padding: 0; }
ol, ul { list-style: none; }
code, pre, .mono { font-family: ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'Liberation Mono', monospace; font-size: .875em; }
.note, .aside { color: var(--soft); font-size: .8125rem; }
.empty { color: var(--soft); padding: .75rem 1.25rem 1.25rem; max-width: 46ch; }
.top, main, footer { max-width: 1240px; margin: 0 auto; padding: 0 1.25rem; }
.top { display: flex; align-items: center; gap: 1rem; padding-top: 1.1rem; padding-bottom: 1.1rem; }
h1 { display: flex; align-items: center; gap: .6rem; font-size: 1.3rem; letter-spacing: -.01em; }
.logo { width: 32px; height: 32px; display: block; }
.state { margin-left: auto; display: flex; align-items: center; gap: .45rem; font-size: .875rem; color: var(--soft); }
.state::before { content: ''; width: .6rem; height: .6rem; border-radius: 50%; background: var(--good); }
.state[data-state=paused]::before { background: var(--soft); }
.state[data-state=lost]::before { background: var(--bad); }
button {
  font: inherit; font-size: .875rem; color: var(--text); background: var(--card); border: 1px solid var(--line);
  border-radius: .5rem; padding: .3rem .75rem; cursor: pointer;
}
button:hover { border-color: var(--gold); }
:focus-visible { outline: 2px solid var(--gold); outline-offset: 2px; }
.problem { background: var(--bad-soft); color: var(--bad); border-radius: .6rem; padding: .6rem 1rem; margin-bottom: 1rem; }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1rem; margin-bottom: 1rem; }
.tile, .card { background: var(--card); border: 1px solid var(--line); border-radius: .8rem; }
.tile { padding: .9rem 1.1rem .8rem; display: grid; grid-template-columns: auto 1fr; column-gap: 1rem; align-items: end; color: var(--blue); }
.tile.good { color: var(--good); }
.tile.bad { color: var(--bad); }
.tile.scored { color: var(--gold); }
.tile h2 { grid-column: 1 / -1; font-size: .875rem; font-weight: 600; color: var(--soft); }
.tile .figure { font-size: 1.9rem; line-height: 1.2; font-weight: 650; letter-spacing: -.02em; color: var(--text); white-space: nowrap; }
.tile small { font-size: .9rem; font-weight: 400; color: var(--soft); margin-left: .1em; }
.tile .note { grid-column: 1 / -1; padding-top: .35rem; }
.spark { width: 100%; height: 38px; display: block; }
.spark polyline { fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linejoin: round; }
.spark polygon { fill: currentColor; opacity: .14; }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) 340px; gap: 1rem; align-items: start; }
.stack { display: grid; gap: 1rem; }
.card > header { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: .25rem 1rem; padding: .9rem 1.25rem .5rem; }
.card h2 { font-size: 1rem; }
.session {
  display: grid; grid-template-columns: 84px minmax(150px, 1fr) minmax(260px, 1.25fr); gap: .3rem 1.25rem;
  padding: .65rem 1.25rem; border-top: 1px solid var(--line);
}
.session.likely { box-shadow: inset 3px 0 var(--plus); }
.odds .figure { font-size: 1.25rem; font-weight: 650; line-height: 1.25; white-space: nowrap; }
.odds .none { color: var(--soft); }
.meter { width: 100%; height: 6px; display: block; margin: .25rem 0 .15rem; }
.meter .track { fill: var(--track); }
.meter .fill { fill: var(--plus); }
.meter .mark { fill: var(--text); }
.who p:first-child { display: flex; flex-wrap: wrap; gap: .3rem .4rem; align-items: center; }
.who .note { margin-top: .15rem; }
.trail { color: var(--gold); max-width: 160px; margin-top: .3rem; }
.trail .spark { height: 18px; }
.chip { font-size: .75rem; line-height: 1.4; padding: 0 .5rem; border-radius: 1rem; background: var(--track); color: var(--text); white-space: nowrap; }
.chip.live { background: none; box-shadow: inset 0 0 0 1px var(--good); color: var(--good); }
.chip.likely, .chip.won { background: var(--gold-soft); color: var(--gold); font-weight: 600; }
.reasons { display: grid; gap: .15rem; align-content: start; font-size: .8125rem; }
.reasons li { display: grid; grid-template-columns: minmax(0, 1fr) auto 84px 3.2rem; gap: .5rem; align-items: center; }
.feature { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.given { color: var(--soft); }
.amount { text-align: right; }
.signed { width: 100%; height: 10px; display: block; }
.signed .axis { fill: var(--soft); opacity: .6; }
.signed.plus .bar { fill: var(--plus); }
.signed.minus .bar { fill: var(--minus); }
.bundle .name { padding: 0 1.25rem; font-weight: 600; overflow-wrap: anywhere; }
.bundle dl { padding: .4rem 1.25rem 1rem; font-size: .875rem; }
.bundle dl div { display: flex; justify-content: space-between; gap: 1rem; padding: .2rem 0; }
.bundle dt { color: var(--soft); }
.bundle dd { text-align: right; overflow-wrap: anywhere; }
.bad:is(li) { padding: .6rem 1.25rem; border-top: 1px solid var(--line); }
.bad .reason { color: var(--bad); font-weight: 600; overflow-wrap: anywhere; }
.bad .message { font-size: .875rem; overflow-wrap: anywhere; display: -webkit-box; -webkit-line-clamp: 3; -webkit-box-orient: vertical; overflow: hidden; }
.bad .mono { font-size: .75rem; overflow-wrap: anywhere; }
.bads > .note { padding: .6rem 1.25rem .9rem; border-top: 1px solid var(--line); }
.next { padding-bottom: 1.1rem; }
.next ol { display: grid; gap: .5rem; padding: 0 1.25rem; counter-reset: step; }
.next li { display: grid; grid-template-columns: 300px minmax(0, 1fr); gap: .25rem 1rem; align-items: center; }
.next li > p { font-size: .875rem; }
.next li > p::before { counter-increment: step; content: counter(step) '. '; color: var(--gold); font-weight: 600; }
main { display: flex; flex-direction: column; gap: 1rem; }
/* Before the first score, what to do comes first. */
main:has(.sessions > .empty) .next { order: -1; }
.command { display: flex; border: 1px solid var(--line); border-radius: .5rem; overflow: hidden; background: var(--ground); }
.command code { font-size: inherit; }
.command pre { flex: 1; overflow-x: auto; padding: .5rem .75rem; min-width: 0; }
.command button { border: 0; border-left: 1px solid var(--line); border-radius: 0; background: var(--card); }
footer { padding-top: 1.25rem; padding-bottom: 2rem; font-size: .8125rem; color: var(--soft); }
a { color: var(--blue); }
@media (max-width: 1080px) {
  .columns { grid-template-columns: minmax(0, 1fr); }
}
@media (max-width: 720px) {
  .top, main, footer { padding-left: .8rem; padding-right: .8rem; }
  .tiles { grid-template-columns: repeat(2, 1fr); gap: .6rem; }
  .tile { padding: .7rem .8rem; column-gap: .6rem; }
  .tile .figure { font-size: 1.5rem; }
  .session { grid-template-columns: 72px minmax(0, 1fr); padding: .75rem .9rem; gap: .5rem .9rem; }
  .session .reasons { grid-column: 1 / -1; }
  .next li { grid-template-columns: minmax(0, 1fr); }
  .command pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  /* A phone shows the newest. */
  .session:nth-child(n + 7), .bad:is(li):nth-child(n + 5) { display: none; }
  .card > header, .next ol { padding-left: .9rem; padding-right: .9rem; }
  .bad:is(li), .bundle .name, .bundle dl, .bads > .note, .empty { padding-left: .9rem; padding-right: .9rem; }
}
`
